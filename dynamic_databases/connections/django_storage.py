"""What Django's `connections` holds per thread, without the outdated."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import In

from dynamic_databases.aliases import Alias, DatabaseAliases, as_alias
from dynamic_databases.connections.session import connections, guard
from dynamic_databases.connections.state import is_pooled

_KEPT = "gateway_kept"


class ThreadWrappers:
    """Storage for Django's `connections`: what each thread holds, without the outdated.

    Django keeps a wrapper per alias and thread for the thread's life and never asks again whether
    the alias still means the same. This storage forgets a dynamic alias's wrapper, closing it in
    its own thread, when the alias has got a new generation meanwhile. All names of a registered
    database are one wrapper.
    """

    def __init__(
        self,
        generation: Callable[[Alias], int],
        registered_alias: Callable[[str], Alias | None],
    ) -> None:
        self.__dict__["_registered_alias"] = registered_alias
        self.__dict__["_generation"] = generation
        self.__dict__["_local"] = threading.local()

    def __getattr__(self, name: str) -> Any:
        wrapper = self.held(as_alias(name)) or self.held(self._alias(name))
        if wrapper is None:
            raise AttributeError(name)
        return wrapper

    def __setattr__(self, name: str, wrapper: BaseDatabaseWrapper) -> None:
        alias = as_alias(name)  # of the pool's own: it asks by no other name
        if not is_pooled(wrapper):
            registered = self._registered_alias(name)
            if registered is not None:
                wrapper.alias = alias = registered  # Django made it for the name that was given
                guard(wrapper)
        self._wrappers()[alias] = (wrapper, self._generation(alias))

    def __delattr__(self, name: str) -> None:
        wrappers = self._wrappers()
        if wrappers.pop(as_alias(name), None) or wrappers.pop(self._alias(name), None):
            return
        raise AttributeError(name)

    def held(self, alias: Alias) -> Any:
        """Return what this thread holds of an alias, or None; what is outdated is closed."""
        held = self._wrappers().get(alias)
        if held is None:
            return None
        wrapper, generation = held
        outdated = generation != self._generation(alias)
        if outdated and not wrapper.in_atomic_block and not is_pooled(wrapper):
            del self._wrappers()[alias]
            wrapper.close()
            return None
        return wrapper

    def close_unused(self) -> None:
        """Close what this thread holds open, and neither a lease nor a transaction uses."""
        for wrapper, _ in list(self._wrappers().values()):
            if not is_pooled(wrapper) and not wrapper.in_atomic_block:
                wrapper.close_if_unusable_or_obsolete()

    def _alias(self, name: str) -> Alias:
        """Return the alias of a name; inside a transaction it stays what it was at its begin."""
        meant = DatabaseAliases.meant(name)
        held = self._wrappers().get(meant)
        if held is not None and held[0].in_atomic_block:
            return meant
        return self._registered_alias(name) or as_alias(name)

    def _wrappers(self) -> dict[Alias, tuple[BaseDatabaseWrapper, int]]:
        local = self.__dict__["_local"]
        if not hasattr(local, "wrappers"):
            local.wrappers = {}
        wrappers: dict[Alias, tuple[BaseDatabaseWrapper, int]] = local.wrappers
        return wrappers


def close_unused() -> None:
    """Close what this thread holds open: Django does so after its own requests alone.

    Else each thread would keep a connection to the control database for its life, lost or not.
    """
    cast("ThreadWrappers", connections._connections).close_unused()


def keep_control_connection(seconds: float) -> BaseDatabaseWrapper:
    """Have this thread's connection to the control database outlive the request that opened it.

    Return its wrapper. The next request looks first whether the connection still is one
    (`CONN_HEALTH_CHECKS`).
    """
    wrapper: BaseDatabaseWrapper = connections[DEFAULT_DB_ALIAS]
    if wrapper.connection is not None and wrapper.__dict__.get(_KEPT) is not wrapper.connection:
        wrapper.__dict__[_KEPT] = wrapper.connection
        wrapper.close_at = time.monotonic() + seconds
    return wrapper


def install_thread_wrappers(
    generation: Callable[[Alias], int], registered_alias: Callable[[str], Alias | None]
) -> None:
    """Give `django.db.connections` the storage above, keeping what this thread holds already."""
    storage = ThreadWrappers(generation, registered_alias)
    for alias in connections.settings:
        if hasattr(connections._connections, alias):
            setattr(storage, alias, getattr(connections._connections, alias))
    connections._connections = storage


def install_subqueries() -> None:
    """Have `__in` take a subquery that names its database by another name of the same.

    Django compares names: `acme` is none of `DYNAMIC_DATABASE_7`, which is its connection's.
    """
    lookup: Any = In
    process = lookup.process_rhs

    def process_rhs(self: Any, compiler: Any, connection: Any) -> Any:
        name = getattr(self.rhs, "_db", None)
        if name not in (None, connection.alias) and connections[name].alias == connection.alias:
            self = copy.copy(self)  # the name may lead elsewhere when the query is used again
            self.rhs = self.rhs.clone()
            self.rhs._db = connection.alias
        return process(self, compiler, connection)

    lookup.process_rhs = process_rhs
