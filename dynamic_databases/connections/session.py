"""How a connection to a registered database is opened and closed, by its vendor's module."""

from __future__ import annotations

import logging
from typing import Any

from django.db import connections as _django_connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.connections.state import state_of
from dynamic_databases.connections.vendors.dispatch import vendor_of
from dynamic_databases.control_tables import keep_out
from dynamic_databases.errors import NotRegistered

# Typed loosely: Django's storage of wrappers (`_connections`) is no part of its public types.
connections: Any = _django_connections

_log = logging.getLogger("dynamic_databases.connections.session")


def new_wrapper(alias: Alias) -> BaseDatabaseWrapper:
    """Return a wrapper that is not connected yet. Raises NotRegistered."""
    try:
        wrapper: BaseDatabaseWrapper = connections.create_connection(alias)
    except KeyError:  # of the settings, which lost it a moment ago
        raise NotRegistered(alias) from None
    guard(wrapper)
    return wrapper


def guard(wrapper: Any) -> None:
    """Have a wrapper of a registered database connect to what is allowed alone.

    Else it raises CannotConnect. It also creates no table of the project's own there.
    """
    django_connect, vendor = wrapper.get_new_connection, vendor_of(wrapper)
    keep_out(wrapper)
    wrapper.get_new_connection = lambda parameters: vendor.connect(
        wrapper, django_connect, parameters
    )


def open_connection(wrapper: BaseDatabaseWrapper, statement_timeout_ms: int) -> None:
    """Connect, and set the session up. Raises CannotConnect."""
    with (
        outcomes.understood(as_alias(wrapper.alias)),
        outcomes.translated(wrapper.vendor, writing=False, connecting=True),
    ):
        wrapper.ensure_connection()
        vendor_of(wrapper).set_up(wrapper, statement_timeout_ms)


def close(wrapper: BaseDatabaseWrapper) -> None:
    """Close a connection, which may be lost already: what was done over it stays what it was.

    Microsoft's driver raises where it can't say goodbye. Nothing is raised here: several
    connections are closed one after the other, for a request that never used them.
    """
    try:
        wrapper.close()
    except outcomes.DRIVER_ERRORS as error:
        event = {"alias": wrapper.alias, "error": type(error).__name__}
        _log.info("a connection was lost before it was closed", extra={"event": event})
    except Exception:  # noqa: BLE001 - the driver's or the system's; it is logged
        _log.exception(
            "a connection could not be closed", extra={"event": {"alias": wrapper.alias}}
        )


def is_reusable(wrapper: BaseDatabaseWrapper) -> bool:
    """Return whether a connection is as good as new after its use."""
    if wrapper.connection is None or state_of(wrapper).ends_after_use:
        return False
    if wrapper.in_atomic_block or wrapper.needs_rollback or wrapper.errors_occurred:
        return False
    return not getattr(wrapper.connection, "closed", False)
