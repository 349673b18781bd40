"""`trackConnection` by Relay's cursor specification, and `node(nodeId)`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.databases import execute, library_sql
from tests.fixtures.schemas import built_of
from tests.schema.test_two_ways import ROOTS, conditions, orders

URL = "/t/music/graphql"
PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $orderBy:
    [TrackOrderBy!], $where: TrackBoolExp) {
  trackConnection(first: $first, after: $after, last: $last, before: $before,
    orderBy: $orderBy, where: $where) {
    edges { cursor node { trackId name } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def page(music, **variables) -> dict:
    return music.query(URL, PAGE, variables).data["trackConnection"]


def ids(found: dict) -> list[int]:
    return [edge["node"]["trackId"] for edge in found["edges"]]


def test_forward_page_by_page(music) -> None:
    first = page(music, first=2)
    second = page(music, first=2, after=first["pageInfo"]["endCursor"])
    third = page(music, first=2, after=second["edges"][-1]["cursor"])

    assert [ids(first), ids(second), ids(third)] == [[1, 2], [3, 4], [5, 6]]
    assert first["pageInfo"] | {"startCursor": 0, "endCursor": 0} == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": 0,
        "endCursor": 0,
    }
    assert second["pageInfo"]["hasPreviousPage"] is second["pageInfo"]["hasNextPage"] is True
    assert third["pageInfo"]["hasNextPage"] is False


def test_backward_page_by_page(music) -> None:
    last = page(music, last=2)
    before = page(music, last=3, before=last["pageInfo"]["startCursor"])

    assert [ids(last), ids(before)] == [[5, 6], [2, 3, 4]]
    assert before["pageInfo"]["hasPreviousPage"] is before["pageInfo"]["hasNextPage"] is True
    assert last["pageInfo"]["hasNextPage"] is False


def test_between_two_cursors_and_both_ends(music) -> None:
    cursors = [edge["cursor"] for edge in page(music)["edges"]]

    assert ids(page(music, after=cursors[0], before=cursors[4])) == [2, 3, 4]
    assert ids(page(music, first=4, last=2)) == [3, 4]
    assert page(music, first=4, last=2)["pageInfo"]["hasPreviousPage"] is True


def test_pages_stay_where_they_are_while_rows_come_and_go(music) -> None:
    order = [{"seconds": "DESC"}]
    first = page(music, first=3, orderBy=order)
    execute(music.database.url, "DELETE FROM playlist_track")
    execute(
        music.database.url,
        f"DELETE FROM track WHERE track_id = {first['edges'][-1]['node']['trackId']}",
    )
    execute(
        music.database.url,
        "INSERT INTO track (name, seconds, explicit) VALUES ('longest', 9999, "
        + ("0" if music.database.url.startswith("sqlite") else "false")
        + ")",
    )

    second = page(music, first=3, orderBy=order, after=first["pageInfo"]["endCursor"])
    assert ids(first) == [3, 6, 5]
    assert ids(second) == [4, 2, 1]
    assert second["pageInfo"]["hasPreviousPage"] is True


def test_the_total_is_counted_when_asked_even_of_an_empty_page(music, sent) -> None:
    query = """query($after: String) { trackConnection(where: {name: {_neq: "loose"}}, first:
        9, after: $after) {
        total: totalCount edges { node { name } } pageInfo { endCursor hasPreviousPage } } }"""
    found = music.query(URL, query).data["trackConnection"]
    with sent() as statements:
        empty = music.query(URL, query, {"after": found["pageInfo"]["endCursor"]}).data

    assert found["total"] == 5
    assert empty["trackConnection"] == {
        "total": 5,
        "edges": [],
        "pageInfo": {"endCursor": None, "hasPreviousPage": True},
    }
    assert len(statements.answers) == 1
    with sent() as statements:
        page(music, first=1)
    assert "count(" not in statements.answers[0]


def test_nested_lists_and_aliases_in_edges(music) -> None:
    query = """{ artistConnection(first: 1) { __typename edges
        { __typename a: cursor b: cursor x: node { name }
        y: node { albums(limit: 1) { title } albumsAggregate { aggregate { count } } } } } }"""
    found = music.query(URL, query).data["artistConnection"]

    (edge,) = found["edges"]
    assert edge.pop("a") == edge.pop("b")
    assert found["__typename"] == "ArtistConnection"
    assert edge == {
        "__typename": "ArtistEdge",
        "x": {"name": "Ada"},
        "y": {"albums": [{"title": "First"}], "albumsAggregate": {"aggregate": {"count": 2}}},
    }


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"after": "garbage"}, "after: this is no cursor of this list"),
        ({"before": "AAAA" * 20}, "before: this is no cursor of this list"),
        ({"first": -1}, "must not be negative"),
    ],
)
def test_bad_arguments_are_told(music, variables: dict, message: str) -> None:
    reply = music.query(URL, PAGE, variables)

    assert reply.code == "BAD_USER_INPUT"
    assert message in reply.error["message"]


def test_a_cursor_is_opaque_and_belongs_to_its_list(music, new_database, vendor, tenant_of) -> None:
    cursor = page(music, first=1)["pageInfo"]["endCursor"]
    flipped = cursor[:-5] + ("A" if cursor[-5] != "A" else "B") + cursor[-4:]
    others = [
        (PAGE, {"after": flipped}),
        (PAGE, {"after": cursor, "orderBy": [{"name": "ASC"}]}),
        (
            "query($after: String) { albumConnection(after: $after) { totalCount } }",
            {"after": cursor},
        ),
    ]

    assert all(music.query(URL, query, given).code == "BAD_USER_INPUT" for query, given in others)
    _, music.token = tenant_of("other", production=new_database(vendor, library_sql(vendor)))
    assert music.query("/t/other/graphql", PAGE, {"after": cursor}).code == "BAD_USER_INPUT"


@pytest.fixture
def ordered(music):
    """All pages of a list, of a size, forward or backward, and the list itself."""

    def walk(table: str, order: list, where: dict, size: int, backward: bool) -> tuple:
        field, kind = ROOTS[table], table
        wanted, cursor = ("last", "before") if backward else ("first", "after")
        head = f"$o: [{kind}OrderBy!], $w: {kind}BoolExp"
        walking = f"""query({head}, $n: Int, $c: String)
            {{ {field}Connection(orderBy: $o, where: $w, {wanted}: $n, {cursor}: $c) {{
            edges {{ node {{ id }} }} pageInfo
              {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }}"""
        found: list[str] = []
        given = {"o": order, "w": where, "n": size, "c": None}
        for _ in range(20):
            answer = music.query(URL, walking, given).data[f"{field}Connection"]
            nodes = [edge["node"]["id"] for edge in answer["edges"]]
            found = nodes + found if backward else found + nodes
            info = answer["pageInfo"]
            if not info["hasPreviousPage" if backward else "hasNextPage"]:
                break
            given["c"] = info["startCursor" if backward else "endCursor"]
        whole = f"query({head}) {{ {field}(orderBy: $o, where: $w) {{ id }} }}"
        rows = music.query(URL, whole, {"o": order, "w": where}).data[field]
        return found, [row["id"] for row in rows]

    return walk


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), size=st.integers(1, 3), backward=st.booleans())
def test_the_pages_together_are_the_list(ordered, data, size: int, backward: bool) -> None:
    table = data.draw(st.sampled_from(list(ROOTS)))
    order = data.draw(st.lists(orders(table), max_size=2))
    where = data.draw(st.one_of(st.just({}), conditions(table)))

    pages, whole = ordered(table, order, where, size, backward)
    assert pages == whole


def test_pages_in_the_order_of_a_moment(ordered) -> None:
    pages, whole = ordered("Track", [{"recordedAt": "DESC"}], {}, 1, False)

    assert pages == whole


def test_a_node_is_found_by_its_id(music, sent) -> None:
    listed = music.query(
        URL, "{ playlistTrack { nodeId note } track(limit: 1) { nodeId name } }"
    ).data
    query = """query($nodeId: ID!) { node(nodeId: $nodeId) { __typename nodeId ...
        on PlaylistTrack { note track { nodeId } } ...names } }
        fragment names on Node { ... on Track { name } }"""

    for row in listed["playlistTrack"]:
        found = music.query(URL, query, {"nodeId": row["nodeId"]}).data["node"]
        assert (found["__typename"], found["nodeId"], found["note"]) == (
            "PlaylistTrack",
            row["nodeId"],
            row["note"],
        )
    (track,) = listed["track"]
    with sent() as statements:
        assert music.query(URL, query, {"nodeId": track["nodeId"]}).data["node"] == {
            "__typename": "Track",
            "nodeId": track["nodeId"],
            "name": "One",
        }
    assert len(statements.answers) == 1


def test_a_node_of_a_type_that_the_query_does_not_name(music) -> None:
    (genre,) = music.query(URL, "{ genre(limit: 1) { nodeId } }").data["genre"]
    query = """query($nodeId: ID!) {
        node(nodeId: $nodeId) { kind: __typename nodeId ... on Track { name } } }"""

    assert music.query(URL, query, {"nodeId": genre["nodeId"]}).data["node"] == {
        "kind": "Genre",
        "nodeId": genre["nodeId"],
    }


def test_an_id_of_another_database_is_none(music, vendor, new_database, tenant_of) -> None:
    (genre,) = music.query(URL, "{ genre(limit: 1) { nodeId } }").data["genre"]
    _, token = tenant_of("other", production=new_database(vendor, library_sql(vendor)))
    music.token = token
    reply = music.query(
        "/t/other/graphql", "query($nodeId: ID!) { node(nodeId: $nodeId) { nodeId } }", genre
    )

    assert reply.code == "BAD_USER_INPUT"
    assert reply.json["data"] == {"node": None}


@pytest.mark.parametrize("given", ["", "x", "MTIzNA==", "1"])
def test_an_id_that_is_none_is_refused(music, given: str) -> None:
    reply = music.query(
        URL, "query($nodeId: ID!) { node(nodeId: $nodeId) { nodeId } }", {"nodeId": given}
    )

    assert reply.code == "BAD_USER_INPUT"


def test_plain_execution_of_a_node_and_a_connection(music) -> None:
    (genre,) = music.query(URL, "{ genre(limit: 1) { nodeId } }").data["genre"]
    schema = built_of(music.database).schema
    context = {"alias": music.database.label}
    query = (
        "query($nodeId: ID!) { node(nodeId: $nodeId) { nodeId ... on Genre { name } } "
        "genreConnection(first: 1) { totalCount edges { node { name } } } }"
    )
    result = schema.execute(query, variable_values=genre, context_value=context)

    assert result.errors is None
    assert result.data == {
        "node": {"nodeId": genre["nodeId"], "name": "Rock"},
        "genreConnection": {"totalCount": 2, "edges": [{"node": {"name": "Rock"}}]},
    }
