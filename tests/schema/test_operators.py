"""The operators beyond comparing: patterns, JSON, arrays, and figures over related rows."""

from __future__ import annotations

import pytest

from dynamic_databases.process import process_registry
from schema.access import Access, TableAccess
from schema.build.builder import build_schema
from schema.limits import Limits
from tests.fixtures.databases import library_sql
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import MARIADB, MSSQL, POSTGRESQL, SQLITE

URL = "/t/music/graphql"
NAMES = {
    '{name: {_regex: "^[OT]"}}': ["One", "Two"],
    '{name: {_nregex: "o"}}': ["One", "three_%", "Jóga"],
    '{name: {_iregex: "^(one|two)$"}}': ["One", "Two"],
    '{name: {_niregex: "e|o"}}': ["Jóga"],
    '{name: {_similar: "(O|T)%"}}': ["One", "Two"],
    '{name: {_nsimilar: "%[aeiou]%"}}': [],
    "{meta: {_contains: {a: 1}}}": ["One"],
    "{meta: {_containedIn: {a: 1, b: 2}}}": ["One"],
    "{meta: {_eq: []}}": ["three_%"],
    '{meta: {_in: [{a: 1}, "x"]}}': ["One", "Moment's Notice"],
}
KEYS = {
    '{meta: {_hasKey: "a"}}': ["One"],
    '{meta: {_hasKey: "x"}}': ["Moment's Notice"],
    '{meta: {_hasKeysAny: ["x", "a"]}}': ["One", "Moment's Notice"],
    '{meta: {_hasKeysAll: ["a", "b"]}}': [],
    '{_not: {meta: {_hasKey: "a"}}}': ["three_%", "Jóga", "Moment's Notice"],
}


# What MariaDB has of these, under the same names.
OF_MARIADB = ("egex", "_contain")


@pytest.mark.parametrize("where", NAMES)
def test_patterns_and_json_where_the_vendor_has_them(music, vendor, where: str) -> None:
    reply = music.query(URL, f"{{ track(where: {where}) {{ name }} }}")

    if vendor is POSTGRESQL or (vendor is MARIADB and any(op in where for op in OF_MARIADB)):
        assert [row["name"] for row in reply.data["track"]] == NAMES[where]
    else:
        assert reply.code == "GRAPHQL_VALIDATION_FAILED"  # the vendor has no such operator


@pytest.mark.parametrize("where", KEYS)
def test_keys_of_json(music, vendor, where: str) -> None:
    if vendor is MSSQL:
        pytest.skip("SQL Server keeps JSON as text, which has no keys")
    found = music.query(URL, f"{{ track(where: {where}) {{ name }} }}").data["track"]

    assert [row["name"] for row in found] == KEYS[where]


def test_a_bad_regular_expression_is_the_clients_error(music, vendor) -> None:
    if vendor in (SQLITE, MSSQL):
        pytest.skip("there are no regular expressions")
    reply = music.query(URL, '{ track(where: {name: {_regex: "("}}) { name } }')

    assert reply.code == "BAD_USER_INPUT"


ARRAYS = """CREATE TYPE mood AS ENUM ('sad', 'very happy');
CREATE TABLE box (id SERIAL PRIMARY KEY, tags TEXT[], numbers INTEGER[], moods mood[],
  attributes jsonb, codes VARCHAR(9)[] DEFAULT '{a}');
INSERT INTO box (tags, numbers, moods, attributes) VALUES
  ('{a,b}', '{1,2}', '{sad}', '{"a": {"b": [1, 2]}}'), ('{}', NULL, '{}', '[1, "x", 2]'),
    (NULL, '{3}', '{very happy,sad}', NULL);"""
BOXES = {
    '{tags: {_contains: ["a"]}}': [1],
    '{tags: {_containedIn: ["a", "b", "c"]}}': [1, 2],
    "{tags: {_eq: []}}": [2],
    "{numbers: {_gt: [2]}}": [3],
    "{moods: {_contains: [very_happy]}}": [3],
    "{attributes: {_contains: [1]}}": [2],
    '{tags: {_overlaps: ["b", "z"]}}': [1],
    "{tags: {_overlaps: []}}": [],
    "{_not: {numbers: {_overlaps: [1]}}}": [3],
    "{moods: {_overlaps: [sad]}}": [1, 3],
    '{attributes: {_jsonbPathExists: "$.a.b[*] ? (@ > 1)"}}': [1],
    '{attributes: {_jsonbPathExists: "$.a.b[*] ? (@ > 2)"}}': [],
    '{attributes: {_jsonbPathMatch: "$[0] == 1"}}': [2],
    '{_not: {attributes: {_jsonbPathMatch: "$[0] == 1"}}}': [],
}


