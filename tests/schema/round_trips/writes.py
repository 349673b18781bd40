"""What is written is stored to the letter; what was answered is written back without a trace."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from schema import exact_numbers
from tests.fixtures.vendors import SQLITE
from tests.schema.round_trips.held import Held

Row = dict[str, Any]


def check_writes(held: Held, rows: list[Row]) -> None:
    known = [row for row in rows if row["x"] is not None]
    _check_written_back(held, known)
    _check_saved(held, known)


def _check_written_back(held: Held, rows: list[Row]) -> None:
    """Each way to write leaves a cell as it is whose answer comes back.

    The first row is written by a request for each way, the others by one request for all of them.
    """
    before = held.letters()
    declared = held.input_type("HeldSetInput", "x")
    row = "{ id: $id, x: $x, g: 7 }"
    ways = {
        "updateByPk": "updateHeldByPk(pkColumns: {id: $id}, _set: {x: $x}) { x }",
        "updateTwo": "updateHeldByPk(pkColumns: {id: $id}, _set: {x: $x, g: 5}) { x }",
        "update": "updateHeld(where: {id: {_eq: $id}}, _set: {x: $x, g: 6}) { returning { x } }",
        "save": "saveHeld(pkColumns: {id: $id}, _set: {x: $x}, _expect: {x: $x}) { row { x } }",
        "upsert": f"insertHeldOne(object: {row}, onConflict: {{constraint: KEY, "
        "updateColumns: [x, g]}) { x }",
    }
    (key,) = held.schema.type_map["HeldConstraint"].to_kwargs()["values"]
    for number, one in enumerate(rows):
        for names in [list(ways)] if number else [[way] for way in ways]:
            fields = " ".join(f"{way}: {ways[way].replace('KEY', key)}" for way in names)
            query = f"mutation ($id: Int!, $x: {declared}) {{ {fields} }}"
            data = held.data(query, {"id": one["id"], "x": one["x"]})
            held.check(_shows(data, one["x"]), f"{names}: an answer is another:", one, data)
    after = held.letters()
    changed = {n: (before[n], after[n]) for n in before if before[n] != after[n]}
    held.check(not changed, "written back, cells change:", changed)


def _shows(data: Any, value: Any) -> bool:
    """Return whether an answer's cell `x` is this value."""
    if isinstance(data, list):
        return all(_shows(item, value) for item in data)
    if isinstance(data, dict):
        return all(
            is_same(item, value) if key == "x" else _shows(item, value)
            for key, item in data.items()
        )
    return True


def is_same(left: Any, right: Any) -> bool:
    """Return whether two values are the same to the letter."""
    return exact_numbers.dumps(left) == exact_numbers.dumps(right)


def _check_saved(held: Held, rows: list[Row]) -> None:
    """Each row gets the next one's value, over that which was answered and is expected."""
    before = held.letters()
    declared = held.input_type("HeldSetInput", "x")
    query = f"""mutation ($id: Int!, $new: {declared}, $old: {declared}) {{
        saveHeld(pkColumns: {{id: $id}}, _set: {{x: $new}}, _expect: {{x: $old}}) {{
            row {{ x }} changes {{ before after }} }} }}"""
    pairs = list(pairwise([*rows, *rows[:1]]))
    for old, new in pairs:
        variables = {"id": old["id"], "new": new["x"], "old": old["x"]}
        saved = held.data(query, variables)["saveHeld"]
        held.check(_shows(saved["row"], new["x"]), "a save answers otherwise:", saved, new)
        held.check(
            is_same(old["x"], new["x"]) or saved["changes"],
            "a save changes nothing:",
            old,
            new,
            saved,
        )
    if held.column.vendor is not SQLITE:  # which keeps many spellings of a value
        after = held.letters()
        wrong = [(o, n, after[o["id"]], before[n["id"]]) for o, n in pairs]
        wrong = [one for one in wrong if one[2] != one[3]]
        held.check(not wrong, "stored otherwise (old, new, stored, wanted):", wrong)
