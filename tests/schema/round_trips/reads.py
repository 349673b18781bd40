"""What filters, orders, pages and groups must give of values that were answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from tests.fixtures.databases import execute
from tests.fixtures.vendors import SQLITE
from tests.schema.round_trips.held import Held, ids

_OTHERS = ("_isNull", "_cast")  # whose operand is no value of the column
_LISTS = {"_in", "_nin"}
# Operands that are patterns, keys or paths instead of values, by a part of the operator's name.
_OPERANDS = {
    "like": "a",
    "similar": "a",
    "regex": "a",
    "matches": "a",
    "key": "a",
    "path": "$ == 1",
}
_LIST = "query ($o: [HeldOrderBy!]) { held(orderBy: $o) { id } }"
_PAGES = """query ($c: String, $n: Int, $o: [HeldOrderBy!]) {{
    heldConnection({}: $n, {}: $c, orderBy: $o) {{
        edges {{ node {{ id }} }} pageInfo {{ more: {} end: {} }} }} }}"""
_FORWARD = _PAGES.format("first", "after", "hasNextPage", "endCursor")
_BACKWARD = _PAGES.format("last", "before", "hasPreviousPage", "startCursor")
# Orders, and the rows of their pages.
_ORDERS: tuple[tuple[list[dict[str, str]], int], ...] = (
    ([{"x": "ASC"}], 1),
    ([{"x": "DESC"}], 3),
    ([{"x": "ASC_NULLS_FIRST"}], 4),
    ([{"g": "DESC"}, {"x": "ASC"}], 2),
)
Found = Mapping[str, set[int]]  # operator → the rows that it finds
Row = dict[str, Any]


def check_filters(held: Held, rows: list[Row]) -> dict[int, Found]:
    """Every operator works; what was answered finds its row and is unequal to no row.

    Returns for each row with a value what each operator finds of it.
    """
    comparison = held.input_type("HeldBoolExp", "x")
    assert comparison is not None
    operators = [
        name
        for name in comparison.to_kwargs()["fields"]
        if name not in (*_OTHERS, *held.column.lacks)
    ]
    present = set(ids(held.data("{ held(where: {x: {_isNull: false}}) { id } }")["held"]))
    answered: dict[int, Found] = {}
    for row in (row for row in rows if row["x"] is not None):
        found = _found_by(held, operators, row["x"])
        alike = {other["id"] for other in rows if other["x"] == row["x"]}
        _check_equality(held, row, found, alike, present)
        _check_order(held, row, found, present)
        answered[row["id"]] = found
    _check_with_sql(held, answered)
    return answered


def _found_by(held: Held, operators: Iterable[str], value: Any) -> dict[str, set[int]]:
    """Ask every operator for a value with one request."""
    declared, parts, variables = [], [], {}
    for number, operator in enumerate(operators):
        operand = held.input_type("HeldBoolExp", "x", operator)
        variable, name = f"v{number}", operator.lower()
        plain = next((text for part, text in _OPERANDS.items() if part in name), value)
        many = operator in _LISTS or "Keys" in operator
        variables[variable] = [plain] if many else plain
        declared.append(f"${variable}: {operand}")
        parts.append(f"{operator}: held(where: {{x: {{{operator}: ${variable}}}}}) {{ id }}")
    if not parts:
        return {}
    data = held.data(f"query ({', '.join(declared)}) {{ {' '.join(parts)} }}", variables)
    return {operator: set(ids(data[operator])) for operator in data}


def _check_equality(held: Held, row: Row, found: Found, alike: set[int], present: set[int]) -> None:
    if "_eq" not in found:
        return
    equal, unequal = found["_eq"], found["_neq"]
    held.check(alike <= equal, "_eq doesn't find its row:", row, equal)
    held.check(not alike & unequal, "_neq finds its own row:", row, unequal)
    held.check(equal | unequal == present, "_eq and _neq aren't all:", row, equal, unequal)
    held.check(not equal & unequal, "_eq and _neq overlap:", row, equal, unequal)
    if is_respelled(held):
        held.check(equal == alike, "_eq finds rows answered otherwise:", row, equal)
    if "_in" in found:
        held.check(found["_in"] == equal, "_in isn't _eq:", row, found["_in"], equal)
        held.check(found["_nin"] == unequal, "_nin isn't _neq:", row, found["_nin"], unequal)


def is_respelled(held: Held) -> bool:
    """Return whether values are compared as they are answered: SQLite's words mean nothing."""
    return held.column.vendor is SQLITE and "COLLATE" not in held.column.type


def _check_order(held: Held, row: Row, found: Found, present: set[int]) -> None:
    if "_lt" not in found:
        return
    less, equal, more = found["_lt"], found["_eq"], found["_gt"]
    held.check(found["_lte"] == less | equal, "_lte isn't _lt or _eq:", row, found)
    held.check(found["_gte"] == more | equal, "_gte isn't _gt or _eq:", row, found)
    pairs = combinations((less, equal, more), 2)
    held.check(not any(a & b for a, b in pairs), "_lt, _eq, _gt overlap:", row, found)
    held.check(less | equal | more == present, "_lt, _eq, _gt aren't all:", row, found)


