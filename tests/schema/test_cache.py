"""Schemas are shared by equal catalogs and access, built by single flight, dropped by age."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dynamic_databases.process import process_registry
from dynamic_databases.registry import Entry
from schema.access import FULL_ACCESS, Access, TableAccess
from schema.build.cache import SchemaCache
from schema.built_schema import BuiltSchema
from schema.errors import NoBaseline
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.memory_walk import walked_bytes
from tests.fixtures.processes import wait_for
from tests.fixtures.schemas import LIMITS

_MANY = 10**9  # bytes
READ_ONLY = Access(frozenset({("*", TableAccess(select=frozenset({"*"})))}))


def test_equal_catalogs_share_a_schema_and_access_does_not_leak(vendor, new_database) -> None:
    first, second = (
        process_registry().entry(new_database(vendor, library_sql(vendor)).label) for _ in range(2)
    )
    cache = SchemaCache(_MANY, 10, {})

    shared = cache.get(first, FULL_ACCESS, LIMITS)
    assert cache.get(second, FULL_ACCESS, LIMITS) is shared
    assert shared.operations.compile("{ genre { name } }", None) is shared.operations.compile(
        "{ genre { name } }", None
    )
    reader = cache.get(second, READ_ONLY, LIMITS)
    assert reader.built.schema.graphql_schema.mutation_type is None
    assert shared.built.schema.graphql_schema.mutation_type is not None


def test_one_build_however_many_wait(library) -> None:
    entry = process_registry().entry(library.label)
    cache = SchemaCache(_MANY, 10, {})

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cache.get(entry, FULL_ACCESS, LIMITS), range(40)))
    assert len({id(schema) for schema in found}) == 1


def test_the_least_used_is_dropped(library) -> None:
    entry = process_registry().entry(library.label)
    cache = SchemaCache(1, 10, {})
    cache.get(entry, FULL_ACCESS, LIMITS)
    cache.get(entry, READ_ONLY, LIMITS)

    assert len(cache) == 1
    assert cache.peek(entry, FULL_ACCESS, LIMITS) is None


def counted(cache: SchemaCache) -> int:
    cache.count_again()
    return cache.size_bytes


def test_a_schema_counts_with_its_operations_and_types(library) -> None:
    entry = process_registry().entry(library.label)
    cache = SchemaCache(_MANY, 100, {})
    first = cache.get(entry, FULL_ACCESS, LIMITS)
    alone = cache.size_bytes
    assert alone / 2 < walked_bytes(first, shared=(cache,)) < alone * 2
    for number in range(64):
        first.operations.compile(f"{{ genre {{ name }} a{number}: artist {{ name }} }}", None)
    with_operations = counted(cache)
    assert with_operations > alone + first.operations.size_bytes > alone + 64 * 4_000
    cache.get(entry, READ_ONLY, LIMITS)
    assert cache.size_bytes > with_operations
    before = cache.size_bytes
    first.operations.compile("{ __schema { types { name } } }", None).prepare({})
    assert first.built.schema.graphql_schema.whole
    assert cache.size_bytes > before + alone  # counted as soon as all types are made


def test_operations_that_are_evicted_no_longer_count(library) -> None:
    cache = SchemaCache(_MANY, 2, {})
    found = cache.get(process_registry().entry(library.label), FULL_ACCESS, LIMITS)
    sizes = []
    for number in range(8):
        found.operations.compile(f"query a{number} {{ genre {{ name }} }}", None)
        sizes.append(counted(cache))

    assert sizes[1] == sizes[-1]


def test_what_grew_too_large_is_dropped_at_the_next_count(library) -> None:
    entry = process_registry().entry(library.label)
    cache = SchemaCache(_MANY, 100, {})
    cache.get(entry, FULL_ACCESS, LIMITS)
    cache.get(entry, READ_ONLY, LIMITS)
    cache = SchemaCache(cache.size_bytes, 100, {})
    cache.get(entry, FULL_ACCESS, LIMITS)
    last = cache.get(entry, READ_ONLY, LIMITS)
    assert len(cache) == 2
    for number in range(8):
        last.operations.compile(f"query a{number} {{ genre {{ name }} }}", None)
    cache.sweep({entry.fingerprint})

    assert len(cache) == 1
    assert cache.peek(entry, READ_ONLY, LIMITS) is last


@pytest.mark.parametrize("common", [False, True], ids=["own", "baseline"])
def test_what_schemas_share_is_counted_once(vendor, new_database, common) -> None:
    """A database with a column of its own costs the cache that column's table."""

    def get(cache: SchemaCache, entry: Entry) -> BuiltSchema:
        return cache.get(entry, FULL_ACCESS, LIMITS, common=common).built

    columns = ", ".join(f"c{i} INTEGER" for i in range(30))
    ddl = ";".join(f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, {columns})" for i in range(20))
    plain, altered = (new_database(vendor, ddl) for _ in range(2))
    execute(altered.url, "ALTER TABLE t7 ADD COLUMN mood VARCHAR(20)")
    first, second = (process_registry().entry(d.label) for d in (plain, altered))
    first, second = (replace(entry, baseline=first.catalog) for entry in (first, second))
    cache = SchemaCache(_MANY, 10, {})
    names = [get(cache, entry).names for entry in (first, second)]
    same = [name for name, table in names[0].tables.items() if table is names[1].tables[name]]
    assert {str(name) for name in names[0].tables.keys() - set(same)} == {"t7"}

    both = counted(cache)
    alone = SchemaCache(_MANY, 10, {})
    get(alone, second)
    assert both < counted(alone) * 1.6
    for _ in range(2):
        cache.sweep({second.fingerprint})
    assert len(cache) == 1
    assert counted(cache) == counted(alone)


