"""The database that is active in this context: what an unbound dynamic model reads and writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NewType

Alias = NewType("Alias", str)

_active: ContextVar[Alias | None] = ContextVar("active_database", default=None)


def active_alias() -> Alias | None:
    return _active.get()


@contextmanager
def use_database(alias: str) -> Iterator[None]:
    """Make `alias` the active database of this context; threads don't inherit it, pass it on."""
    token = _active.set(Alias(alias))
    try:
        yield
    finally:
        _active.reset(token)
