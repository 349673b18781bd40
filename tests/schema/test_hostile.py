"""Names and values that nobody should use can't inject, and come back as they were."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB

TABLES = [
    'or"der',
    "se'lect",
    "a b",
    "100%",
    "%s",
    "%(x)s",
    "select",
    "größe",
    "价格",
    "2nd",
    "a.b",
    "a;b",
    "back`tick",
    "x]y",
    'id" FROM "secret" UNION SELECT 1 --',
    "{0}",
    "__typename",
    "Query",
    "na\\me",
    "emoji😀",
    "new\nline",
]


def names_of(vendor) -> list[str]:
    """MariaDB's names hold what three bytes of UTF-8 do, and no dot or blank at their end."""
    return [name for name in TABLES if vendor is not MARIADB or max(name) < "\uffff"]


@pytest.fixture
def hostile(door, vendor, new_database, tenant_of):
    """A table and a column of each hostile name, and what they must never give away."""
    parts = [
        (
            "CREATE TABLE secret (id INTEGER PRIMARY KEY, word TEXT); "
            "INSERT INTO secret VALUES (1, 'hidden');"
        )
    ]
    for number, name in enumerate(names_of(vendor)):
        quoted = vendor.quoted(name)
        parts.append(
            f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, {quoted} TEXT, up INTEGER "
            f"REFERENCES {quoted}(id));"
        )
        parts.append(f"INSERT INTO {quoted} VALUES (1, 'value {number}', NULL), (2, 'child', 1);")
    _, door.token = tenant_of("hostile", production=new_database(vendor, "\n".join(parts)))
    door.alias_database = None
    return door


def test_every_hostile_name_reads_and_writes(hostile, vendor) -> None:
    fields = hostile.query(
        "/t/hostile/graphql",
        (
            "{ __schema { queryType { fields { name description type "
            "{ ofType { ofType { ofType { name } } } } } } } }"
        ),
    )
    found = fields.data["__schema"]["queryType"]["fields"]
    rows = [f for f in found if re.fullmatch("Rows of .*[.]", f["description"], re.DOTALL)]
    lists = {f["description"]: f for f in rows if not f["description"].endswith(", page by page.")}
    assert len(lists) == len(names_of(vendor)) + 1
    for number, name in enumerate(names_of(vendor)):
        field = lists[f"Rows of {name}."]["name"]
        kind = lists[f"Rows of {name}."]["type"]["ofType"]["ofType"]["ofType"]["name"]
        shape = hostile.query(
            "/t/hostile/graphql",
            f'{{ __type(name: "{kind}") {{ fields {{ name description }} }} }}',
        ).data
        column = next(
            f["name"]
            for f in shape["__type"]["fields"]
            if (f["description"] or "").endswith("text") or "TEXT" in (f["description"] or "")
        )
        query = (
            f"mutation($v: String) {{ update{kind}ByPk(pkColumns: {{id: 1}}, "
            f"_set: {{{column}: $v}}) {{ {column} }} }}"
        )
        assert hostile.query("/t/hostile/graphql", query, {"v": f"new {number}"}).data
        query = (
            f'{{ {field}(where: {{{column}: {{_eq: "new {number}"}}}}, orderBy: '
            f"{{{column}: ASC}}) {{ id {column} }} }}"
        )
        assert hostile.query("/t/hostile/graphql", query).data == {
            field: [{"id": 1, column: f"new {number}"}]
        }
        query = f"""{{ {field}Connection(first: 1, orderBy: {{{column}: DESC}})
            {{ edges {{ cursor node {{ {column} }} }} }}
            {field}GroupBy(by: [{column}])
              {{ keys {{ {column} }} aggregate {{ max {{ {column} }} }} }}
            d: {field}(distinctOn: [{column}]) {{ id }} }}"""
        assert len(hostile.query("/t/hostile/graphql", query).data[f"{field}GroupBy"]) == 2