def test_what_is_dropped_is_freed(library) -> None:
    """Schema, operations, catalog and models: no registry of the process keeps any of them."""
    execute(library.url, "CREATE TABLE only_here (id INTEGER PRIMARY KEY)")  # no other's catalog
    registry = process_registry()
    cache = SchemaCache(1, 10, {}, release=registry.release)
    entry = registry.entry(library.label)
    cached = cache.get(entry, FULL_ACCESS, LIMITS)
    cached.operations.compile("{ genre { name } }", None)
    registry.model(library.label, "genre")
    found = [
        weakref.ref(one)
        for one in (
            cached,
            cached.built,
            cached.built.schema.graphql_schema,
            entry,
            entry.catalog,
            registry.models(library.label),
        )
    ]
    execute(library.url, "ALTER TABLE genre ADD COLUMN mood VARCHAR(20)")
    other = registry.refresh(library.label)
    del entry, cached
    cache.get(other, FULL_ACCESS, LIMITS)

    def are_gone() -> bool:
        gc.collect()
        return all(one() is None for one in found)

    wait_for(are_gone, seconds=30)


def test_the_schema_of_a_catalog_that_changed_is_swept_away(library) -> None:
    registry = process_registry()
    cache = SchemaCache(_MANY, 10, {})
    before = registry.entry(library.label)
    cache.get(before, FULL_ACCESS, LIMITS)
    execute(library.url, "ALTER TABLE genre ADD COLUMN mood VARCHAR(20)")
    after = registry.refresh(library.label)
    cache.get(after, FULL_ACCESS, LIMITS)

    cache.sweep(registry.fingerprints())
    assert cache.peek(before, FULL_ACCESS, LIMITS)  # it may be needed again in a moment
    cache.sweep({before.fingerprint, after.fingerprint})
    cache.sweep(registry.fingerprints())
    assert cache.peek(before, FULL_ACCESS, LIMITS)
    cache.sweep(registry.fingerprints())
    assert cache.peek(before, FULL_ACCESS, LIMITS) is None
    assert cache.peek(after, FULL_ACCESS, LIMITS)


def test_a_build_that_fails_is_not_tried_by_every_request(library) -> None:
    entry = process_registry().entry(library.label)
    cache = SchemaCache(_MANY, 10, {})
    errors = []
    for _ in range(3):
        with pytest.raises(NoBaseline) as failed:
            cache.get(entry, FULL_ACCESS, LIMITS, common=True)
        errors.append(failed.value)

    assert errors[1].__cause__ is errors[2].__cause__ is errors[0]  # each caller has its own
    assert len({id(error) for error in errors}) == 3


def test_operations_are_planned_once_per_shape_of_the_variables(library) -> None:
    entry = process_registry().entry(library.label)
    cached = SchemaCache(_MANY, 10, {}).get(entry, FULL_ACCESS, LIMITS)
    operation = cached.operations.compile(
        "query($w: TrackBoolExp) { track(where: $w) { name } }", None
    )

    def prepared(where: object) -> object:
        return operation.prepare(operation.variables({"w": where}))

    assert prepared({"seconds": {"_gt": 1}}) is prepared({"seconds": {"_gt": 2}})
    assert prepared({"trackId": {"_in": [1]}}) is prepared({"trackId": {"_in": [1, 2, 3]}})
    assert prepared({"seconds": {"_gt": 1}}) is not prepared({"seconds": {"_lt": 1}})
    assert prepared({"seconds": {"_isNull": True}}) is not prepared({"seconds": {"_isNull": False}})


def test_schemas_that_are_built_at_once_share_the_fixed_types() -> None:
    """The first two builds of a process, in two threads; it happens once in each process."""
    program = """
import threading, django
django.setup()
gate, found = threading.Barrier(8), []
def look():
    gate.wait()
    from schema.types.vocabulary import vocabulary
    found.append(vocabulary()["BigInt"])
threads = [threading.Thread(target=look) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(found) == 8 and len(set(map(id, found))) == 1
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "gateway.settings"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=60)


def test_many_threads_build_and_drop_at_once(library) -> None:
    entry = process_registry().entry(library.label)
    cache = SchemaCache(1, 10, {})
    accesses = [
        Access(
            frozenset({("*", TableAccess(select=frozenset({"*"}))), (f"t{number}", TableAccess())})
        )
        for number in range(8)
    ]

    def look(number: int) -> None:
        for turn in range(10):
            access = accesses[(number + turn) % len(accesses)]
            found = cache.get(entry, access, LIMITS)
            assert found.built.key.access == access
            assert cache.size_bytes >= 0

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(look, number) for number in range(8)]:
            done.result()
    assert len(cache) == 1
