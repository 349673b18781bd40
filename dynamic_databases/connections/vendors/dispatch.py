"""What each vendor's module offers, and which module a connection's vendor has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from dynamic_databases.aliases import Alias
from dynamic_databases.connections.vendors import mssql, mysql, postgresql, sqlite

Connect = Callable[[dict[str, Any]], Any]


class ConnectionVendor(Protocol):
    """A vendor's module; `wrapper` is Django's, whose `connection` is the driver's."""

    def connect(self, wrapper: Any, django_connect: Connect, parameters: dict[str, Any], /) -> Any:
        """Return a driver's connection to what is allowed alone, by way of `django_connect`.

        Raises CannotConnect, and the driver's errors.
        """

    def set_up(self, wrapper: Any, statement_timeout_ms: int, /) -> None:
        """Set a new connection's session up. Raises CannotConnect, and the driver's errors."""

    def is_stale(self, wrapper: Any, /) -> bool:
        """Return whether an idle connection can't be used any more; one system call."""

    def cancel(self, wrapper: Any, connection: Any, seconds: float, /) -> None:
        """Ask for the end of the statement that another thread runs, for so long.

        Raises a driver's error where that isn't taken.
        """

    def shut_down(self, wrapper: Any, /) -> None:
        """End the socket: a thread that waits for it gets an error at once. Never blocks.

        Raises OSError.
        """

    def forget(self, alias: Alias, /) -> None:
        """Forget what the driver's own modules keep of an alias's server."""


_VENDORS: dict[str, ConnectionVendor] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mysql": mysql,
    "microsoft": mssql,
}


def vendor_of(wrapper: Any) -> ConnectionVendor:
    """Return the module of a wrapper's vendor."""
    return _VENDORS[wrapper.vendor]


def forget_alias(alias: Alias) -> None:
    """Forget what drivers keep of an alias's server, whichever vendor it was of."""
    for vendor in _VENDORS.values():
        vendor.forget(alias)
