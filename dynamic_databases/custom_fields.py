"""The dynamic columns of one row, as a mapping by column name in any case."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Protocol

from dynamic_databases.table_columns import TableColumns


class Row(Protocol):
    """What a row has for its dynamic columns; attributes are those of the columns."""

    _state: Any

    def _columns(self) -> TableColumns: ...
    def _held(self) -> dict[str, Any]: ...
    def _hold(self, attribute: str, value: Any) -> None: ...
    def refresh_from_db(self, *, fields: list[str]) -> None: ...


class CustomFields(MutableMapping[str, Any]):
    """The dynamic columns of one row, over what the row holds of them."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._columns = row._columns()
        self._attributes = self._columns.dynamic

    def load(self) -> None:
        """Read what isn't there yet, with one query."""
        held = self._row._held()
        missing = [name for name in self._attributes.values() if name not in held]
        if missing and not self._row._state.adding:
            self._row.refresh_from_db(fields=missing)

    def __getitem__(self, column: str) -> Any:
        attribute = self._attribute(column)
        self.load()
        return self._row._held().get(attribute)

    def __setitem__(self, column: str, value: Any) -> None:
        self._row._hold(self._attribute(column), value)

    def __delitem__(self, column: str) -> None:
        self[column] = None

    def __contains__(self, column: object) -> bool:
        return isinstance(column, str) and self._columns.find(column) in self._attributes

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __repr__(self) -> str:
        return repr(dict(self))

    def _attribute(self, column: str) -> str:
        """Raises KeyError."""
        found = self._columns.find(column)
        if found is None or found not in self._attributes:
            known = ", ".join(self._attributes) or "none"
            raise KeyError(
                f"{self._columns.table} has no dynamic column {column!r}; it has {known}"
            )
        return self._attributes[found]
