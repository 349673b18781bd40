"""Types are made when queries meet them: each is found by name and is the whole schema's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    extend_schema,
    find_breaking_changes,
    introspection_from_schema,
    lexicographic_sort_schema,
    parse,
    print_schema,
    print_type,
    validate_schema,
)

from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.errors import InvalidDocument
from schema.limits import Limits
from schema.operations import OperationCache
from schema.types.lazy import LazySchema
from tests.fixtures.databases import library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE

MANY_KINDS = """CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE TABLE person (id UUID PRIMARY KEY, mood mood, tags TEXT[], data JSONB, born DATE,
  pause INTERVAL);
CREATE TABLE "person_bool_exp" (id BIGINT PRIMARY KEY, person UUID REFERENCES person (id));
CREATE VIEW adults AS SELECT born FROM person;"""


@pytest.fixture(params=["library", "many kinds", "no table"])
def label(request: pytest.FixtureRequest, new_database) -> str:
    if request.param == "library":
        return str(new_database(SQLITE, library_sql(SQLITE)).label)
    if request.param == "many kinds":
        return str(new_database(POSTGRESQL, MANY_KINDS).label)
    return str(new_database(SQLITE, "").label)


def lazy_schema(label: str) -> LazySchema:
    built = build_schema(process_registry().entry(label), FULL_ACCESS, {}, Limits())
    found: LazySchema = built.schema.graphql_schema
    return found


def test_each_type_is_found_alone(label) -> None:
    whole = lazy_schema(label).whole
    for name, expected in whole.type_map.items():
        schema = lazy_schema(label)
        found = schema.get_type(name)
        assert found is not None and print_type(found) == print_type(expected), name
        assert not schema.is_whole, name
        assert schema.whole.type_map[name] is found


def test_what_the_whole_lacks_is_not_found(label) -> None:
    schema = lazy_schema(label)
    names = ["Nope", "GenreNope", "Duration", "MoodComparisonExp", "_Query", "Subscription", ""]
    found = {name for name in names if schema.get_type(name) is not None}

    assert not schema.is_whole
    assert found == {name for name in names if name in schema.whole.type_map}


def test_a_query_makes_the_types_that_it_meets(library) -> None:
    built = build_schema(process_registry().entry(library.label), FULL_ACCESS, {}, Limits())
    operations = OperationCache(built, Limits(), 10)
    query = """query($where: TrackBoolExp, $id: Int!) {
      track(where: $where, orderBy: {name: ASC}) { name ...More }
      albumByPk(albumId: $id) { title }
      node(nodeId: "x") { ... on Genre { name } }
    }
    fragment More on Track { album { title } }"""
    operations.compile(query, None).plan({"id": 1})
    schema = built.schema.graphql_schema

    assert not schema.is_whole
    made = schema.made_count
    assert made < len(schema.whole.type_map) / 2


def test_types_through_which_tables_lead_are_made_alone(library) -> None:
    schema = lazy_schema(library.label)
    before = schema.made_count
    names = ["Track", "TrackBoolExp", "TrackOrderBy", "TrackInsertInput"]

    assert [schema.type_map[name].name for name in names] == names
    assert schema.made_count <= before + len(names)


def test_suggestions_take_all_types(library) -> None:
    built = build_schema(process_registry().entry(library.label), FULL_ACCESS, {}, Limits())
    query = "query($where: GenreBoolExpp) { genre(where: $where) { name } }"

    with pytest.raises(InvalidDocument, match="Did you mean 'GenreBoolExp'"):
        OperationCache(built, Limits(), 10).compile(query, None)
    assert built.schema.graphql_schema.is_whole
    other = build_schema(process_registry().entry(library.label), FULL_ACCESS, {}, Limits())
    with pytest.raises(InvalidDocument, match=r"Unknown type 'GenreBoolExpp'\.$"):
        OperationCache(other, Limits(suggestions=False), 10).compile(query, None)
    assert not other.schema.graphql_schema.is_whole


def test_threads_find_the_same_types(library) -> None:
    schema = lazy_schema(library.label)
    names = list(lazy_schema(library.label).whole.type_map)
    start = Barrier(8)

    def find(number: int) -> dict[str, object]:
        start.wait()
        turned = names[number * 20 :] + names[: number * 20]
        return {
            name: schema.get_type(name) if number % 4 else schema.whole.type_map[name]
            for name in turned
        }

    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(find, range(8))
    assert all(other[name] is first[name] for other in others for name in names)


def test_the_whole_is_valid(label) -> None:
    whole = lazy_schema(label).whole

    GraphQLSchema(**{**whole.to_kwargs(), "assume_valid": False})
    assert isinstance(whole.query_type, GraphQLObjectType)
    assert whole.query_type.to_kwargs()["fields"].keys() == set(whole.query_type.fields)


def test_the_tools_of_graphql_core_take_it(label) -> None:
    schema = lazy_schema(label)
    text = print_schema(schema)

    assert validate_schema(schema) == []
    assert print_schema(copy(schema)) == text
    assert print_schema(lexicographic_sort_schema(schema))
    extended = extend_schema(schema, parse("extend type Query { hello: String }"))
    assert "hello: String" in print_schema(extended)
    broken = {change.description for change in find_breaking_changes(extended, schema)}
    assert "Query.hello was removed." in broken
    again = build_client_schema(introspection_from_schema(schema))
    assert again.type_map.keys() == set(schema.type_map)
