"""Types of PostgreSQL that have no order, or no equality either."""

from __future__ import annotations

import pytest

from tests.fixtures.schemas import both_ways, built_of
from tests.schema.test_compared_types import TYPES

EQUAL = [
    ("xid", "7"),
    ("hstore", '"a"=>"1"'),
    ("xid[]", ["7"]),
]
ALONE = {
    "json": "'1'",
    "cid": "'7'",
    "xml": "'<a/>'",
    "point": "'(1,2)'",
    "box": "'(1,2),(0,0)'",
    "path": "'((1,2))'",
    "place": "'(x,\"(1,2)\")'",
    "json[]": "'{1}'",
    "point[]": "ARRAY['(1,2)'::point]",
    "box[]": "'{(1,2),(0,0)}'",
    "xml[]": "'{<a/>}'",
}


def test_what_cant_be_sorted_is_compared_alone(postgresql, served, door) -> None:
    columns = ", ".join(f"c{i} {name}" for i, (name, _) in enumerate(EQUAL))
    ask = served(postgresql, f"{TYPES} CREATE TABLE t (id INT PRIMARY KEY, {columns})")
    built = built_of(door.database)
    types = built.schema.graphql_schema.type_map
    for i, (name, value) in enumerate(EQUAL):
        comparison = types["TBoolExp"].fields[f"c{i}"].type
        insert = f"mutation($x: {types['T'].fields[f'c{i}'].type}) {{ insertTOne(object: "
        ask(f"{insert} {{id: {i}, c{i}: $x}}) {{ id }} }}", {"x": value}).data  # noqa: B018
        query = f"""query($x: {types["T"].fields[f"c{i}"].type}!) {{
            t(where: {{c{i}: {{_eq: $x, _in: [$x]}}}}) {{ id }}
            none: t(where: {{c{i}: {{_neq: $x}}}}) {{ id }} }}"""
        rows, none = both_ways(door.database, built, query, {"x": value})

        assert set(comparison.fields) >= {"_eq", "_neq", "_in", "_nin", "_isNull"}, name
        assert "_gt" not in comparison.fields
        assert f"c{i}" not in types["TOrderBy"].fields
        assert rows == ([{"id": f"number {i}"}],) * 2
        assert none == ([], [])


def test_what_cant_be_compared_is_offered_nothing(postgresql, served, door) -> None:
    """No operator, no order, and no field that always fails."""
    columns = ", ".join(f"c{i} {name}" for i, name in enumerate(ALONE))
    values = ", ".join(ALONE.values())
    table = f"CREATE TABLE t (id INT PRIMARY KEY, {columns}); INSERT INTO t VALUES (1, {values});"
    ask = served(postgresql, TYPES + table)
    types = built_of(door.database).schema.graphql_schema.type_map
    for i, name in enumerate(ALONE):
        field = f"c{i}"
        queries = (
            f"{{ tAggregate {{ aggregate {{ count(columns: [{field}], distinct: true) }} }} }}",
            f"{{ tGroupBy(by: [{field}]) {{ aggregate {{ count }} }} }}",
            f"{{ t(distinctOn: [{field}]) {{ id }} }}",
        )
        refusals = [ask(query) for query in queries]
        offered = set(types["TSelectColumn"].values) | set(types["TGroupKeys"].fields)

        operators = set(types["TBoolExp"].fields[field].type.fields)
        assert operators == {"_isNull", *(["_cast"] if name == "json" else [])}, name
        assert field not in types["TOrderBy"].fields
        assert offered == {"id"}
        assert {reply.code for reply in refusals} == {"GRAPHQL_VALIDATION_FAILED"}
        assert all(f"'{field}'" in r.error["message"] for r in refusals)


NOTHING = [
    "{ tGroupBy(by: [id]) { aggregate { count } } }",
    "{ t(distinctOn: [id]) { doc } }",
    "{ tAggregate { aggregate { count(columns: [doc]) } } }",
]


@pytest.mark.parametrize("query", NOTHING)
def test_a_table_without_comparable_columns_is_grouped_by_nothing(
    postgresql, served, query
) -> None:
    ask = served(
        postgresql,
        """CREATE TABLE t (doc JSON); INSERT INTO t VALUES ('1'), (NULL)""",
    )

    assert ask(query).code == "GRAPHQL_VALIDATION_FAILED"
    assert ask("{ t { doc } tAggregate { aggregate { count } } }").data == {
        "t": [{"doc": 1}, {"doc": None}],
        "tAggregate": {"aggregate": {"count": 2}},
    }
