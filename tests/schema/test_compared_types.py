"""What PostgreSQL compares and sorts is offered, works on both executions, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from graphql import GraphQLField

from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways, built_of

ALL = ("_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_in", "_nin")
TYPES = """CREATE EXTENSION IF NOT EXISTS citext; CREATE SCHEMA far;
    CREATE EXTENSION ltree SCHEMA far; CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN temper AS mood;
    CREATE TYPE pair AS (a INTEGER, b TEXT); CREATE DOMAIN couple AS pair;
    CREATE TYPE place AS (name TEXT, at POINT);
    CREATE DOMAIN host AS inet CHECK (family(VALUE) = 4);
    CREATE DOMAIN span AS int4range; CREATE DOMAIN three AS bit(3);
    CREATE DOMAIN price AS money CHECK (VALUE >= 0::money); CREATE DOMAIN few AS integer[];"""


@dataclass(frozen=True)
class Sorted:
    """Two values as they are answered, in their order; one that isn't of the type, if any."""

    type: str
    low: object
    high: object
    wrong: object = None
    extremes: bool = False

    @property
    def table(self) -> str:
        return "".join(c for c in self.type.replace("[]", "list") if c.isalnum())


SORTED = [
    Sorted("inet", "9.0.0.1/32", "10.0.0.0/8", "10.0.0", extremes=True),
    Sorted("cidr", "9.0.0.0/8", "10.0.0.0/8", "10.0.0.1/8", extremes=True),
    Sorted("macaddr", "08:00:2b:01:02:03", "18:00:2b:01:02:03", "x"),
    Sorted("macaddr8", "08:00:2b:01:02:03:04:05", "18:00:2b:01:02:03:04:05", "x"),
    Sorted("money", "2.50", "10.00", extremes=True),
    Sorted("bit(3)", "001", "101", "2"),
    Sorted('"bit"(1)', "0", "1", "2"),
    Sorted("varbit(5)", "001", "11", "12"),
    Sorted("bytea", "AAE=", "/w=="),
    Sorted("int4range", "[1,5)", "[2,3)", "[1,"),
    Sorted("tstzrange", "empty", '["2024-01-01 00:00:00+00",)', "[x,)"),
    Sorted("int4multirange", "{[1,2)}", "{[1,2),[4,5)}", "{["),
    Sorted("pg_lsn", "0/1", "1/0", "x", extremes=True),
    Sorted("timetz", "12:00:00+02", "12:00:00+01", "25:00", extremes=True),
    Sorted("tsvector", "'a'", "'a' 'b'", "'a"),
    Sorted("far.ltree", "a.b", "a.c", "a..b"),
    Sorted("oid", "2", "10", "x", extremes=True),
    Sorted("pair", "(2,b)", "(10,a)", "(1"),
    Sorted("jsonb", [2], {"a": 1}),
    Sorted("interval", "PT1H", "P1D", extremes=True),
    Sorted("mood", "sad", "ok", extremes=True),
    Sorted("integer[]", [2], [10]),
    Sorted("inet[]", ["9.0.0.1/32"], ["10.0.0.0/8"], ["x"]),
    Sorted("pair[]", ["(2,b)"], ["(10,a)"], ["("]),
    Sorted("money[]", ["2.50"], ["10.00"]),
    Sorted("bit(3)[]", ["001"], ["101"], ["2"]),
    Sorted("host", "9.0.0.1/32", "10.0.0.1/32", "x", extremes=True),
    Sorted("couple", "(2,b)", "(10,a)", "(1"),
    Sorted("span", "[1,5)", "[2,3)", "[1,"),
    Sorted("three", "001", "101", "2"),
    Sorted("price", "2.50", "10.00", extremes=True),
    Sorted("temper", "sad", "ok", extremes=True),
    Sorted("few", [2], [10]),
]
COMPARED = """query($low: T!, $high: T!) {
    eq: NAME(where: {x: {_eq: $high}}) { id }
    neq: NAME(where: {x: {_neq: $high}}) { id }
    gt: NAME(where: {x: {_gt: $low}}) { id }
    gte: NAME(where: {x: {_gte: $low}}) { id }
    lt: NAME(where: {x: {_lt: $high}}) { id }
    lte: NAME(where: {x: {_lte: $high}}) { id }
    in: NAME(where: {x: {_in: [$low]}}) { id }
    nin: NAME(where: {x: {_nin: [$low]}}) { id }
    none: NAME(where: {x: {_in: []}}) { id }
    related: NAME(where: {parent: {x: {_eq: $high}}}) { id }
    ordered: NAME(orderBy: [{x: DESC_NULLS_LAST}, {id: ASC}]) { id x }
    following: NAME(orderBy: [{parent: {x: ASC}}, {id: ASC}]) { id }
    distinct: NAME(distinctOn: [x]) { x }
    nested: NAME(where: {id: {_eq: 1}}) { children(distinctOn: [x]) { x } }
    total: NAMEAggregate { aggregate { count(columns: [x], distinct: true) EXTREMES } }
    groups: NAMEGroupBy(by: [x], orderBy: [{keys: {x: ASC}}]) { keys { x } aggregate { count } }
    counted: NAME(where: {childrenAggregate: {count: {
        arguments: [x], distinct: true, predicate: {_eq: 2}}}}) { id }
}"""


