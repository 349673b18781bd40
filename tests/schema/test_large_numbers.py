"""Aggregates that no float holds are null: the rest of the answer is as it should be."""

from __future__ import annotations

import pytest

from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import POSTGRESQL

SQL = """CREATE TABLE held (id INTEGER PRIMARY KEY, g INTEGER, x DOUBLE PRECISION);
    INSERT INTO held VALUES (1, 1, 1e308), (2, 1, 9e307), (3, 2, 1e300), (4, 2, NULL),
      (5, 3, 2e200), (6, 3, 4e200), (7, 4, 0.5), (8, 4, 1.5), (9, 5, NULL), (10, 6, 5e-324);"""
NUMBERS = """CREATE TABLE held (id INTEGER PRIMARY KEY, g INTEGER, x NUMERIC, r REAL);
    INSERT INTO held VALUES (1, 1, 1e400, 3e38), (2, 1, 1, 3e38), (3, 2, 1e-400, 0.1),
      (4, 3, 'NaN', 'Infinity');"""
QUERY = """{ heldGroupBy(by: [g]) { keys { g }
    aggregate { count sum { x } avg { x } stddev { x } varPop { x } max { x } } } }"""


@pytest.fixture
def database(vendor, new_database):
    return new_database(vendor, SQL)


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


def test_numbers_of_any_precision(new_database, postgresql) -> None:
    database = new_database(POSTGRESQL, NUMBERS)
    query = QUERY.replace("max { x }", "max { x r } min { r }").replace("sum { x }", "sum { x r }")

    first, second, third = answers(database, query)
    assert first["aggregate"]["sum"] == {"x": f"1{'0' * 399}1", "r": "number 6e+38"}
    assert first["aggregate"]["avg"] == first["aggregate"]["stddev"] == {"x": None}
    assert second["aggregate"]["avg"] == {"x": "number 0"}
    assert second["aggregate"]["sum"]["r"] == "number 0.1"
    assert third["aggregate"]["sum"] == {"x": None, "r": None}
