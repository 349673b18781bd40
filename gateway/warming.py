"""Reads catalogs and builds schemas before anybody asks: at the server's start, or by `load_schema`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dynamic_databases.errors import DatabaseProblem
from tenants.snapshot import Snapshot

EVERY = "*"
_log = logging.getLogger("gateway.warming")


@dataclass(frozen=True)
class Warmed:
    """One database of one tenant: how long it took, or why it can't be served."""

    tenant: str
    environment: str
    ms: int
    error: str = ""


def warm(
    snapshot: Snapshot, names: Sequence[str], build: Callable[[str], object]
) -> Iterator[Warmed]:
    """Have `build` make the schema of each alias of the named tenants (`*`: of all), one by one."""
    for tenant in snapshot.tenants:
        if EVERY not in names and tenant.slug not in names:
            continue
        for environment, alias in tenant.environments.items():
            started = time.monotonic()
            error = ""
            try:
                build(alias)
            except DatabaseProblem as problem:
                error = str(problem)
                event = {"tenant": tenant.slug, "environment": environment, "reason": error}
                _log.warning("a schema could not be built beforehand", extra={"event": event})
            yield Warmed(
                tenant.slug, environment, round((time.monotonic() - started) * 1000), error
            )