@pytest.fixture
def types(postgresql, served, door):
    """A table per type with a reference to itself, and one whose key is of the type."""
    tables = (
        f"CREATE TABLE s_{one.table} (id INT PRIMARY KEY, x {one.type},"
        f" parent_id INT REFERENCES s_{one.table});"
        f"CREATE TABLE k_{one.table} (x {one.type} PRIMARY KEY, n INT);"
        for one in SORTED
    )
    ask = served(postgresql, "\n".join([TYPES, *tables]))
    return ask, door.database, built_of(door.database).schema.graphql_schema.type_map


def rows_of(one: Sorted) -> list[dict[str, object]]:
    values = [(2, one.low, None), (1, one.high, 2), (3, None, 1), (4, one.high, 1), (5, one.low, 1)]
    return [{"id": i, "x": x, "parentId": parent} for i, x, parent in values]


def expected(one: Sorted) -> dict[str, object]:
    """Return what COMPARED answers of these rows."""
    ids = {
        "eq": [1, 4],
        "neq": [2, 5],
        "gt": [1, 4],
        "gte": [1, 2, 4, 5],
        "lt": [2, 5],
        "lte": [1, 2, 4, 5],
        "in": [2, 5],
        "nin": [1, 4],
        "none": [],
        "related": [3, 4, 5],
        "following": [1, 3, 4, 5, 2],
        "counted": [1],
    }
    ordered = [(1, one.high), (4, one.high), (2, one.low), (5, one.low), (3, None)]
    values = [{"x": one.low}, {"x": one.high}, {"x": None}]
    extremes = {"max": {"x": one.high}, "min": {"x": one.low}} if one.extremes else {}
    counts = zip(values, (2, 2, 1), strict=True)
    return {name: [{"id": i} for i in found] for name, found in ids.items()} | {
        "ordered": [{"id": i, "x": x} for i, x in ordered],
        "distinct": values,
        "nested": [{"children": values}],
        "total": {"aggregate": {"count": 2} | extremes},
        "groups": [{"keys": key, "aggregate": {"count": n}} for key, n in counts],
    }


def query_of(one: Sorted, fields: dict[str, GraphQLField]) -> str:
    (children,) = (name for name in fields if name.startswith("s") and name.endswith("s"))
    texts = {
        "NAME": f"s{one.table.capitalize()}",
        "T!": f"{fields['x'].type}!",
        "EXTREMES": "max { x } min { x }" if one.extremes else "",
        "children(": f"children: {children}(",
        "childrenAggregate": f"{children}Aggregate",
    }
    query = COMPARED
    for old, new in texts.items():
        query = query.replace(old, new)
    return query


