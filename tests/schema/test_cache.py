"""Schemas are shared by equal catalogs and access, built once however many wait, and dropped by age."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dynamic_databases.registry import process_registry
from schema.access import FULL_ACCESS, Access, TableAccess
from schema.cache import SchemaCache
from tests.fixtures.databases import library_sql
from tests.fixtures.schemas import LIMITS

READ_ONLY = Access(frozenset({("*", TableAccess(select=frozenset({"*"})))}))


def test_equal_catalogs_share_a_schema_and_access_does_not_leak(vendor, new_database) -> None:
    first, second = (
        process_registry().entry(new_database(vendor, library_sql(vendor)).label) for _ in range(2)
    )
    cache = SchemaCache(10, 10, {})

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
    cache = SchemaCache(10, 10, {})

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


def test_operations_are_planned_once_per_shape_of_the_variables(library) -> None:
    entry = process_registry().entry(library.label)
    cached = SchemaCache(10, 10, {}).get(entry, FULL_ACCESS, LIMITS)
    operation = cached.operations.compile(
        "query($w: TrackBoolExp) { track(where: $w) { name } }", None
    )

    def prepared(where: object) -> object:
        return operation.prepare(operation.variables({"w": where}))

    assert prepared({"seconds": {"_gt": 1}}) is prepared({"seconds": {"_gt": 2}})
    assert prepared({"trackId": {"_in": [1]}}) is prepared({"trackId": {"_in": [1, 2, 3]}})
    assert prepared({"seconds": {"_gt": 1}}) is not prepared({"seconds": {"_lt": 1}})
    assert prepared({"seconds": {"_isNull": True}}) is not prepared({"seconds": {"_isNull": False}})
