"""The alias of a database, and `settings.DATABASES` that asks a loader for those it doesn't hold.

Settings are read before the app registry is ready, so this module imports no model: the apps hand
over their loader and their names in `ready()`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any, NewType

PREFIX, SEPARATOR = "DYNAMIC_DATABASE", "_"
Alias = NewType("Alias", str)  # the name under which Django knows a database
Config = dict[str, Any]
Loader = Callable[[Alias], Config | None]
Names = Callable[[str], Alias | None]
_meant = threading.local()  # the alias of each name that this thread used last
_REPLICA = re.compile(r"(.+)_REPLICA_([1-9][0-9]*)")


def as_alias(name: str) -> Alias:
    """Return a name that Django gives, of a connection or a row, as the alias that it is."""
    return Alias(name)


def replica_alias(primary: Alias, number: int) -> Alias:
    """Return the alias of a replica, counted from one: `DYNAMIC_DATABASE_7_REPLICA_1`."""
    return Alias(f"{primary}_REPLICA_{number}")


def replica_of(name: str) -> tuple[Alias, int] | None:
    """Return the database that a replica's alias is of, and its number; None for another name."""
    found = _REPLICA.fullmatch(name)
    return (Alias(found[1]), int(found[2])) if found else None


def primary_of(name: str) -> Alias:
    """Return the database that takes the writes: a replica's, else what has the name itself."""
    replica = replica_of(name)
    return replica[0] if replica is not None else Alias(name)


class DatabaseAliases(dict[str, Config]):
    """Static entries plus every registered, enabled database by its alias and other names.

    A static entry comes first, then an alias, then a name that `names` knows: a tenant's. Dynamic
    entries are never stored here: each look-up asks the loader, which owns the caching
    and the forgetting. Iterating yields the static entries alone, so that `migrate`, `check` and
    the test runner leave tenants' databases alone.
    """

    def __init__(
        self, static: dict[str, Config], prefix: str = PREFIX, separator: str = SEPARATOR
    ) -> None:
        super().__init__(static)
        self._head = f"{prefix}{separator}"
        self.loader: Loader | None = None
        self.names: Names | None = None

    def alias_of(self, pk: int) -> Alias:
        return Alias(f"{self._head}{pk}")

    def pk_of(self, alias: object) -> int | None:
        """Return the primary key that a dynamic alias names, or None for any other text."""
        if not isinstance(alias, str) or not alias.startswith(self._head):
            return None
        digits = alias[len(self._head) :]
        canonical = digits.isascii() and digits.isdigit() and str(int(digits)) == digits
        return int(digits) if canonical else None

    def is_registered_alias(self, name: object) -> bool:
        """Return whether a name is the alias of a database in service."""
        return not self.has_static(name) and self.pk_of(name) is not None and name in self

    def has_static(self, name: object) -> bool:
        """Return whether a name is one of the settings' own."""
        return super().__contains__(name)

    def registered_alias(self, name: object) -> Alias | None:
        """Return the alias of the registered database that any of its names leads to.

        None where the name is of a static entry, of nothing, or of nothing in service. An alias
        is returned whether there is such a database or not.
        """
        if not isinstance(name, str) or self.has_static(name):
            return None
        if self.pk_of(primary_of(name)) is not None:
            return Alias(name)
        alias = self.names(name) if self.names is not None else None
        if alias is not None:
            _meant.__dict__[name] = alias
        return alias

    @staticmethod
    def meant(name: str) -> Alias:
        """Return the alias that a name had when this thread asked for it last, without asking.

        Rows of a tenant belong to the database that they were read from, also once it has moved.
        """
        found: Alias | None = _meant.__dict__.get(name)
        return found if found is not None else Alias(name)

    def is_registered(self, name: object) -> bool:
        """Return whether a name leads to a registered database instead of a static entry."""
        return not self.has_static(name) and name in self

    def __missing__(self, name: str) -> Config:
        config = self._registered(name)
        if config is None:
            raise KeyError(name)
        return config

    def __contains__(self, name: object) -> bool:
        return self.has_static(name) or self._registered(name) is not None

    def _registered(self, name: object) -> Config | None:
        alias = self.registered_alias(name)
        return self.loader(alias) if alias is not None and self.loader is not None else None

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default