@pytest.fixture
def boxes(door, vendor, new_database, tenant_of):
    if vendor is not POSTGRESQL:
        pytest.skip("arrays are PostgreSQL's")
    _, door.token = tenant_of("boxes", production=new_database(vendor, ARRAYS))
    return lambda query: door.query("/t/boxes/graphql", query)


@pytest.mark.parametrize("where", BOXES)
def test_arrays(boxes, where: str) -> None:
    found = boxes(f"{{ box(where: {where}) {{ id }} }}").data["box"]

    assert [row["id"] for row in found] == BOXES[where]


def test_both_executions_have_the_same_operators(vendor, new_database) -> None:
    if vendor is not POSTGRESQL:
        pytest.skip("these operators are PostgreSQL's")
    for sql, table, conditions in ((ARRAYS, "box", BOXES), (LABELS, "path", PATHS)):
        database = new_database(vendor, sql)
        schema = built_of(database)
        for where in conditions:
            query = f"{{ {table}(where: {where}) {{ id }} }}"
            ((exact, portable),) = both_ways(database, schema, query)
            assert exact == portable, where


@pytest.mark.parametrize(
    "where",
    ['{attributes: {_jsonbPathExists: "$.a["}}', '{attributes: {_jsonbPathMatch: "x y z"}}'],
)
def test_a_bad_path_is_the_clients_error(boxes, where: str) -> None:
    assert boxes(f"{{ box(where: {where}) {{ id }} }}").code == "BAD_USER_INPUT"


LABELS = """CREATE SCHEMA far; CREATE EXTENSION ltree SCHEMA far;
CREATE DOMAIN label AS far.ltree;
CREATE TABLE path (id INTEGER PRIMARY KEY, label far.ltree, other label);
INSERT INTO path SELECT id, label::far.ltree, label::far.ltree FROM (VALUES (1, 'Top'),
  (2, 'Top.Science'), (3, 'Top.Science.Astronomy'), (4, 'Top.Hobbies'), (5, NULL)) v(id, label);"""
PATHS = {
    '{label: {_ancestor: "Top.Science"}}': [1, 2],
    '{other: {_ancestor: "Top.Science"}}': [1, 2],
    '{label: {_ancestorAny: ["Top.Science.Physics", "Top.Hobbies"]}}': [1, 2, 4],
    "{label: {_ancestorAny: []}}": [],
    '{label: {_descendant: "Top.Science"}}': [2, 3],
    '{label: {_descendantAny: ["Top.Science", "Top.Hobbies"]}}': [2, 3, 4],
    '{label: {_matches: "*.Astro*.*"}}': [3],
    '{label: {_matchesAny: ["*.Astronomy", "*.Hobbies"]}}': [3, 4],
    '{label: {_matchesFulltext: "Astro*"}}': [3],
    '{_not: {label: {_matches: "*.Science.*"}}}': [1, 4],
    '{label: {_eq: "Top"}}': [1],
}


@pytest.fixture
def paths(door, vendor, new_database, tenant_of):
    if vendor is not POSTGRESQL:
        pytest.skip("ltree is PostgreSQL's")
    _, door.token = tenant_of("paths", production=new_database(vendor, LABELS))
    return lambda query: door.query("/t/paths/graphql", query)


@pytest.mark.parametrize("where", PATHS)
def test_label_paths(paths, where: str) -> None:
    found = paths(f"{{ path(where: {where}) {{ id }} }}").data["path"]

    assert [row["id"] for row in found] == PATHS[where]