def numbers(value: object) -> object:
    """Return numbers as `both_ways` spells them."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return f"number {value}" if isinstance(value, int) else value


def test_every_type_with_an_order_is_compared_sorted_and_grouped(types) -> None:
    ask, database, fields = types
    built = built_of(database)
    found, wanted = {}, {}
    for one in SORTED:
        kind = f"S{one.table.capitalize()}"
        rows = (
            f"mutation($rows: [{kind}InsertInput!]!) {{ insert{kind}(objects: $rows) {{ COUNT }} }}"
        )
        ask(rows.replace("COUNT", "affectedRows"), {"rows": rows_of(one)}).data  # noqa: B018
        query = query_of(one, fields[kind].fields)
        answers = both_ways(database, built, query, {"low": one.low, "high": one.high})
        found[one.type] = dict(zip(NAMES, answers, strict=True))
        want = numbers(expected(one))
        wanted[one.type] = {name: (want[name], want[name]) for name in NAMES}

    assert found == wanted


def steps_of(one: Sorted) -> list[tuple[str, object]]:
    """Return fields by a key of the type, and what each answers; `@K`, `@k` name the table."""
    low, high = {"x": one.low}, {"x": one.high}
    return [
        (
            "insert@K(objects: [{x: $high, n: 1}, {x: $low, n: 2}]) { returning { x n } }",
            {"returning": [high | {"n": 1}, low | {"n": 2}]},
        ),
        ("@kByPk(x: $high) { x n }", high | {"n": 1}),
        ("update@KByPk(pkColumns: {x: $low}, _set: {n: 3}) { x n }", low | {"n": 3}),
        (
            "update@K(where: {x: {_eq: $low}}, _set: {n: 4}) { returning { x n } }",
            {"returning": [low | {"n": 4}]},
        ),
        (
            """save@K(pkColumns: {x: $low}, _set: {x: $low, n: 5}, _expect: {x: $low, n: 4}) {
                changes { field } row { x n } }""",
            {"changes": [{"field": "n"}], "row": low | {"n": 5}},
        ),
        (
            """insert@KOne(object: {x: $low, n: 6}, onConflict: {constraint: @kPkey,
                updateColumns: [n]}) { x n }""",
            low | {"n": 6},
        ),
        ("delete@KByPk(x: $low) { x }", low),
        ("delete@K(where: {x: {_eq: $high}}) { affectedRows }", {"affectedRows": 1}),
    ]


def asked(types, one: Sorted, field: str) -> object:
    """Return the answer of a field of the table whose key is of the type."""
    ask, _, fields = types
    kind = f"K{one.table.capitalize()}"
    declared = fields[f"{kind}InsertInput"].fields["x"].type
    given = {name: getattr(one, name) for name in ("low", "high") if f"${name}" in field}
    head = ", ".join(f"${name}: {declared}!" for name in given)
    word = "query" if field.startswith("@k") else "mutation"
    field = field.replace("@K", kind).replace("@k", f"k{kind[1:]}")
    reply = ask(f"{word}{f'({head})' if head else ''} {{ answer: {field} }}", given)
    return reply.json["data"]["answer"] if reply.json.get("data") else reply.error


def test_every_type_with_an_order_is_a_key(types) -> None:
    found, wanted = {}, {}
    for one in SORTED:
        steps = steps_of(one)
        found[one.type] = [asked(types, one, field) for field, _ in steps]
        wanted[one.type] = [answer for _, answer in steps]

    assert found == wanted


def test_pages_follow_a_key_of_every_type(types) -> None:
    for one in SORTED:
        asked(types, one, steps_of(one)[0][0])
        (first,) = asked(types, one, "@kConnection(first: 1) { edges { cursor } }")["edges"]
        page = f"""@kConnection(first: 1, after: "{first["cursor"]}") {{ edges {{ node {{ x }} }}
            pageInfo {{ hasPreviousPage hasNextPage }} }}"""

        assert asked(types, one, page) == {
            "edges": [{"node": {"x": one.high}}],
            "pageInfo": {"hasPreviousPage": True, "hasNextPage": False},
        }, one.type


def test_a_value_that_a_type_refuses_is_the_clients_error(types) -> None:
    ask, _, fields = types
    found = {}
    for one in SORTED:
        kind, declared = one.table.capitalize(), fields[f"S{one.table.capitalize()}"].fields["x"]
        queries = (
            f"query($x: {declared.type}!) {{ s{kind}(where: {{x: {{_eq: $x}}}}) {{ id }} }}",
            f"mutation($x: {declared.type}!) {{ insertS{kind}One(object: {{x: $x}}) {{ id }} }}",
        )
        errors = [ask(query, {"x": one.wrong}).error for query in queries if one.wrong]
        found[one.type] = {(e["extensions"]["code"], e["message"]) for e in errors}

    refusal = ("BAD_USER_INPUT", "A value doesn't fit the type of its column.")
    assert found == {one.type: {refusal} if one.wrong else set() for one in SORTED}


def test_a_longer_bit_string_is_never_cut(types) -> None:
    ask, _, _ = types

    assert ask('{ sBit3(where: {x: {_eq: "1010"}}) { id } }').data == {"sBit3": []}
    reply = ask('mutation { insertSBit3One(object: {id: 1, x: "1010"}) { x } }')
    assert reply.code == "BAD_USER_INPUT"


def test_a_value_outside_a_domain_is_in_no_row(types) -> None:
    ask, _, _ = types

    assert ask('{ sHost(where: {x: {_eq: "::1"}}) { id } }').data == {"sHost": []}
    reply = ask('mutation { insertSHostOne(object: {id: 1, x: "::1"}) { x } }')
    assert reply.code == "CONSTRAINT_VIOLATION"


def test_money_depends_on_no_locale(postgresql, served, door) -> None:
    """In de_DE it is written 1.234,50 €, and such texts are what a cast to text gives."""
    sql = """CREATE TABLE account (id INT PRIMARY KEY, m MONEY, list MONEY[]);
        INSERT INTO account VALUES (1, 1234.5, '{2.5}'), (2, 0.25, NULL);"""
    ask = served(postgresql, sql)
    name = door.database.url.rpartition("/")[2]
    execute(door.database.url, f"ALTER DATABASE \"{name}\" SET lc_monetary = 'C'")
    query = """mutation { updateAccountByPk(pkColumns: {id: 1}, _inc: {m: "0.75"},
        _set: {list: ["1000.25"]}) { m list } }"""

    assert ask(query).data["updateAccountByPk"] == {"m": "1235.25", "list": ["1000.25"]}
    query = """{ account(where: {m: {_gt: "0.254"}}) { id }
        accountAggregate { aggregate { sum { m } avg { m } max { m } stddev { m } } }
        accountGroupBy(by: [id], having: {aggregate: {sum: {m: {_lt: "1"}}}}) { keys { id } } }"""
    found = both_ways(door.database, built_of(door.database), query)
    assert found[0] == ([{"id": "number 1"}],) * 2
    assert (
        found[1]
        == (
            {
                "aggregate": {
                    "sum": {"m": "1235.50"},
                    "avg": {"m": "number 617.75"},
                    "max": {"m": "1235.25"},
                    "stddev": {"m": "number 873.2768747653862"},
                }
            },
        )
        * 2
    )
    assert found[2] == ([{"keys": {"id": "number 2"}}],) * 2
    row = door.database.get_model("account").objects.get(pk=1)
    assert str(row.m) == "1235.25"
    row.m += 1
    row.save()
    assert ask("{ accountByPk(id: 1) { m } }").data["accountByPk"] == {"m": "1236.25"}


NAMES = re.findall(r"^    (\w+): ", COMPARED, re.MULTILINE)
