"""Where a process finds the schemas of tenants: this package knows none, the gateway says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from dynamic_databases.aliases import Alias
from dynamic_databases.process import OnePerProcess
from schema.limits import Limits

if TYPE_CHECKING:  # commands that need no schema import none
    from schema.build.cache import CachedSchema


@dataclass(frozen=True)
class Mount:
    """What a document of a tenant runs on: its database, and the schema of a role."""

    alias: Alias
    schema: CachedSchema
    limits: Limits
    answer_bytes: int  # at most, of an answer


class MountSource(Protocol):
    """Finds tenants and describes errors for the code that holds a schema."""

    def find(self, tenant: str, environment: str | None, role: str, /) -> Mount:
        """Return what the tenant's documents run on now. Raises what its packages raise."""

    def describe(self, error: Exception, /) -> Sequence[Mapping[str, Any]]:
        """Return the errors of an answer, in the specification's shape (§7.1.2)."""


_factory: OnePerProcess[Callable[[], MountSource]] = OnePerProcess(
    "No tenant can be found: list the app `gateway` in INSTALLED_APPS, and call django.setup()."
)


def set_mount_source(factory: Callable[[], MountSource]) -> None:
    """Have `factory` make this process's source when the first schema is used."""
    _factory.set(cache(factory))


def mount_source() -> MountSource:
    """Return this process's source. Raises RuntimeError where there is none."""
    return _factory.get()()