@pytest.mark.parametrize(
    "condition", ['_matches: "..."', '_ancestor: "a b"', '_matchesFulltext: "&"']
)
def test_a_bad_label_path_is_the_clients_error(paths, condition: str) -> None:
    assert paths(f"{{ path(where: {{label: {{{condition}}}}}) {{ id }} }}").code == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ("_append: {attributes: {c: 1}}", 1, {"a": {"b": [1, 2]}, "c": 1}),
        ('_append: {attributes: ["y"]}', 2, [1, "x", 2, "y"]),
        ("_prepend: {attributes: [0]}", 2, [0, 1, "x", 2]),
        ('_deleteKey: {attributes: "a"}', 1, {}),
        ("_deleteElem: {attributes: -1}", 2, [1, "x"]),
        ('_deleteAtPath: {attributes: ["a", "b", "0"]}', 1, {"a": {"b": [2]}}),
        ("_append: {attributes: {c: 1}}", 3, None),
    ],
)
def test_changing_json_in_place(boxes, change: str, before: int, after: object) -> None:
    query = f"mutation {{ updateBoxByPk(pkColumns: {{id: {before}}}, {change}) {{ attributes }} }}"
    assert boxes(query).data == {"updateBoxByPk": {"attributes": after}}

    many = (
        f"mutation {{ updateBox(where: {{id: {{_eq: {before}}}}}, _set: {{tags: []}}, {change}) "
        f"{{ affectedRows }} }}"
    )
    assert boxes(many).data == {"updateBox": {"affectedRows": 1}}


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ('_append: {tags: ["b", "c"]}', 1, {"tags": ["a", "b", "b", "c"]}),
        ('_prepend: {tags: ["z"]}', 1, {"tags": ["z", "a", "b"]}),
        ("_append: {tags: []}", 1, {"tags": ["a", "b"]}),
        ('_append: {tags: ["x", null]}', 3, {"tags": ["x", None]}),
        ("_append: {numbers: [9]}", 1, {"numbers": [1, 2, 9]}),
        ("_prepend: {moods: [very_happy]}", 1, {"moods": ["very_happy", "sad"]}),
        ('_append: {codes: ["c"]}', 1, {"codes": ["a", "c"]}),
    ],
)
def test_changing_arrays_in_place(boxes, change: str, before: int, after: dict) -> None:
    (field,) = after
    query = f"mutation {{ updateBoxByPk(pkColumns: {{id: {before}}}, {change}) {{ {field} }} }}"

    assert boxes(query).data == {"updateBoxByPk": after}


def test_a_column_is_changed_in_one_way(boxes) -> None:
    reply = boxes(
        "mutation { updateBoxByPk(pkColumns: {id: 1}, _set: {attributes: 1}, _deleteKey: "
        '{attributes: "a"}) { id } }'
    )

    assert reply.code == "BAD_USER_INPUT"
    assert "attributes stands in _set and in _deleteKey" in reply.error["message"]


COUNTED = {
    "{albumsAggregate: {count: {predicate: {_gt: 1}}}}": ["Ada"],
    "{albumsAggregate: {count: {predicate: {_eq: 1}, filter: {price: {_gt: 1}}}}}": [
        "Ada",
        "Björk",
    ],
    "{albumsAggregate: {count: {predicate: {_eq: 0}, arguments: [released], distinct: true}}}": [],
    "{_not: {albums: {tracksAggregate: {count: {predicate: {_gte: 1}}}}}}": [],
    "{albumsAggregate: {count: {predicate: {_gte: 1, _lt: 2}}}, country: {_isNull: true}}": [
        "Björk"
    ],
    "{albumsAggregate: {}}": ["Ada", "Björk", "Coltrane"],
    '{albumsAggregate: {sum: {arguments: price, predicate: {_gt: "10"}}}}': ["Björk"],
    "{albumsAggregate: {sum: {arguments: albumId, predicate: {_lt: 3.5}}}}": ["Ada", "Björk"],
    '{albumsAggregate: {max: {arguments: price, predicate: {_eq: "9.9"}}}}': ["Ada"],
    "{albumsAggregate: {min: {arguments: albumId, predicate: {_in: [1, 4]}}}}": ["Ada", "Coltrane"],
    "{albumsAggregate: {min: {arguments: price, predicate: {_isNull: true}}}}": [],
    "{albumsAggregate: {varPop: {arguments: albumId, predicate: {_eq: 0.25}}}}": ["Ada"],
    (
        "{albumsAggregate: {count: {predicate: {_eq: 2}}, "
        "avg: {arguments: albumId, predicate: {_eq: 1.5}}}}"
    ): ["Ada"],
    (
        "{albumsAggregate: {sum: {arguments: artistId, predicate: {_eq: 1}, distinct: true, "
        'filter: {title: {_neq: "x"}}}}}'
    ): ["Ada"],
    (
        "{albumsAggregate: {sum: {arguments: price, predicate: {_isNull: true}, "
        'filter: {title: {_eq: "First"}}}}}'
    ): ["Björk", "Coltrane"],
    "{albums: {tracksAggregate: {boolOr: {arguments: explicit, predicate: {_eq: true}}}}}": [
        "Ada",
        "Coltrane",
    ],
    "{albums: {tracksAggregate: {boolAnd: {arguments: explicit, predicate: {_eq: false}}}}}": [
        "Ada",
        "Björk",
    ],
    (
        "{albums: {tracksAggregate: "
        "{sum: {arguments: bytes, predicate: {_gt: 9}, distinct: true}}}}"
    ): ["Ada"],
}


