"""One SQL text and the slots of its values, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from schema.plan.nodes import Slot

# Stands where a value goes while a text is being put together; no identifier can hold it.
PLACE = "\0"
Binder = Callable[[Any], Any]


@dataclass(frozen=True)
class Sql:
    """A piece of SQL and its slots; pieces are put together with `sql()` and `joined()`."""

    text: str
    slots: tuple[Slot, ...] = ()

    def __add__(self, other: Sql) -> Sql:
        return Sql(self.text + other.text, self.slots + other.slots)


@dataclass(frozen=True)
class Statement:
    """A finished statement: the driver's text, and a binder for each of its values.

    The columns `json_columns` hold JSON, which goes to the client as the bytes it came in.
    `is_answer` says that one JSON text is all that comes back, `is_list` that each row is a text
    of a list.
    """

    sql: str
    slots: tuple[Slot, ...]
    binders: tuple[Binder, ...]
    is_answer: bool = False
    json_columns: range = range(0)
    is_list: bool = False

    @cached_property
    def only_reads(self) -> bool:
        return self.sql.startswith("SELECT")

    def parameters(self, variables: Mapping[str, Any]) -> list[Any]:
        """Return the values for one request. Raises BadUserInput for one its type can't hold."""
        return [
            bind(slot.operand.read(variables))
            for slot, bind in zip(self.slots, self.binders, strict=True)
        ]


def sql(template: str, *parts: Sql | str) -> Sql:
    """Put `parts` where `template` has `{}`; text in `parts` is SQL already."""
    slots: list[Slot] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, Sql):
            texts.append(part.text)
            slots += part.slots
        else:
            texts.append(part)
    return Sql(template.format(*texts), tuple(slots))


def joined(separator: str, parts: Iterable[Sql | str]) -> Sql:
    """Put `parts` side by side."""
    pieces = [part if isinstance(part, Sql) else Sql(part) for part in parts]
    slots = tuple(slot for piece in pieces for slot in piece.slots)
    return Sql(separator.join(piece.text for piece in pieces), slots)


def value_of(slot: Slot) -> Sql:
    """The bare placeholder of a slot."""
    return Sql(PLACE, (slot,))
