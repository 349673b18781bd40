"""`albumsConnection` on a row: the children page by page, on both executions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.databases import library_sql
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor
from tests.schema.test_two_ways import ROOTS, TO_MANY, conditions, orders

URL = "/t/music/graphql"
INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
PAGE = f"""query ($after: String, $before: String, $first: Int, $last: Int) {{
  artist {{ name albumsConnection(first: $first, after: $after, last: $last, before: $before,
    orderBy: [{{title: ASC}}]) {{ totalCount edges {{ cursor node {{ title }} }} {INFO} }} }} }}"""


def titles(page: dict) -> list[str]:
    return [edge["node"]["title"] for edge in page["edges"]]


def test_each_parent_has_its_page_by_one_statement(music, sent) -> None:
    with sent() as statements:
        artists = music.query(URL, PAGE, {"first": 1}).data["artist"]

    assert len(statements.answers) == 1
    pages = {artist["name"]: artist["albumsConnection"] for artist in artists}
    assert {name: (titles(page), page["totalCount"]) for name, page in pages.items()} == {
        "Ada": (["First"], 2),
        "Björk": (["Homogenic"], 1),
        "Coltrane": (["Blue %s Train"], 1),
    }
    assert [page["pageInfo"]["hasNextPage"] for page in pages.values()] == [True, False, False]


def test_forward_and_backward_from_a_cursor(music) -> None:
    (ada, *_) = music.query(URL, PAGE, {"first": 1}).data["artist"]
    end = ada["albumsConnection"]["pageInfo"]["endCursor"]
    after = music.query(URL, PAGE, {"first": 1, "after": end}).data["artist"]
    start = after[0]["albumsConnection"]["pageInfo"]["startCursor"]
    before = music.query(URL, PAGE, {"last": 5, "before": start}).data["artist"]

    assert [titles(artist["albumsConnection"]) for artist in after] == [
        ["Second"],
        ["Homogenic"],
        [],
    ]
    assert after[0]["albumsConnection"]["pageInfo"]["hasPreviousPage"] is True
    assert after[1]["albumsConnection"]["pageInfo"]["hasPreviousPage"] is False
    assert titles(before[0]["albumsConnection"]) == ["First"]
    assert before[0]["albumsConnection"]["pageInfo"] | {"startCursor": 0, "endCursor": 0} == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": 0,
        "endCursor": 0,
    }


def test_a_connection_of_a_node_within_a_connection(music) -> None:
    query = """query ($ids: [ID!]!, $after: String) { nodes(nodeIds: $ids) {
        ... on Artist { albumsConnection(first: 1, after: $after) { edges { node { title
          tracksConnection(last: 2) { totalCount edges { node { name } } } } }
          pageInfo { endCursor } } } } }"""
    (ada,) = music.query(URL, "{ artist(limit: 1) { nodeId } }").data["artist"]
    (first,) = music.query(URL, query, {"ids": [ada["nodeId"]]}).data["nodes"]
    given = {"ids": [ada["nodeId"]], "after": first["albumsConnection"]["pageInfo"]["endCursor"]}
    (second,) = music.query(URL, query, given).data["nodes"]

    (edge,) = first["albumsConnection"]["edges"]
    assert edge["node"] == {
        "title": "First",
        "tracksConnection": {
            "totalCount": 3,
            "edges": [{"node": {"name": "Two"}}, {"node": {"name": "three_%"}}],
        },
    }
    assert titles(second["albumsConnection"]) == ["Second"]


ALBUMS = (
    "albumsConnection(first: 1) { totalCount edges { node { title } } pageInfo { hasNextPage } }"
)
ONE = {
    "totalCount": 1,
    "edges": [{"node": {"title": "New"}}],
    "pageInfo": {"hasNextPage": False},
}


def test_what_is_written_answers_its_connections(music) -> None:
    new = '{name: "N", albums: {data: [{title: "New"}]}}'
    query = f"""mutation {{
      alone: insertArtistOne(object: {{name: "Z"}}) {{ {ALBUMS} }}
      one: insertArtistOne(object: {new}) {{ {ALBUMS} }}
      many: insertArtist(objects: [{new}]) {{ affectedRows returning {{ {ALBUMS} }} }}
      update: updateArtist(where: {{name: {{_eq: "N"}}}}, _set: {{country: "X"}}) {{
        returning {{ {ALBUMS} }} }}
      each: updateArtistMany(
        updates: [{{where: {{country: {{_eq: "X"}}}}, _set: {{name: "M"}}}}]) {{
        returning {{ {ALBUMS} }} }}
      save: saveArtist(pkColumns: {{artistId: 1}}, _set: {{name: "A"}}) {{ row {{ {ALBUMS} }} }}
      none: updateArtistByPk(pkColumns: {{artistId: 99}}, _set: {{name: "A"}}) {{ {ALBUMS} }}
    }}"""
    data = music.query(URL, query).data

    assert titles(data["alone"]["albumsConnection"]) == []
    assert data["one"] == {"albumsConnection": ONE}
    assert data["many"] == {"affectedRows": 2, "returning": [{"albumsConnection": ONE}]}
    assert data["update"] == {"returning": [{"albumsConnection": ONE}] * 2}
    assert data["each"] == [{"returning": [{"albumsConnection": ONE}] * 2}]
    assert data["save"]["row"]["albumsConnection"]["totalCount"] == 2
    assert data["none"] is None


def test_aggregates_and_connections_hold_connections(music) -> None:
    query = f"""{{
      artistAggregate(limit: 1) {{ aggregate {{ count }} nodes {{ {ALBUMS} }} }}
      artistConnection(first: 1) {{ edges {{ cursor node {{ {ALBUMS} }} }} }}
      album(limit: 1) {{ artist {{ albumsAggregate {{ nodes {{ tracksConnection {{
        totalCount }} }} }} }} }} }}"""
    data = music.query(URL, query).data

    page = data["artistAggregate"]["nodes"][0]["albumsConnection"]
    assert (page["totalCount"], titles(page), page["pageInfo"]["hasNextPage"]) == (
        2,
        ["First"],
        True,
    )
    assert data["artistConnection"]["edges"][0]["node"] == {"albumsConnection": page}
    nodes = data["album"][0]["artist"]["albumsAggregate"]["nodes"]
    assert [node["tracksConnection"]["totalCount"] for node in nodes] == [3, 0]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"after": "garbage"}, "after: this is no cursor of this list"),
        ({"first": -1}, "must not be negative"),
    ],
)
def test_bad_arguments_are_told(music, variables: dict, message: str) -> None:
    reply = music.query(URL, PAGE, variables)

    assert reply.code == "BAD_USER_INPUT"
    assert message in reply.error["message"]


def test_the_limits_of_lists_count(music) -> None:
    reply = music.query(URL, PAGE, {"first": 1001})
    deep = "albumsConnection(first: 1000) { edges { node { tracksConnection(first: 1000) "
    costly = f"{{ artist(limit: 1000) {{ {deep} {{ totalCount }} }} }} }} }} }}"

    assert reply.code == "QUERY_TOO_COMPLEX"
    assert music.query(URL, costly).code == "QUERY_TOO_COMPLEX"


@pytest.fixture
def walk(vendor, new_database):
    """All pages of related rows on both executions, by parent, and the lists themselves."""
    database = new_database(vendor, library_sql(vendor))
    schema = built_of(database)

    def ask(query: str, variables: dict) -> list[dict]:
        ((exact, portable),) = both_ways(database, schema, query, variables)
        assert exact == portable
        return exact

    def walked(table: str, relation: str, given: dict, size: int, backward: bool) -> tuple:
        kind, field = TO_MANY[table][relation], ROOTS[table]
        wanted, cursor = ("last", "before") if backward else ("first", "after")
        head = f"$o: [{kind}OrderBy!], $w: {kind}BoolExp"
        page = f"""query({head}, $n: Int, $c: String, $id: Int!) {{ {field}ByPk({field}Id: $id) {{
            {relation}Connection(orderBy: $o, where: $w, {wanted}: $n, {cursor}: $c) {{
            edges {{ node {{ nodeId }} }} {INFO} }} }} }}"""
        whole = f"""query({head}) {{ {field} {{ id: {field}Id
            {relation}(orderBy: $o, where: $w) {{ nodeId }} }} }}"""
        found, lists = {}, {}
        for parent in ask(whole, given):
            number = int(parent["id"].removeprefix("number "))
            lists[number] = [row["nodeId"] for row in parent[relation]]
            ids: list[str] = []
            variables = given | {"n": size, "c": None, "id": number}
            for _ in range(9):
                answer = ask(page, variables)[f"{relation}Connection"]
                nodes = [edge["node"]["nodeId"] for edge in answer["edges"]]
                ids = nodes + ids if backward else ids + nodes
                info = answer["pageInfo"]
                if not info["hasPreviousPage" if backward else "hasNextPage"]:
                    break
                variables["c"] = info["startCursor" if backward else "endCursor"]
            found[number] = ids
        return found, lists

    return walked


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), size=st.integers(1, 3), backward=st.booleans())
def test_the_pages_together_are_the_list(walk, data, size: int, backward: bool) -> None:
    table = data.draw(st.sampled_from(["Artist", "Album", "Genre", "Track"]))
    relation = data.draw(st.sampled_from(list(TO_MANY[table])))
    target = TO_MANY[table][relation]
    order = data.draw(st.lists(orders(target), max_size=2))
    where = data.draw(st.one_of(st.just({}), conditions(target)))

    pages, lists = walk(table, relation, {"o": order, "w": where}, size, backward)
    assert pages == lists


KEYS = {
    SQLITE: [
        ("BLOB", "x'00ff', x'', x'0a'"),
        ("REAL", "0.1 + 0.2, 0.3, 9e999, -9e999, 1"),
        ("TEXT", "'a', '', 'ÿ\"'"),
        ("ANYTHING", "1, 'one', x'01', 1.5"),
    ],
    POSTGRESQL: [
        ("bytea", "'\\x00ff', '\\x', '\\x0a'"),
        ("double precision", "0.1::float8 + 0.2, 0.3, 'infinity', '-infinity', 'NaN'"),
        ("timestamptz", "'2024-01-01', '-infinity', '2024-01-01 00:00:00.000001'"),
        ("numeric", "1.50, 1.5000001, 'NaN'"),
        ("int[]", "'{1,2}', '{}', '{1}'"),
        ("text", "'a', '', 'ÿ\"'"),
    ],
    MARIADB: [
        ("VARBINARY(9)", "x'00ff', x'', x'0a'"),
        ("DOUBLE", "0.1e0 + 0.2e0, 0.3, 1e300"),
        ("ENUM('z', 'a')", "'a', 'z'"),
        ("BIT(9)", "b'1', b'100000000', b'0'"),
        ("DATETIME(6)", "'2024-01-01', '2024-01-01 00:00:00.000001'"),
        ("VARCHAR(9)", "'a', '', 'ÿ\"'"),
    ],
}


@pytest.mark.parametrize("backward", [False, True])
def test_values_of_any_type_are_paged_by(vendor: Vendor, new_database, backward: bool) -> None:
    for number, (kind, values) in enumerate(KEYS.get(vendor, [])):
        rows = ", ".join(f"({i}, 1, {value})" for i, value in enumerate(values.split(", ")))
        sql = f"""CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child{number} (id INTEGER NOT NULL, parent_id INTEGER NOT NULL,
              k {kind} NOT NULL PRIMARY KEY, FOREIGN KEY (parent_id) REFERENCES parent (id));
            INSERT INTO parent VALUES (1); INSERT INTO child{number} VALUES {rows};"""
        database = new_database(vendor, sql)
        schema = built_of(database)
        field = f"child{number}s"
        wanted, cursor = ("last", "before") if backward else ("first", "after")
        query = f"""query ($c: String) {{ parent {{ {field} {{ id }}
            {field}Connection({wanted}: 1, {cursor}: $c) {{
            edges {{ node {{ id }} }} {INFO} }} }} }}"""
        found: list[str] = []
        variables = {"c": None}
        while True:
            ((exact, portable),) = both_ways(database, schema, query, variables)
            assert exact == portable, kind
            page = exact[0][f"{field}Connection"]
            ids = [edge["node"]["id"] for edge in page["edges"]]
            found = ids + found if backward else found + ids
            info = page["pageInfo"]
            if not info["hasPreviousPage" if backward else "hasNextPage"]:
                break
            variables["c"] = info["startCursor" if backward else "endCursor"]
        assert found == [row["id"] for row in exact[0][field]], kind
