"""A router of the project that is listed before ours is heard, once per operation."""

from __future__ import annotations

from typing import Any

import pytest

from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models import Database
from schema.mounting import schema_of
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE, on_servers
from tests.fixtures.waiting import wait_for

OURS = "dynamic_databases.router.DynamicDatabasesRouter"
ARTISTS = "{ artist(orderBy: {artistId: ASC}) { name albums { title } } }"
INSERT = 'mutation { insertArtistOne(object: {name: "Eno"}) { name } }'


class CopyRouter:
    """Sends the reads of artists to `target`, and all writes there with `takes_writes`."""

    target: str | None = None
    takes_writes = False
    asked: list[tuple[str, str]]

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        if not issubclass(model, DynamicSchemaModel):
            return None
        self.asked.append((model.table_name, model.database_alias))
        return self.target if model.table_name.endswith("artist") else None

    def db_for_write(self, model: Any, **_hints: Any) -> str | None:
        is_ours = issubclass(model, DynamicSchemaModel)
        return self.target if is_ours and self.takes_writes else None


@pytest.fixture
def copy(settings, music, vendor, new_database) -> Database:
    """A copy of the tenant's database, whose first artist has another name."""
    found = new_database(vendor, library_sql(vendor))
    execute(found.url, "UPDATE artist SET name = 'Copy' WHERE artist_id = 1")
    CopyRouter.target, CopyRouter.takes_writes, CopyRouter.asked = found.label, False, []
    settings.DATABASE_ROUTERS = [f"{__name__}.CopyRouter", OURS]
    return found


def first_artist(music) -> str:
    return music.query("/t/music/graphql", ARTISTS).data["artist"][0]["name"]


def test_reads_go_where_the_router_says(music, copy) -> None:
    assert [first_artist(music) for _ in range(3)] == ["Copy"] * 3

    alias = music.database.label
    assert len(CopyRouter.asked) == 3  # not for each row, nor for what is nested
    assert {home for _, home in CopyRouter.asked} == {alias}


def test_writes_stay_where_no_router_answers(music, copy) -> None:
    music.query("/t/music/graphql", INSERT)

    eno = "SELECT count(*) FROM artist WHERE name = 'Eno'"
    assert [execute(one.url, eno) for one in (music.database, copy)] == [[(1,)], [(0,)]]


def test_writes_go_where_the_router_says(music, copy) -> None:
    CopyRouter.takes_writes = True

    music.query("/t/music/graphql", INSERT)

    eno = "SELECT count(*) FROM artist WHERE name = 'Eno'"
    assert [execute(one.url, eno) for one in (music.database, copy)] == [[(0,)], [(1,)]]


def test_a_document_of_tables_with_different_answers_is_the_databases(music, copy) -> None:
    answer = music.query("/t/music/graphql", f"{{ genre {{ name }} {ARTISTS[1:]}")

    assert answer.data["artist"][0]["name"] == "Ada"


def test_a_router_after_ours_is_not_heard(music, copy, settings) -> None:
    settings.DATABASE_ROUTERS = [OURS, f"{__name__}.CopyRouter"]

    assert first_artist(music) == "Ada"
    assert CopyRouter.asked == []


def test_ids_are_the_databases_own(music, copy) -> None:
    """The global id of a row is the same, whichever copy it was read from."""
    query = "{ artist(limit: 1, orderBy: {artistId: ASC}) { id name } }"
    on_copy = music.query("/t/music/graphql", query).data["artist"][0]
    CopyRouter.target = None

    assert music.query("/t/music/graphql", query).data["artist"][0]["id"] == on_copy["id"]


def test_python_code_is_routed_as_well(music, copy) -> None:
    result = schema_of("music").execute(ARTISTS)

    assert result.data["artist"][0]["name"] == "Copy"
    assert len(CopyRouter.asked) == 1


@on_servers
def test_a_copy_without_the_callers_session_is_the_projects_fault(
    music, copy, settings, registry, caplog
) -> None:
    """Its policies would let other rows through."""
    settings.GATEWAY_SESSION_TO_DATABASE = (music.database.name,)
    registry.forget(music.database.label)

    answer = music.query("/t/music/graphql", ARTISTS)

    assert (answer.status, answer.code) == (500, "INTERNAL_SERVER_ERROR")
    assert "only one of them is given its callers' session variables" in caplog.text


def test_a_database_of_another_engine_is_the_projects_fault(
    music, copy, vendor, new_database, caplog
) -> None:
    other = POSTGRESQL if vendor is SQLITE else SQLITE
    CopyRouter.target = new_database(other, library_sql(other)).label

    answer = music.query("/t/music/graphql", ARTISTS)

    assert (answer.status, answer.code) == (500, "INTERNAL_SERVER_ERROR")
    assert "A router sends what is of" in caplog.text


def test_a_column_that_comes_is_found(music, copy) -> None:
    """A document that names it fails until the catalog is read again, after such requests."""
    for one in (music.database, copy):
        execute(one.url, "ALTER TABLE artist ADD COLUMN born INTEGER")
    query = "{ artist(limit: 1) { born } }"

    wait_for(lambda: "errors" not in music.query("/t/music/graphql", query).json)
