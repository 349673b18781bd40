"""Results equal a reference of plain SQL, one query per list, on generated schemas and data."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fixtures.databases import drop_database, execute
from tests.fixtures.schemas import both_ways, built_of

TABLES = ("house", "room", "chair")
CHILDREN = {"house": "room", "room": "chair"}
INTEGERS = st.sampled_from([None, -1, 0, 1, 2, 3])
TEXTS = st.sampled_from([None, "", "a", "b", "ab", "it's", "ß", "%", "A"])
OPERATORS = {"_eq": "=", "_neq": "<>", "_gt": ">", "_gte": ">=", "_lt": "<", "_lte": "<="}


@dataclass(frozen=True)
class World:
    """What the databases hold: each table's columns, and its rows."""

    columns: dict[str, list[str]]
    rows: dict[str, list[tuple]]

    def sql(self) -> str:
        return "\n".join(self._table(i, name) for i, name in enumerate(TABLES))

    def _table(self, number: int, name: str) -> str:
        columns = [f"{c} {'INTEGER' if c[0] == 'n' else 'VARCHAR(20)'}" for c in self.columns[name]]
        parent = TABLES[number - 1] if number else None
        link = [f"{parent}_id INTEGER REFERENCES {parent}(row_no)"] if parent else []
        made = f"CREATE TABLE {name} (row_no INTEGER PRIMARY KEY, {', '.join([*link, *columns])});"
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in self.rows[name])
        return made + (f" INSERT INTO {name} VALUES {values};" if values else "")


@dataclass(frozen=True)
class Lists:
    """A list to read: GraphQL and SQL are both written from this."""

    table: str
    columns: list[str]
    where: list = field(default_factory=list)
    order: list[tuple[str, str]] = field(default_factory=list)
    limit: int | None = None
    offset: int | None = None
    child: Lists | None = None
    in_fragment: bool = False


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


@st.composite
def worlds(draw) -> World:
    columns = {
        t: [f"n{i}" for i in range(draw(st.integers(1, 2)))]
        + [f"s{i}" for i in range(draw(st.integers(1, 2)))]
        for t in TABLES
    }
    rows: dict[str, list[tuple]] = {}
    parents: list[int] = []
    for table in TABLES:
        keys = draw(st.lists(st.integers(1, 9), unique=True, max_size=6))
        rows[table] = [
            (
                key,
                *([draw(st.sampled_from([None, *parents]))] if table != "house" else []),
                *(draw(INTEGERS if c[0] == "n" else TEXTS) for c in columns[table]),
            )
            for key in keys
        ]
        parents = keys
    return World(columns, rows)


