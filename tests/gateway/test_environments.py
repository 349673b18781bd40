"""The environment never changes by itself: no other one answers for one out of service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from dynamic_databases.models import Database
from gateway.background.warmup import Warmed, warm
from tenants.authentication.tokens import issue_token
from tenants.models import Environment
from tenants.process import process_directory
from tests.fixtures.vendors import SQLITE

QUERY = "{ note { body } }"
WRITE = 'mutation { insertNoteOne(object: {body: "new"}) { body } }'
SQL = (
    "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO note (body) VALUES ('{}');"
)


@pytest.fixture
def acme(door, new_database, tenant_of):
    """Tenant `acme` with a production and a development database of its own."""
    databases = {
        name: new_database(SQLITE, SQL.format(name)) for name in ("development", "production")
    }
    door.tenant, door.token = tenant_of("acme", **databases)
    door.databases = databases
    return door


def take_away(acme, how: str) -> None:
    database: Database = acme.databases["production"]
    if how == "disabled":
        database.unregister()
    elif how == "removed":
        database.delete()
    else:
        acme.tenant.attachments.get(environment__name="production").delete()


@pytest.mark.parametrize("how", ["disabled", "removed", "detached"])
@pytest.mark.parametrize("path", ["/t/acme/graphql", "/t/acme/production/graphql", "/graphql"])
def test_production_out_of_service_is_answered_by_nothing_else(acme, path, how) -> None:
    assert acme.query(path, QUERY).data == {"note": [{"body": "production"}]}
    take_away(acme, how)

    for document in (QUERY, WRITE):
        refused = acme.query(path, document)
        assert (refused.status, refused.code) == (503, "TENANT_UNAVAILABLE")
        assert refused.headers["x-tenant"] == "acme"
        assert refused.headers["x-environment"] == "production"
    served = acme.query("/t/acme/development/graphql", QUERY)
    assert served.data == {"note": [{"body": "development"}]}
    assert served.headers["x-environment"] == "development"


@pytest.mark.parametrize("how", ["disabled", "removed", "detached"])
def test_a_schema_document_is_of_no_other_environment(acme, how) -> None:
    found = acme.request("GET", "/t/acme/schema.graphql")
    assert (found.headers["x-tenant"], found.headers["x-environment"]) == ("acme", "production")
    take_away(acme, how)
    assert acme.request("GET", "/t/acme/schema.graphql").code == "TENANT_UNAVAILABLE"


def test_the_stored_default_counts_where_nothing_is_named(acme) -> None:
    acme.tenant.default_environment = Environment.objects.get(name="development")
    acme.tenant.save()

    answer = acme.query("/t/acme/graphql", QUERY)
    assert answer.data == {"note": [{"body": "development"}]}
    assert answer.headers["x-environment"] == "development"
    acme.databases["development"].unregister()
    assert acme.query("/t/acme/graphql", QUERY).code == "TENANT_UNAVAILABLE"
    named = acme.query("/t/acme/production/graphql", QUERY)
    assert named.data == {"note": [{"body": "production"}]}


def test_a_tenant_that_never_had_its_default_is_unavailable(door, new_database, tenant_of) -> None:
    database = new_database(SQLITE, SQL.format("testing"))
    _, door.token = tenant_of("late", testing=database)

    assert door.query("/t/late/graphql", QUERY).code == "TENANT_UNAVAILABLE"
    assert door.query("/t/late/testing/graphql", QUERY).data
    assert door.query("/t/late/nowhere/graphql", QUERY).code == "TENANT_NOT_FOUND"


def test_a_token_of_one_environment_learns_nothing_of_another(acme) -> None:
    acme.token = issue_token(
        acme.tenant, "admin", Environment.objects.get(name="development"), None
    )
    take_away(acme, "disabled")

    refused = acme.query("/t/acme/production/graphql", QUERY)
    assert (refused.status, refused.code) == (404, "TENANT_NOT_FOUND")
    assert "x-environment" not in refused.headers
    assert acme.query("/graphql", QUERY).headers["x-environment"] == "development"


def test_strangers_meet_one_answer(acme, tenant_of) -> None:
    _, acme.token = tenant_of("other")
    take_away(acme, "disabled")
    paths = ("/t/acme/graphql", "/t/acme/production/graphql", "/t/nobody/graphql")

    answers = [acme.query(path, QUERY) for path in paths]
    assert {(one.status, one.code, one.error["message"]) for one in answers} == {
        (404, "TENANT_NOT_FOUND", "There is no such tenant or environment, or it isn't yours.")
    }
    assert not any("x-tenant" in one.headers for one in answers)


def test_pages_of_other_sites_may_read_what_answered(music_with) -> None:
    door = music_with(cors_origins=("https://app.example",))
    answer = door.query("/t/music/graphql", "{ __typename }", origin="https://app.example")

    exposed = answer.headers["access-control-expose-headers"]
    assert {"x-tenant", "x-environment"} <= set(exposed.split(", "))


def test_targets_name_the_default(acme) -> None:
    listed = acme.request("GET", "/graphiql/targets").json
    assert listed == [
        {"tenant": "acme", "environments": ["development", "production"], "default": "production"}
    ]


def test_targets_leave_out_a_tenant_out_of_service(acme) -> None:
    for database in acme.databases.values():
        database.unregister()
    assert acme.request("GET", "/graphiql/targets").json == []


def warmed(names: list[str], build: Callable[[str], object]) -> list[Warmed]:
    """Return what came of building the schemas of some tenants, by a build that is done at once."""
    snapshot = process_directory().current()

    async def build_at_once(alias: str) -> None:
        build(alias)

    async def collect() -> list[Warmed]:
        return [one async for one in warm(snapshot, names, build_at_once)]

    return asyncio.run(collect())


def test_a_build_that_fails_keeps_no_other_from_being_built(acme, caplog) -> None:
    built: list[str] = []

    def build(alias: str) -> None:
        built.append(alias)
        if len(built) == 1:
            raise KeyError(alias)

    found = warmed(["acme"], build)
    assert [bool(one.error) for one in found] == [True, False]
    assert len(built) == 2 and "KeyError" in caplog.text


def test_warming_names_a_default_environment_out_of_service(acme, caplog) -> None:
    take_away(acme, "disabled")
    built: list[str] = []

    with caplog.at_level("WARNING", logger="gateway.background.warmup"):
        found = warmed(["acme", "nosuch"], built.append)
    assert [(one.environment, bool(one.error)) for one in found] == [
        ("development", False),
        ("production", True),
    ]
    assert len(built) == 1
    events = [record.event for record in caplog.records]
    assert [event["tenant"] for event in events] == ["acme", "nosuch"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/graphql", {"x-environment": ""}),
        ("/graphql", {"x-tenant": ""}),
        ("/t/acme/development/graphql", {"x-environment": ""}),
        ("/graphql?env=", {}),
        ("/graphql?env=development&env=production", {}),
        ("/t/acme/schema.graphql?env=", {}),
    ],
)
def test_a_name_that_is_empty_or_given_twice_is_no_default(acme, path, headers) -> None:
    """It came from a variable that isn't set: nobody meant production."""
    if "schema" in path:
        refused = acme.request("GET", path, b"", headers)
    else:
        refused = acme.query(path, WRITE, **headers)

    assert (refused.status, refused.code) == (400, "BAD_USER_INPUT")
    assert "empty" in refused.error["message"] or "more than once" in refused.error["message"]


def test_no_answer_is_stored_on_the_way(acme) -> None:
    """Two tenants have one address where a header or a token tells them apart."""
    for path in ("/graphql", "/t/acme/graphql", "/t/nobody/graphql"):
        assert acme.query(path, QUERY).headers["cache-control"] == "no-store"
    got = acme.request("GET", "/graphql?query=%7Bnote%7Bbody%7D%7D")
    assert got.headers["cache-control"] == "no-store"
    assert acme.request("GET", "/readyz").headers["cache-control"] == "no-store"
    document = acme.request("GET", "/t/acme/schema.graphql")
    assert document.headers["cache-control"] == "private, no-cache"
