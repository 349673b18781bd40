"""What a role may see and do, per table and column: a plain value, part of a schema's key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

EVERY = "*"
# Where tables without a schema's name are, by vendor: catalogs leave it out.
_DEFAULT_SCHEMAS = ("public.", "dbo.", "main.")


@dataclass(frozen=True)
class TableAccess:
    """The columns that each operation may touch (`{"*"}` for all; None: not permitted)."""

    select: frozenset[str] | None = None
    insert: frozenset[str] | None = None
    update: frozenset[str] | None = None
    delete: bool = False

    def within(self, other: TableAccess) -> TableAccess:
        """Return what both permit."""
        return TableAccess(
            _both(self.select, other.select),
            _both(self.insert, other.insert),
            _both(self.update, other.update),
            self.delete and other.delete,
        )


@dataclass(frozen=True)
class Access:
    """Per table name (`*` for those not named); hashable, and hashed once: it is part of keys.

    A name that is spelled otherwise than the table's, in its case or with the default schema, was
    meant for it: it limits what `*` permits, and permits nothing by itself.
    """

    tables: frozenset[tuple[str, TableAccess]]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.tables)

    def of(self, table: str) -> TableAccess:
        by_name = self._by_name
        if table in by_name:
            return by_name[table]
        found = by_name.get(EVERY, TableAccess())
        for limit in self._by_folded_name.get(_folded(table), ()):
            found = found.within(limit)
        return found

    @cached_property
    def _by_name(self) -> Mapping[str, TableAccess]:
        return dict(self.tables)

    @cached_property
    def _by_folded_name(self) -> Mapping[str, Sequence[TableAccess]]:
        folded: dict[str, list[TableAccess]] = {}
        for name, access in self.tables:
            folded.setdefault(_folded(name), []).append(access)
        return folded


_ALL = frozenset({EVERY})
FULL_ACCESS = Access(frozenset({(EVERY, TableAccess(_ALL, _ALL, _ALL, delete=True))}))


def permitted(columns: frozenset[str] | None, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that `columns` permits."""
    if columns is None:
        return frozenset()
    return frozenset(names) if EVERY in columns else columns & frozenset(names)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return None
    if EVERY in one:
        return other
    return one if EVERY in other else one & other


def _folded(name: str) -> str:
    folded = name.casefold()
    schema = next((one for one in _DEFAULT_SCHEMAS if folded.startswith(one)), "")
    return folded.removeprefix(schema)
