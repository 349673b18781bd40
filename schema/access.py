"""What a role may see and do, per table and column: a plain value, part of a schema's key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

EVERY = "*"


@dataclass(frozen=True)
class TableAccess:
    """The columns that each operation may touch (`{"*"}` for all; None: not permitted)."""

    select: frozenset[str] | None = None
    insert: frozenset[str] | None = None
    update: frozenset[str] | None = None
    delete: bool = False


@dataclass(frozen=True)
class Access:
    """Per table name (`*` for those not named); hashable, and hashed once: it is part of keys."""

    tables: frozenset[tuple[str, TableAccess]]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.tables)

    def of(self, table: str) -> TableAccess:
        by_name = dict(self.tables)
        return by_name.get(table) or by_name.get(EVERY) or TableAccess()


_ALL = frozenset({EVERY})
FULL_ACCESS = Access(frozenset({(EVERY, TableAccess(_ALL, _ALL, _ALL, delete=True))}))


def permitted(columns: frozenset[str] | None, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that `columns` permits."""
    if columns is None:
        return frozenset()
    return frozenset(names) if EVERY in columns else columns & frozenset(names)
