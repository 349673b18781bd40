"""Which database a document of Python code runs on: the tenant's own, or a replica for a read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from django.db import transaction

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.keyed_threads import KeyedThreads
from dynamic_databases.errors import DatabaseProblem, Unavailable
from dynamic_databases.registry import Registry
from dynamic_databases.replicas.choice import Replicas
from dynamic_databases.replicas.last_writes import LastWrites
from schema.execution.routing import routed_alias
from schema.plan.nodes import Plan

_T = TypeVar("_T")
_CODE = "code"  # this process's own is one caller
_writes = LastWrites()
_checks = KeyedThreads("replicas", 1, 1)


def run_on_source(registry: Registry, alias: Alias, plan: Plan, run: Callable[[Alias], _T]) -> _T:
    """Return what `run` returns with the database that a plan is to run on.

    What writes, and what reads inside of a transaction or soon after a write, runs on the tenant's
    own database. So does a read that a replica can't answer. Raises what `run` raises.
    """
    source = routed_alias(registry, alias, plan)
    replicas = registry.replicas
    if source != alias or not replicas.of(alias):
        return run(source)
    _check_in_threads(replicas, alias)
    if plan.writes:
        try:
            return run(alias)
        finally:
            _writes.note(alias, _CODE)
    replica = replicas.choose(alias, _writes.of(alias, _CODE))
    if replica is not None and not transaction.get_connection(alias).in_atomic_block:
        try:
            return run(replica)
        except DatabaseProblem as error:
            if isinstance(error, Unavailable):
                replicas.failed(replica, error)
    return run(alias)


def _check_in_threads(replicas: Replicas, alias: Alias) -> None:
    """Check the replicas whose last check is old enough; the caller doesn't wait for them."""
    for replica in replicas.due(alias):
        _checks.submit(replica, partial(_check, replicas, replica))


def _check(replicas: Replicas, replica: Alias) -> None:
    with suppress(DatabaseProblem):  # it is logged, and the replica left out
        replicas.check(replica)
