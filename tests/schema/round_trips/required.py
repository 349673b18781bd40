"""A field that the schema declares required is never null: it is an error in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schema.uncarried import is_mark
from tests.fixtures.schemas import both_ways
from tests.schema.round_trips.held import Held
from tests.schema.round_trips.writes import is_same

_ALL = "{ required(orderBy: [{id: ASC}]) { id x } held { id } }"
_ONE = "query ($id: Int!) { requiredByPk(id: $id) { x } held(limit: 1) { id } }"


def check_required(held: Held, values: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """`rows` are those of the same values in a column that may be null."""
    held.fill("required", values)
    is_nullable = not str(held.schema.type_map["Required"].fields["x"].type).endswith("!")
    answers = {row["id"]: row["x"] for row in rows}
    for number in range(1, len(values) + 1):
        if is_nullable or answers[number] is not None:
            data = held.data(_ONE, {"id": number})["requiredByPk"]
            held.check(is_same(data["x"], answers[number]), "required otherwise:", data)
        else:
            _check_refused(held, number)
    _check_list(held, is_nullable or None not in [answers[n + 1] for n in range(len(values))])
    ((exact, by_orm),) = both_ways(held.database, held.built, "{ required { x } }")
    held.check(_unmarked(exact) == _unmarked(by_orm), "two executions:", exact, by_orm)


def _unmarked(rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Return the cells, None for one that is marked."""
    return [None if is_mark(row["x"], is_date=True) else row["x"] for row in rows]


def _check_refused(held: Held, number: int) -> None:
    """The row is null, as its field may be; the other field of the answer stays."""
    reply = held.reply(_ONE, {"id": number})
    held.check("errors" in reply.json, "no error:", reply.json)
    error, data = reply.error, reply.json["data"]
    held.check(error["path"] == ["requiredByPk", "x"], "which cell?", error)
    held.check("required.x" in error["message"], "which column?", error)
    held.check(data["requiredByPk"] is None and data["held"], "what is left?", reply.json)


def _check_list(held: Held, is_whole: bool) -> None:
    """A list of rows that may not be null has no other place for a null than `data`."""
    reply = held.reply(_ALL)
    if is_whole:
        held.check("errors" not in reply.json, "an error:", reply.json)
    else:
        held.check(reply.json["data"] is None, "what is left?", reply.json)
        held.check(reply.error["path"][::2] == ["required", "x"], "which cell?", reply.json)
