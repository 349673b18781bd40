"""Reads catalogs and builds schemas in advance: when the server starts, or by `load_schema`."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from dynamic_databases.aliases import Alias
from dynamic_databases.errors import DatabaseProblem
from tenants.errors import out_of_service
from tenants.snapshot import DirectoryEntry, Snapshot

EVERY = "*"
_log = logging.getLogger("gateway.background.warmup")


@dataclass(frozen=True)
class Warmed:
    """One database of one tenant: how long it took, or why it can't be served."""

    tenant: str
    environment: str
    ms: int
    error: str = ""


async def warm(
    snapshot: Snapshot, names: Sequence[str], build: Callable[[Alias], Awaitable[object]]
) -> AsyncIterator[Warmed]:
    """Have `build` make the schema of each alias of the named tenants (`*`: of all), one by one.

    A default environment that is out of service is reported as one that can't be built. What
    `build` raises keeps no other tenant's schema from being built.
    """
    for tenant in _chosen(snapshot, names):
        for environment, alias in tenant.expected_environments():
            started = time.monotonic()
            if alias is None:
                error = out_of_service(tenant.environments)
            else:
                error = await _failure(build, alias)
            if error:
                event = {"tenant": tenant.slug, "environment": environment, "reason": error}
                _log.warning("a schema could not be built beforehand", extra={"event": event})
            yield Warmed(
                tenant.slug, environment, round((time.monotonic() - started) * 1000), error
            )


async def _failure(build: Callable[[Alias], Awaitable[object]], alias: Alias) -> str:
    """Return why a schema can't be built; nothing where it is."""
    try:
        await build(alias)
    except DatabaseProblem as problem:
        return str(problem)
    except Exception:  # noqa: BLE001 - it is logged, and reported with the others
        _log.exception("building a schema failed", extra={"event": {"alias": alias}})
        return "Something went wrong inside the gateway; the log says what."
    return ""


def _chosen(snapshot: Snapshot, names: Sequence[str]) -> Iterator[DirectoryEntry]:
    """Yield the active tenants of these names; a name that none has is logged."""
    if EVERY in names:
        yield from snapshot.tenants
        return
    for name in names:
        entry = snapshot.tenant(name)
        if entry is None:
            _log.warning("no active tenant has this name", extra={"event": {"tenant": name}})
        else:
            yield entry