def test_hostile_names_through_the_orm(vendor, new_database) -> None:
    sql = "".join(
        f"CREATE TABLE {n} (id INTEGER PRIMARY KEY, {n} TEXT); INSERT INTO {n} VALUES (1, 'x');"
        for n in map(vendor.quoted, names_of(vendor))
    )
    database = new_database(vendor, sql)

    for name in names_of(vendor):
        model = database.get_model(name)
        row = model.objects.get()
        attribute = model.get_field_name_by_db_column(name)
        assert row.get_attribute_by_column(name) == "x"
        setattr(row, attribute, f"new {name}")
        row.save()
        assert model.objects.filter(**{attribute: f"new {name}"}).count() == 1


TEXTS = [
    "it's",
    '"',
    "\\",
    "%s",
    "%",
    "{}",
    "'; DROP TABLE track; --",
    "\t\n\r",
    "\x01",
    "😀",
    "é",
    "",
    " ",
    "null",
    "$1",
    "?",
    ":a",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_come_back_as_they_were(music, text: str) -> None:
    query = "mutation($t: String!) { insertGenreOne(object: {name: $t}) { name } }"
    assert music.query("/t/music/graphql", query, {"t": text}).data == {
        "insertGenreOne": {"name": text}
    }

    found = music.query(
        "/t/music/graphql",
        "query($t: String!) { genre(where: {name: {_eq: $t}}) { name } }",
        {"t": text},
    ).data
    assert found == {"genre": [{"name": text}]}
    literal = json.dumps(text, ensure_ascii=False)
    found = music.query(
        "/t/music/graphql", f"{{ genre(where: {{name: {{_in: [{literal}]}}}}) {{ name }} }}"
    ).data
    assert found == {"genre": [{"name": text}]}


@pytest.mark.parametrize(
    ("kind", "field", "value", "message"),
    [
        ("String", "name", "a\0b", "U+0000"),
        ("BigInt", "bytes", "9223372036854775808", "BigInt"),
        ("BigInt", "bytes", 1.5, "BigInt"),
        ("Int", "seconds", 2147483648, "32-bit"),
        ("Float", "rating", "NaN", "Float"),
        ("Boolean", "explicit", 1, "Boolean"),
        ("LocalDateTime", "recordedAt", "2024-13-01T00:00:00", "LocalDateTime"),
        ("LocalDateTime", "recordedAt", "2024-01-01T00:00:00Z", "LocalDateTime"),
    ],
)
def test_values_that_do_not_fit_are_refused_with_a_reason(
    music, kind: str, field: str, value: object, message: str
) -> None:
    query = f"query($v: {kind}) {{ track(where: {{{field}: {{_eq: $v}}}}) {{ name }} }}"

    answer = music.query("/t/music/graphql", query, {"v": value})
    assert answer.code == "BAD_USER_INPUT"
    assert message in answer.error["message"]


def test_half_of_a_surrogate_pair_is_refused(music) -> None:
    body = (
        b'{"query": "query($v: String) { genre(where: {name: {_eq: $v}}) { name } }", '
        b'"variables": {"v": "\\ud800"}}'
    )

    answer = music.request("POST", "/t/music/graphql", body, {"content-type": "application/json"})
    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("number", ["-9223372036854775808", "9223372036854775807", "0", "-1"])
def test_64_bit_edges(music, number: str) -> None:
    query = (
        "mutation($b: BigInt) { updateTrackByPk(pkColumns: {trackId: 1}, "
        "_set: {bytes: $b}) { bytes } }"
    )

    assert music.query("/t/music/graphql", query, {"b": number}).data == {
        "updateTrackByPk": {"bytes": number}
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_text_survives(music, text: str) -> None:
    query = (
        "mutation($t: String!) { updateTrackByPk(pkColumns: {trackId: 1}, "
        "_set: {name: $t}) { name } }"
    )

    assert music.query("/t/music/graphql", query, {"t": text}).data == {
        "updateTrackByPk": {"name": text}
    }
    assert execute(music.database.url, "SELECT name FROM track WHERE track_id = 1") == [(text,)]


def test_null_as_an_operand_is_an_error_that_says_the_way(music) -> None:
    for query in (
        "{ track(where: {name: {_eq: null}}) { name } }",
        "{ track(where: {name: null}) { name } }",
    ):
        answer = music.query("/t/music/graphql", query)
        assert answer.code == "BAD_USER_INPUT"
        assert "_isNull" in answer.error["message"]
