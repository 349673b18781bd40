"""Introspection says what graphql-core's executor says, which is the oracle here."""

from __future__ import annotations

import orjson
import pytest
from graphql import (
    execute_sync,
    get_introspection_query,
    introspection_from_schema,
    parse,
    validate,
)

from schema.errors import TooComplex
from schema.limits import Limits
from schema.operations import OperationCache
from schema.types import introspection
from tests.fixtures.schemas import built_of

NAMED = "query($name: String!, $all: Boolean = false) { __type(name: $name) { %s } }"
QUERIES = {
    "graphiql": (get_introspection_query(descriptions=True, input_value_deprecation=True), {}),
    "codegen": (
        get_introspection_query(descriptions=False, specified_by_url=True, schema_description=True),
        {},
    ),
    "aliases": (
        "{ a: __schema { q: queryType { n: name } } b: __schema { types { name kind } } }",
        {},
    ),
    "beside the name": (
        "{ __typename here: __schema { __typename queryType { __typename name } } }",
        {},
    ),
    "fragments": (
        (
            "{ __schema { ...S } } fragment S on __Schema "
            "{ types { ...T ... on __Type { kind } } } fragment T on __Type { name }"
        ),
        {},
    ),
    "one field twice": (
        "{ __schema { queryType { name } queryType { kind fields { name } } } }",
        {},
    ),
    "skip": (
        (
            "query($no: Boolean!) { __schema { queryType "
            "{ name @skip(if: $no) kind @include(if: $no) } } }"
        ),
        {"no": True},
    ),
    "a type": (
        NAMED
        % (
            "name kind fields(includeDeprecated: $all) "
            "{ name args { name defaultValue type { kind ofType { name } } } }"
        ),
        {"name": "Query"},
    ),
    "an input": (
        NAMED % "kind inputFields(includeDeprecated: $all) { name defaultValue } isOneOf",
        {"name": "ArtistBoolExp", "all": True},
    ),
    "an enum": (
        NAMED % "enumValues(includeDeprecated: $all) { name isDeprecated }",
        {"name": "OrderBy"},
    ),
    "no type": (NAMED % "name fields(includeDeprecated: $all) { name }", {"name": "Nope"}),
    "a mutation's name": ("mutation { __typename }", {}),
}


@pytest.mark.parametrize("query", QUERIES)
def test_introspection_is_what_the_executor_says(library, query) -> None:
    text, variables = QUERIES[query]
    built = built_of(library)
    schema = built.schema.graphql_schema
    assert validate(schema, parse(text)) == []
    expected = execute_sync(schema, parse(text), variable_values=variables)
    operation = OperationCache(built, Limits(), 10).compile(text, None)
    coerced = operation.variables(variables)

    prepared = operation.prepare(coerced)
    assert prepared.is_constant
    answer = {r.root.key: operation.constant(r.root.action, coerced) for r in prepared.roots}

    assert expected.errors is None
    assert answer == {key: orjson.dumps(value) for key, value in (expected.data or {}).items()}


def test_all_of_a_schema_is_what_code_generators_take(library) -> None:
    schema = built_of(library).schema.graphql_schema
    assert introspection.introspect_all(schema) == introspection_from_schema(schema)


def test_an_answer_that_would_be_too_large_is_refused(library, monkeypatch) -> None:
    text = "{ __schema { types { fields { type { ofType { fields { name description } } } } } } }"
    operation = OperationCache(built_of(library), Limits(), 10).compile(text, None)
    (root,) = operation.prepare({}).roots
    size = len(operation.constant(root.root.action, {}))
    monkeypatch.setattr(introspection, "MAX_BYTES", size // 2)
    again = OperationCache(built_of(library), Limits(), 10).compile(text, None)

    with pytest.raises(TooComplex, match=f"{size // 2} bytes"):
        again.constant(root.root.action, {})