def _check_with_sql(held: Held, answered: Mapping[int, Found]) -> None:
    """The server says itself which cells are equal."""
    if is_respelled(held) or not any("_eq" in found for found in answered.values()):
        return
    on = held.column.equals
    pairs = execute(held.url, f"SELECT a.id, b.id FROM held a JOIN held b ON {on}")
    for number, found in answered.items():
        equal = {other for own, other in pairs if own == number}
        held.check(found["_eq"] == equal, "_eq isn't SQL's =:", number, found["_eq"], equal)


def check_orders(held: Held, rows: list[Row], found: Mapping[int, Found]) -> None:
    """A list is in the order of its comparisons, and pages of it hold each row once."""
    if held.input_type("HeldOrderBy", "x") is None:
        return
    for order, size in _ORDERS:
        listed = ids(held.data(_LIST, {"o": order})["held"])
        held.check(sorted(listed) == sorted(ids(rows)), "a list loses rows:", order, listed)
        if len(order) == 1 and not _is_kept_apart(held):
            _check_listed(held, order[0]["x"], listed, found)
        for is_backward in (False, True):
            paged = _pages(held, order, size, is_backward=is_backward)
            held.check(paged == listed, f"pages of {size}:", is_backward, order, paged, listed)


def _is_kept_apart(held: Held) -> bool:
    """SQLite orders UUIDs as they are kept, by an index, whatever their spellings."""
    return held.column.vendor is SQLITE and held.column.type == "UUID"


def _check_listed(held: Held, order: str, listed: list[int], found: Mapping[int, Found]) -> None:
    """Rows that are less come before, those that are more after."""
    before, after = ("_gt", "_lt") if order == "DESC" else ("_lt", "_gt")
    for number, own in found.items():
        if "_lt" in own:
            place = listed.index(number)
            held.check(not own[before] & set(listed[place:]), "order:", order, listed, number, own)
            held.check(not own[after] & set(listed[:place]), "order:", order, listed, number, own)


def _pages(held: Held, order: list[dict[str, str]], size: int, *, is_backward: bool) -> list[int]:
    """Return the ids of all pages, in the order of the list."""
    query = _BACKWARD if is_backward else _FORWARD
    found: list[int] = []
    cursor, has_more = None, True
    while has_more and len(found) <= 40:
        page = held.data(query, {"c": cursor, "o": order, "n": size})["heldConnection"]
        own = [edge["node"]["id"] for edge in page["edges"]]
        found = own + found if is_backward else found + own
        cursor, has_more = page["pageInfo"]["end"], page["pageInfo"]["more"]
    return found


def check_groups(held: Held, rows: list[Row], found: Mapping[int, Found]) -> None:
    """Groups, distinct rows and aggregates agree with equality and order, or aren't offered."""
    queries = (
        "{ heldAggregate { aggregate { count(columns: [x], distinct: true) } } }",
        "{ heldGroupBy(by: [x]) { keys { x } aggregate { count } } }",
        "{ held(distinctOn: [x]) { id x } }",
    )
    if "x" not in held.schema.type_map["HeldSelectColumn"].values:
        codes = {held.reply(query).code for query in queries}
        held.check(codes == {"GRAPHQL_VALIDATION_FAILED"}, "it isn't offered:", codes)
    else:
        counted, groups, distinct = (next(iter(held.data(query).values())) for query in queries)
        _check_sizes(held, rows, found, groups)
        held.check(len(distinct) == len(groups), "distinctOn isn't groupBy:", distinct, groups)
        nulls = held.data("{ held(where: {x: {_isNull: true}}) { id } }")["held"]
        wanted = len(groups) - bool(nulls)
        held.check(counted["aggregate"]["count"] == wanted, "count distinct:", counted, groups)
    _check_ends(held, rows, found)


def _check_sizes(
    held: Held, rows: list[Row], found: Mapping[int, Found], groups: list[Any]
) -> None:
    """A group has all rows that are equal to one of it."""
    sizes = [(group["keys"]["x"], group["aggregate"]["count"]) for group in groups]
    held.check(sum(size for _, size in sizes) == len(rows), "groups lose rows:", groups)
    for row in rows:
        if "_eq" in found.get(row["id"], ()):
            equal = [other["x"] for other in rows if other["id"] in found[row["id"]]["_eq"]]
            own = [size for key, size in sizes if key in equal]
            held.check(own == [len(equal)], "groups of equal rows:", row, equal, groups)


def _check_ends(held: Held, rows: list[Row], found: Mapping[int, Found]) -> None:
    """The least value and the greatest are those that no row is less or more than."""
    fields = held.schema.type_map["HeldAggregateFields"].fields
    ends = [name for name in ("min", "max") if name not in held.column.lacks]
    own = [name for name in ends if "x" in _fields_of(fields, name)]
    if own:
        asked = " ".join(f"{name} {{ x }}" for name in own)
        data = held.data(f"{{ heldAggregate {{ aggregate {{ {asked} }} }} }}")
        values = {name: one["x"] for name, one in data["heldAggregate"]["aggregate"].items()}
        is_whole = len(found) == len(rows) - 1  # all but NULL is answered
        for name, operator in (("min", "_lt"), ("max", "_gt")):
            if name in values and is_whole and found:
                last = [r["x"] for r in rows if r["id"] in found and not found[r["id"]][operator]]
                held.check(values[name] in last, f"{name} isn't an end:", values, last)


def _fields_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return fields[name].type.of_type.fields if name in fields else {}
