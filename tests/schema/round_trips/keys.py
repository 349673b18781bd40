"""A row is found, changed and removed by the key and the global id that were answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.fixtures.vendors import SQLITE
from tests.schema.round_trips.held import Held

Row = dict[str, Any]


def check_keys(held: Held, values: Sequence[str]) -> None:
    """Keys that are answered alike are refused in words, so they are left out."""
    if "KeyedPkColumnsInput" not in held.schema.type_map:
        return
    if held.column.vendor is SQLITE and held.column.type == "JSON":
        return  # a text with white space, which clients don't keep
    held.fill("keyed", values, number="n", unique=True)
    fields = held.schema.type_map["Keyed"].fields
    global_id = next(name for name, one in fields.items() if str(one.type) == "ID!")
    rows = held.data(f"{{ keyed {{ x n node: {global_id} }} }}")["keyed"]
    _check_connection(held)
    answers = [row["x"] for row in rows]
    for row in rows:
        if row["x"] is not None and answers.count(row["x"]) == 1:
            _check_found(held, row)
            _check_written(held, row)


def _check_connection(held: Held) -> None:
    """Pages come in the order of the list, which is the key's."""
    data = held.data("{ keyedConnection { edges { node { n } } } keyed { n } }")
    paged = [edge["node"] for edge in data["keyedConnection"]["edges"]]
    held.check(paged == data["keyed"], "in the key's order:", paged, data["keyed"])


def _check_found(held: Held, row: Row) -> None:
    declared = held.input_type("KeyedPkColumnsInput", "x")
    query = held.schema.query_type
    assert query is not None
    (argument,) = query.fields["node"].args
    text = f"""query ($x: {declared}, $id: ID!) {{ keyedByPk(x: $x) {{ n }}
        node({argument}: $id) {{ ... on Keyed {{ n }} }} }}"""
    data = held.data(text, {"x": row["x"], "id": row["node"]})
    own = {"n": row["n"]}
    held.check(data == {"keyedByPk": own, "node": own}, "by key and node:", row, data)


def _check_written(held: Held, row: Row) -> None:
    declared = held.input_type("KeyedPkColumnsInput", "x")
    query = f"""mutation ($x: {declared}) {{
        updateKeyedByPk(pkColumns: {{x: $x}}, _inc: {{g: 5}}) {{ n x }} }}"""
    data = held.data(query, {"x": row["x"]})["updateKeyedByPk"]
    held.check(data == {"n": row["n"], "x": row["x"]}, "update by key:", row, data)
    query = f"mutation ($x: {declared}) {{ deleteKeyedByPk(x: $x) {{ n }} }}"
    data = held.data(query, {"x": row["x"]})["deleteKeyedByPk"]
    held.check(data == {"n": row["n"]}, "delete by key:", row, data)
