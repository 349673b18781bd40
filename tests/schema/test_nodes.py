"""`nodes(nodeIds)` reads the rows of each table with one statement, on both executions."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from dynamic_databases.active import use_database
from dynamic_databases.catalog.capabilities import JsonWay
from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.execution.cursors import Cursors
from schema.execution.runner import Runner
from schema.operations import OperationCache
from tests.fixtures.databases import execute
from tests.fixtures.schemas import LIMITS
from tests.fixtures.vendors import MARIADB, SQLITE, present

URL = "/t/music/graphql"
IDS = "{ artist { nodeId } playlistTrack { nodeId } track(limit: 2) { nodeId } }"
QUERY = """query ($ids: [ID!]!) { nodes(nodeIds: $ids) { __typename nodeId
  ... on Artist { name albums { title } albumsConnection(first: 1) { totalCount } }
  ... on PlaylistTrack { note track { name } } } }"""
EXPECTED = {
    "Ada": {"albums": [{"title": "First"}, {"title": "Second"}], "total": 2},
    "Björk": {"albums": [{"title": "Homogenic"}], "total": 1},
    "Coltrane": {"albums": [{"title": "Blue %s Train"}], "total": 1},
}


def id_like(node_id: str, *keys: object, table: str = "") -> str:
    """Return the id of another row, of the same table unless one is named."""
    scope, own, *_ = base64.b64decode(node_id).decode().split(":")
    return base64.b64encode(":".join([scope, table or own, *map(str, keys)]).encode()).decode()


def nodes_of(database, ids: list[str], query: str = QUERY, **capabilities) -> list[object]:
    """Return what `nodes` answers on a server with other capabilities than it has."""
    registry = process_registry()
    entry = registry.entry(database.label)
    entry = replace(entry, capabilities=replace(entry.capabilities, **capabilities))
    built = build_schema(entry, FULL_ACCESS, {}, LIMITS)
    operation = OperationCache(built, LIMITS, 1).compile(query, None)
    variables = operation.variables({"ids": ids})
    prepared = operation.prepare(variables)
    models = lambda: registry.models(database.label)  # noqa: E731 - the runner's parameter
    runner = Runner(database.label, models, LIMITS, Cursors(["x"]))
    with use_database(database.label), registry.connections.lease(database.label) as wrapper:
        found = runner.run(wrapper, operation, prepared, variables)
    return json.loads(found.fragments[0][1])


@pytest.fixture
def ids(music) -> list[str]:
    """The ids of all artists and playlist tracks and of two tracks."""
    found = music.query(URL, IDS).data
    return [row["nodeId"] for rows in found.values() for row in rows]


@pytest.mark.parametrize("way", [JsonWay.EXACT, JsonWay.ORM])
def test_rows_come_in_the_order_of_their_ids(music, ids, way) -> None:
    missing, composite = id_like(ids[0], 99), id_like(ids[3], 9, 9)
    no_key, no_table = id_like(ids[0], "x"), id_like(ids[0], 1, table="Nothing")
    wanted = [*reversed(ids), missing, ids[0], composite, no_key, no_table, ids[0]]

    found = nodes_of(music.database, wanted, json=way)

    assert [row and row["nodeId"] for row in found] == [
        *reversed(ids),
        None,
        ids[0],
        None,
        None,
        None,
        ids[0],
    ]
    artists = {row["name"]: row for row in found if row and row["__typename"] == "Artist"}
    assert {
        name: {"albums": row["albums"], "total": row["albumsConnection"]["totalCount"]}
        for name, row in artists.items()
    } == EXPECTED
    notes = [row["note"] for row in found if row and row["__typename"] == "PlaylistTrack"]
    assert sorted(notes, key=str) == [None, "x", "y"]


def test_each_table_is_read_by_one_statement(music, ids, sent) -> None:
    with sent() as statements:
        found = music.query(URL, QUERY, {"ids": [*ids, *ids]}).data["nodes"]

    assert all(found)
    assert len(statements.answers) == 3


def test_many_composite_keys_are_read_in_few_statements(music, ids, sent) -> None:
    rows = ", ".join(f"({10 + n}, {n}, 1, NULL)" for n in range(100))
    execute(music.database.url, f"INSERT INTO playlist_track VALUES {rows}")
    wanted = [id_like(ids[3], 10 + n, n) for n in range(100)]
    query = """query ($ids: [ID!]!) { nodes(nodeIds: $ids) {
        ... on PlaylistTrack { playlist position } } }"""

    with sent() as statements:
        found = music.query(URL, query, {"ids": wanted}).data["nodes"]

    assert found == [{"playlist": 10 + n, "position": n} for n in range(100)]
    assert len(statements.answers) == 2


COLLATED = {
    SQLITE: "CREATE TABLE word (id TEXT COLLATE NOCASE PRIMARY KEY, n INT)",
    MARIADB: "CREATE TABLE word (id VARCHAR(9) PRIMARY KEY, n INT)",
}


@pytest.mark.parametrize("way", [JsonWay.EXACT, JsonWay.ORM])
@pytest.mark.parametrize("server", COLLATED, ids=lambda server: server.name)
def test_an_id_finds_its_row_in_another_spelling(served, door, server, way) -> None:
    """A column without case takes a row's former key for its present one."""
    ask = served(present(server), COLLATED[server])
    ask("""mutation { insertWord(objects: [{id: "a", n: 1}, {id: "b", n: 2}]) {
        affectedRows } }""").data  # noqa: B018
    first, second = (row["nodeId"] for row in ask("{ word { nodeId } }").data["word"])
    wanted = [id_like(first, "A"), second, id_like(first, "x")]
    query = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { ... on Word { id n } } }"

    found = nodes_of(door.database, wanted, query, json=way)

    assert found == [{"id": "a", "n": 1}, {"id": "b", "n": 2}, None]
