"""Aggregates of floats near the largest ones: right, null, or the server's own refusal."""

from __future__ import annotations

import pytest

from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

SQL = """CREATE TABLE held (id INTEGER PRIMARY KEY, g INTEGER, x DOUBLE PRECISION);
    INSERT INTO held VALUES (1, 1, 1e308), (2, 1, 9e307), (3, 2, 1e300), (4, 2, NULL),
      (5, 3, 2e200), (6, 3, 4e200), (7, 4, 0.5), (8, 4, 1.5), (9, 5, NULL), (10, 6, 5e-324);"""
QUERY = """{ heldGroupBy(by: [g]) { keys { g }
    aggregate { count sum { x } avg { x } stddev { x } varPop { x } max { x } } } }"""


@pytest.fixture(params=[SQLITE, MARIADB], ids=lambda vendor: vendor.name)
def database(request, new_database):
    """A database of a server that raises no error for a result that it can't hold."""
    return new_database(present(request.param), SQL)


def answers(database, query: str) -> object:
    ((exact, portable),) = both_ways(database, built_of(database), query)

    assert exact == portable
    return exact


def floats(group: dict[str, object]) -> dict[str, object]:
    """Return a group's aggregates of x as floats."""
    found = {name: value["x"] for name, value in group["aggregate"].items() if name != "count"}
    return {name: v and float(v.removeprefix("number ")) for name, v in found.items()}


def test_what_no_float_holds_is_null(database) -> None:
    groups = answers(database, QUERY)

    assert [group["aggregate"]["count"] for group in groups] == [
        f"number {n}" for n in (2, 2, 2, 2, 1, 1)
    ]
    first, second, third, fourth, fifth, sixth = map(floats, groups)
    assert first == {"sum": None, "avg": None, "stddev": None, "varPop": None, "max": 1e308}
    assert (second["sum"], second["avg"], second["max"]) == (1e300, 1e300, 1e300)
    assert (third["sum"], third["avg"], third["varPop"]) == (6e200, 3e200, None)
    assert (fourth["sum"], fourth["avg"], fourth["varPop"]) == (2.0, 1.0, 0.25)
    assert set(fifth.values()) == {None}
    assert (sixth["sum"], sixth["max"]) == (5e-324, 5e-324)


def test_conditions_and_orders_of_such_aggregates(database) -> None:
    query = """{ heldGroupBy(by: [g], having: {aggregate: {sum: {x: {_gte: 2}}}},
        orderBy: [{aggregate: {avg: {x: DESC_NULLS_LAST}}}]) { keys { g } } }"""

    groups = answers(database, query)
    assert [group["keys"]["g"] for group in groups] == ["number 2", "number 3", "number 4"]


def test_aggregates_of_all_rows(database) -> None:
    found = answers(database, "{ heldAggregate { aggregate { count sum { x } avg { x } } } }")

    assert found == {
        "aggregate": {"count": "number 10", "sum": {"x": None}, "avg": {"x": None}},
    }


def test_postgresql_refuses_what_it_can_not_hold(door, new_database, tenant_of, postgresql) -> None:
    """The request is refused with words; without such values it answers."""
    _, door.token = tenant_of("acme", production=new_database(POSTGRESQL, SQL))
    query = "query($g: Int!) { heldAggregate(where: {g: {_eq: $g}}) { aggregate { sum { x } } } }"

    refused = door.query("/t/acme/graphql", query, {"g": 1})
    assert (refused.status, refused.code) == (200, "BAD_USER_INPUT")
    assert door.query("/t/acme/graphql", query, {"g": 3}).data["heldAggregate"] == {
        "aggregate": {"sum": {"x": 6e200}}
    }
