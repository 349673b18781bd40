"""A column type and the values that its round trips are tried with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor
from tests.schema.round_trips.literals import Literals
from tests.types.cases import CASES

VENDORS = {vendor.name: vendor for vendor in (SQLITE, POSTGRESQL, MARIADB)}


@dataclass(frozen=True)
class ColumnType:
    """A type as SQL writes it, values in SQL, a strategy of more, and SQL that it needs before.

    `equals` is how SQL itself compares two of them; `lacks` are operators the server has not.
    """

    vendor: Vendor
    type: str
    values: tuple[str, ...]
    more: Literals | None = None
    before: str = ""
    equals: str = "a.x = b.x"
    lacks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.vendor.name}-{self.type}"


def documented(name: str, more: Mapping[str, Literals], before: str = "") -> list[ColumnType]:
    """Return the types of a vendor that docs/types.md lists; `more` has strategies by type."""
    return [
        ColumnType(
            VENDORS[name], one.type, tuple(sql for sql, _ in one.values), more.get(one.type), before
        )
        for one in CASES[name]
        if one.written
    ]


def merged(columns: Iterable[ColumnType]) -> list[ColumnType]:
    """Return each type once, with all of its values."""
    found: dict[str, ColumnType] = {}
    for one in columns:
        known = found.get(one.type, one)
        values = tuple(dict.fromkeys((*known.values, *one.values)))
        found[one.type] = replace(
            known,
            values=values,
            more=one.more if known.more is None else known.more,
            before=known.before or one.before,
        )
    return list(found.values())
