"""The database that is active in this context: what an unbound dynamic model reads and writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dynamic_databases.aliases import Alias

_active: ContextVar[Alias | None] = ContextVar("active_database", default=None)


def active_alias() -> Alias | None:
    return _active.get()


@contextmanager
def use_database(alias: Alias) -> Iterator[None]:
    """Make `alias` the active database of this context; threads don't inherit it, pass it on."""
    token = _active.set(alias)
    try:
        yield
    finally:
        _active.reset(token)
