"""What is written of a whole schema is the same in another process, which has its names alone."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from graphql import get_introspection_query, parse

from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.build.rendering import (
    Comparison,
    Document,
    Introspection,
    column_count,
    needs_all_types,
    pack_schema,
    pack_task,
    render,
    unpack_schema,
    unpack_task,
)
from schema.build.schema_diff import Level, changes_between, changes_of
from schema.limits import Limits
from tests.fixtures.schemas import built_of

NAMED = """
query Other { __typename }
query Whole($all: Boolean!) { s: __schema { types { ...Names } } }
fragment Names on __Type { name fields(includeDeprecated: $all) { name } }
"""
TASKS = [
    Document.SDL,
    Document.JSON,
    Introspection(get_introspection_query(), None, "__schema", {}),
    Introspection(NAMED, "Whole", "s", {"all": True}),
]


@pytest.mark.parametrize("task", TASKS, ids=["sdl", "json", "standard", "named"])
def test_a_packed_schema_is_written_alike(library, task) -> None:
    built = built_of(library)

    unpacked, versions = unpack_task(pack_task(task, [built]))
    assert versions == [built.version]
    schema = unpack_schema(pack_schema(built))
    assert render(unpacked, schema) == render(task, built.schema.graphql_schema)


@pytest.mark.parametrize("task", TASKS[:2], ids=["sdl", "json"])
def test_the_schema_of_a_baseline_as_well(library, task) -> None:
    entry = process_registry().entry(library.label)
    entry = replace(entry, baseline=replace(entry.catalog, tables=entry.catalog.tables[1:]))
    built = build_schema(entry, FULL_ACCESS, {}, Limits(), common=True)

    schema = unpack_schema(pack_schema(built))
    assert render(task, schema) == render(task, built.schema.graphql_schema)


def test_changes_are_read_as_they_were_written(library) -> None:
    before, entry = built_of(library), process_registry().entry(library.label)
    fewer = replace(entry, catalog=replace(entry.catalog, tables=entry.catalog.tables[1:]))
    after = build_schema(fewer, FULL_ACCESS, {}, Limits())
    schemas = [unpack_schema(pack_schema(built)) for built in (before, after)]

    changes = changes_of(render(Comparison(), *schemas))
    assert changes == changes_between(before.schema.graphql_schema, after.schema.graphql_schema)
    assert Level.BREAKING in {change.level for change in changes}


def test_the_document_is_what_introspection_answers(library) -> None:
    built = built_of(library)

    document = orjson.loads(render(Document.JSON, built.schema.graphql_schema))
    field = orjson.loads(render(TASKS[2], built.schema.graphql_schema))

    names = {one["name"] for one in document["data"]["__schema"]["types"]}
    assert names == {one["name"] for one in field["types"]}
    assert column_count(built.shown) > 10


@pytest.mark.parametrize(
    ("document", "all_types"),
    [
        (get_introspection_query(), True),
        (NAMED, True),
        ('{ __type(name: "Node") { possibleTypes { name } } }', True),
        ('{ __type(name: "Track") { fields { name } } }', False),
        ("{ __schema { queryType { name } } }", False),
    ],
)
def test_which_documents_go_through_all_types(document: str, all_types: bool) -> None:
    assert needs_all_types(parse(document)) is all_types
