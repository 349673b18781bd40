"""The alias of a database, and `settings.DATABASES` that asks a loader for those it doesn't hold.

Settings are read before the app registry is ready, so this module imports no model: the app hands
over its loader in `ready()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NewType

PREFIX, SEPARATOR = "DYNAMIC_DATABASE", "_"
Alias = NewType("Alias", str)  # the name under which Django knows a database
Config = dict[str, Any]
Loader = Callable[[int], Config | None]


def as_alias(name: str) -> Alias:
    """Return a name that Django gives, of a connection or a row, as the alias that it is."""
    return Alias(name)


class DatabaseAliases(dict[str, Config]):
    """Static entries plus every registered, enabled database by its alias.

    Dynamic entries are never stored here: each look-up asks the loader, which owns the caching
    and the forgetting. Iterating yields the static entries alone, so that `migrate`, `check` and
    the test runner leave tenants' databases alone.
    """

    def __init__(
        self, static: dict[str, Config], prefix: str = PREFIX, separator: str = SEPARATOR
    ) -> None:
        super().__init__(static)
        self._head = f"{prefix}{separator}"
        self.loader: Loader | None = None

    def alias_of(self, pk: int) -> Alias:
        return Alias(f"{self._head}{pk}")

    def pk_of(self, alias: object) -> int | None:
        """Return the primary key that a dynamic alias names, or None for any other text."""
        if not isinstance(alias, str) or not alias.startswith(self._head):
            return None
        digits = alias[len(self._head) :]
        canonical = digits.isascii() and digits.isdigit() and str(int(digits)) == digits
        return int(digits) if canonical else None

    def is_registered(self, alias: object) -> bool:
        """Return whether a name leads to a registered database instead of a static entry."""
        return alias in self and not super().__contains__(alias)

    def __missing__(self, name: str) -> Config:
        pk = self.pk_of(name)
        config = self.loader(pk) if pk is not None and self.loader is not None else None
        if config is None:
            raise KeyError(name)
        return config

    def __contains__(self, alias: object) -> bool:
        if super().__contains__(alias):
            return True
        pk = self.pk_of(alias)
        return pk is not None and self.loader is not None and self.loader(pk) is not None

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default