@st.composite
def filters(draw, world: World, table: str, depth: int = 2):
    kinds = ["compare", "compare", "null", "in"] + (["and", "or", "not", "child"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind in ("and", "or"):
        return (kind, draw(st.lists(filters(world, table, depth - 1), max_size=3)))
    if kind == "not" or (kind == "child" and table not in CHILDREN):
        return ("not", draw(filters(world, table, depth - 1)))
    if kind == "child":
        return ("child", CHILDREN[table], draw(filters(world, CHILDREN[table], depth - 1)))
    column = draw(st.sampled_from(world.columns[table]))
    values = (INTEGERS if column[0] == "n" else TEXTS).filter(lambda value: value is not None)
    if kind == "null":
        return ("null", column, draw(st.booleans()))
    if kind == "in":
        return (
            "in",
            column,
            draw(st.sampled_from(["_in", "_nin"])),
            draw(st.lists(values, max_size=3)),
        )
    return ("compare", column, draw(st.sampled_from(list(OPERATORS))), draw(values))


@st.composite
def lists(draw, world: World, table: str = "house") -> Lists:
    columns = world.columns[table]
    directions = st.sampled_from(["ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_LAST"])
    return Lists(
        table,
        draw(st.lists(st.sampled_from(columns), unique=True, min_size=1)),
        draw(st.lists(filters(world, table), max_size=2)),
        draw(st.lists(st.tuples(st.sampled_from(columns), directions), max_size=2)),
        draw(st.one_of(st.none(), st.integers(0, 4))),
        draw(st.one_of(st.none(), st.integers(0, 3))),
        draw(lists(world, CHILDREN[table])) if table in CHILDREN and draw(st.booleans()) else None,
        draw(st.booleans()),
    )


def graphql_of(wanted: Lists) -> str:
    fragments: list[str] = []

    def of(node: Lists, name: str) -> str:
        inner = "row_no: rowNo " + " ".join(f"x_{c}: {c}" for c in node.columns)
        if node.child:
            inner += " children: " + of(node.child, f"{node.child.table}s")
        if node.in_fragment:
            fragments.append(
                f"fragment f{len(fragments)} on {node.table.capitalize()} {{ {inner} }}"
            )
            inner = f"...f{len(fragments) - 1}"
        return f"{name}{arguments_of(node)} {{ {inner} }}"

    body = of(wanted, wanted.table)
    return f"{{ {body} }} {' '.join(fragments)}"


def arguments_of(node: Lists) -> str:
    order = ", ".join(f"{{{column}: {direction}}}" for column, direction in node.order)
    parts = [f"where: {{_and: [{', '.join(map(where_of, node.where))}]}}", f"orderBy: [{order}]"]
    parts += [f"limit: {node.limit}"] if node.limit is not None else []
    parts += [f"offset: {node.offset}"] if node.offset is not None else []
    return f"({', '.join(parts)})"


def where_of(condition: tuple) -> str:
    match condition:
        case ("compare", column, operator, value):
            return f"{{{column}: {{{operator}: {json.dumps(value)}}}}}"
        case ("in", column, operator, values):
            return f"{{{column}: {{{operator}: {json.dumps(values)}}}}}"
        case ("null", column, value):
            return f"{{{column}: {{_isNull: {json.dumps(value)}}}}}"
        case ("not", inner):
            return f"{{_not: {where_of(inner)}}}"
        case ("child", child, inner):
            return f"{{{child}s: {where_of(inner)}}}"
        case (kind, parts):
            return f"{{_{kind}: [{', '.join(map(where_of, parts))}]}}"


def sql_of(condition: tuple, table: str, alias: str) -> str:  # noqa: PLR0911 - one per kind
    match condition:
        case ("compare", column, operator, value):
            return f"{alias}.{column} {OPERATORS[operator]} {literal(value)}"
        case ("in", column, operator, values):
            if not values:
                return "1 = 0" if operator == "_in" else "1 = 1"
            keyword = "IN" if operator == "_in" else "NOT IN"
            return f"{alias}.{column} {keyword} ({', '.join(map(literal, values))})"
        case ("null", column, value):
            return f"{alias}.{column} IS {'NULL' if value else 'NOT NULL'}"
        case ("not", inner):
            return f"NOT ({sql_of(inner, table, alias)})"
        case ("child", child, inner):
            own = f"{alias}x"
            condition_sql = sql_of(inner, child, own)
            return (
                f"EXISTS (SELECT 1 FROM {child} {own} "
                f"WHERE {own}.{table}_id = {alias}.row_no AND {condition_sql})"
            )
        case (kind, []):
            return "1 = 1" if kind == "and" else "1 = 0"
        case (kind, parts):
            return (
                "(" + f" {kind.upper()} ".join(sql_of(part, table, alias) for part in parts) + ")"
            )


def reference(url: str, node: Lists, parent: tuple[str, int] | None = None) -> list[dict]:
    """One plain query for this list, one more per row for what is nested in it."""
    conditions = [sql_of(condition, node.table, "r") for condition in node.where]
    conditions += [f"r.{parent[0]}_id = {parent[1]}"] if parent else []
    where = " AND ".join(conditions) or "1 = 1"
    order = "".join(f"{order_of(*term)}, " for term in node.order) + "r.row_no"
    limit = 100 if node.limit is None else node.limit
    columns = ", ".join(["r.row_no", *(f"r.{column}" for column in node.columns)])
    found = execute(
        url,
        (
            f"SELECT {columns} FROM {node.table} r WHERE {where} "
            f"ORDER BY {order} LIMIT {limit} OFFSET {node.offset or 0}"
        ),
    )
    rows = []
    for key, *values in found:
        row = {"row_no": key} | {f"x_{c}": v for c, v in zip(node.columns, values, strict=True)}
        if node.child:
            row["children"] = reference(url, node.child, (node.table, key))
        rows.append(row)
    return rows


def order_of(column: str, direction: str) -> str:
    nulls = {"ASC": "LAST", "DESC": "FIRST"}.get(direction, direction.rpartition("_")[2])
    first = "0" if nulls == "FIRST" else "2"
    return (
        f"CASE WHEN r.{column} IS NULL THEN {first} "
        f"ELSE 1 END, r.{column} {direction.partition('_')[0]}"
    )


@pytest.fixture
def world_of(vendor, new_database, registry):
    """`with world_of(world) as database:` is a database that goes away at the end."""

    @contextmanager
    def make(world: World):
        database = new_database(vendor, world.sql(), name="world")
        try:
            yield database
        finally:
            registry.forget(database.label)
            database.delete()
            drop_database(database.url)

    return make


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes a database
    print_blob=True,
)
@given(data=st.data())
def test_any_world_any_list(world_of, data) -> None:
    world = data.draw(worlds())
    wanted = [data.draw(lists(world)) for _ in range(6)]
    with world_of(world) as database:
        schema = built_of(database)
        for one in wanted:
            query = graphql_of(one)
            ((exact, portable),) = both_ways(database, schema, query)
            assert exact == portable
            assert plain(exact) == reference(database.url, one), query


def plain(tree: object) -> object:
    """Numbers that `both_ways` kept as texts, as numbers again."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(item) for item in tree]
    is_number = isinstance(tree, str) and tree.startswith("number ")
    return int(tree.removeprefix("number ")) if is_number else tree
