"""A saved database drops all that was known of it, and a stopped server's caches are left alone."""

from __future__ import annotations

from django.apps import apps

from dynamic_databases.connections.pool import Connections
from gateway.composition import make_runtime, stop_runtime
from gateway.runtime import Runtime
from tests.fixtures.vendors import SQLITE

SQL = "CREATE TABLE note (id INTEGER PRIMARY KEY)"


def break_circuit(runtime: Runtime, alias: str) -> None:
    """Fail as often as a breaker takes."""
    while not runtime.breakers.open_ones():
        runtime.breakers.failed(alias)


def test_a_saved_database_is_dropped_by_name(registry, new_database) -> None:
    runtime = make_runtime()
    try:
        database = new_database(SQLITE, SQL)
        alias = database.label
        registry.entry(alias)
        break_circuit(runtime, alias)
        generation = registry.connections.generation(alias)

        database.save()

        assert registry.peek(alias) is None
        assert registry.connections.generation(alias) > generation
        assert runtime.breakers.open_ones() == []
    finally:
        stop_runtime(runtime)


def test_a_stopped_server_follows_no_more(registry, new_database) -> None:
    runtime = make_runtime()
    alias = new_database(SQLITE, SQL).label
    break_circuit(runtime, alias)
    stop_runtime(runtime)

    apps.get_app_config("dynamic_databases").invalidator.caches.database_changed(alias)

    assert runtime.breakers.open_ones() == [alias]


def test_a_stopped_server_leaves_the_pool_its_own_limits(registry, settings) -> None:
    pool: Connections = registry.connections
    before = pool.statement_timeout_ms("any")
    runtime = make_runtime()
    runtime.registry.connections.statement_timeout_ms = lambda _alias: before + 1
    stop_runtime(runtime)

    assert pool.statement_timeout_ms("any") == before