@pytest.mark.parametrize("where", COUNTED)
def test_counting_related_rows(music, where: str) -> None:
    found = music.query(URL, f"{{ artist(where: {where}) {{ name }} }}").data["artist"]

    assert [row["name"] for row in found] == COUNTED[where]


def test_a_hidden_column_is_computed_of_nowhere(new_database) -> None:
    database = new_database(SQLITE, library_sql(SQLITE))
    shown = frozenset({"*"})
    limited = TableAccess(frozenset({"album_id", "artist_id", "title"}))
    access = Access(frozenset({"*": TableAccess(shown), "album": limited}.items()))
    entry = process_registry().entry(database.label)

    printed = str(build_schema(entry, access, {}, Limits()).schema)
    numbers = printed.split("enum AlbumNumberColumn {")[1].split("}", maxsplit=1)[0]
    assert numbers.split() == ["albumId", "artistId"]
    assert "price" not in printed


ORDERED = {
    "{albumsAggregate: {count: DESC}}": ["Ada", "Björk", "Coltrane"],
    "{albumsAggregate: {max: {price: ASC}}}": ["Coltrane", "Ada", "Björk"],
    "{albumsAggregate: {sum: {price: DESC_NULLS_LAST}}}": ["Björk", "Ada", "Coltrane"],
    "{albumsAggregate: {min: {released: ASC_NULLS_FIRST}}}": ["Coltrane", "Björk", "Ada"],
}


@pytest.mark.parametrize("order", ORDERED)
def test_ordering_by_figures_over_related_rows(music, order: str) -> None:
    found = music.query(URL, f"{{ artist(orderBy: [{order}]) {{ name }} }}").data["artist"]

    assert [row["name"] for row in found] == ORDERED[order]


def test_ordering_by_figures_behind_a_to_one_relation(music) -> None:
    query = (
        "{ album(orderBy: [{artist: {albumsAggregate: {count: DESC}}}, {title: DESC}]) { title } }"
    )

    assert [row["title"] for row in music.query(URL, query).data["album"]] == [
        "Second",
        "First",
        "Homogenic",
        "Blue %s Train",
    ]


DISTINCT = {
    "track(distinctOn: [genreId]) { name }": ["One", "three_%", "loose"],
    (
        "track(distinctOn: [genreId], "
        "orderBy: [{genreId: DESC}, {seconds: DESC_NULLS_LAST}]) { name }"
    ): [
        "loose",
        "Moment's Notice",
        "Jóga",
    ],
    (
        "track(distinctOn: [genreId, explicit], where: {genreId: {_isNull: false}}, limit: 2, "
        "offset: 1) { name }"
    ): [
        "One",
        "three_%",
    ],
}


@pytest.mark.parametrize("field", DISTINCT)
def test_distinct_on(music, sent, field: str) -> None:
    with sent() as statements:
        found = music.query(URL, f"{{ {field} }}").data["track"]

    assert [row["name"] for row in found] == DISTINCT[field]
    assert len(statements.answers) == 1


def test_distinct_on_of_nested_rows_and_of_figures(music) -> None:
    query = """{ genre { tracks(distinctOn: [albumId], limit: 1, offset: 1) { name }
        tracksAggregate(distinctOn: [albumId]) { aggregate { count } } } }"""

    assert music.query(URL, query).data["genre"] == [
        {"tracks": [{"name": "Jóga"}], "tracksAggregate": {"aggregate": {"count": 2}}},
        {"tracks": [{"name": "Moment's Notice"}], "tracksAggregate": {"aggregate": {"count": 2}}},
    ]


def test_order_must_begin_with_what_is_distinct(music) -> None:
    reply = music.query(URL, "{ track(distinctOn: [genreId], orderBy: [{name: ASC}]) { name } }")

    assert reply.code == "BAD_USER_INPUT"
    assert "orderBy must begin with the columns of distinctOn: genreId" in reply.error["message"]
