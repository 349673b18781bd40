"""`settings.DATABASES` that asks a loader for the aliases it doesn't hold.

Settings are read before the app registry is ready, so this module imports no model: the app hands
over its loader in `ready()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Config = dict[str, Any]
Loader = Callable[[int], Config | None]


class DatabaseAliases(dict[str, Config]):
    """Static entries plus every registered, enabled database by its alias.

    Dynamic entries are never stored here: each look-up asks the loader, which owns the caching
    and the forgetting. Iterating yields the static entries alone, so that `migrate`, `check` and
    the test runner leave tenants' databases alone.
    """

    def __init__(self, static: dict[str, Config], prefix: str, separator: str) -> None:
        super().__init__(static)
        self._head = f"{prefix}{separator}"
        self.loader: Loader | None = None

    def alias_of(self, pk: int) -> str:
        return f"{self._head}{pk}"

    def pk_of(self, alias: object) -> int | None:
        """Return the primary key that a dynamic alias names, or None for any other text."""
        if not isinstance(alias, str) or not alias.startswith(self._head):
            return None
        digits = alias[len(self._head) :]
        canonical = digits.isascii() and digits.isdigit() and str(int(digits)) == digits
        return int(digits) if canonical else None

    def __missing__(self, alias: str) -> Config:
        pk = self.pk_of(alias)
        config = self.loader(pk) if pk is not None and self.loader is not None else None
        if config is None:
            raise KeyError(alias)
        return config

    def __contains__(self, alias: object) -> bool:
        if super().__contains__(alias):
            return True
        pk = self.pk_of(alias)
        return pk is not None and self.loader is not None and self.loader(pk) is not None

    def get(self, alias: str, default: Any = None) -> Any:
        try:
            return self[alias]
        except KeyError:
            return default
