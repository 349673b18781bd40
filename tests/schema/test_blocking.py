"""Plain Graphene: `BuiltSchema.schema.execute`, `str`, `introspect`, and middleware."""

from __future__ import annotations

import graphene
from graphql import validate_schema

from dynamic_databases.active import use_database
from tests.fixtures.schemas import built_of

QUERY = """{ a: track(where: {name: {_eq: "One"}}) { n: name bytes genre { name } }
    artist { albums(limit: 1) { price } } }"""


def test_execute_reads_the_active_database(library) -> None:
    schema = built_of(library).schema
    with use_database(library.label):
        result = schema.execute(QUERY)

    assert result.errors is None
    assert result.data == {
        "a": [{"n": "One", "bytes": "9007199254740993", "genre": {"name": "Rock"}}],
        "artist": [
            {"albums": [{"price": "9.90"}]},
            {"albums": [{"price": "12.00"}]},
            {"albums": [{"price": "0.05"}]},
        ],
    }


def test_execute_takes_variables_a_context_and_middleware(library) -> None:
    seen: list[str] = []

    def middleware(following, source, info, **arguments):
        seen.append(info.field_name)
        return following(source, info, **arguments)

    result = built_of(library).schema.execute(
        "query($i: Int!) { genreByPk(genreId: $i) { name } }",
        variable_values={"i": 2},
        context_value={"alias": library.label},
        middleware=[middleware],
    )
    assert result.data == {"genreByPk": {"name": "Jazz"}}
    assert seen == ["genreByPk", "name"]


def test_execute_writes(library) -> None:
    result = built_of(library).schema.execute(
        'mutation { insertGenreOne(object: {name: "Folk"}) { genreId } }',
        context_value={"alias": library.label},
    )

    assert result.data == {"insertGenreOne": {"genreId": 3}}


def test_without_a_database_the_error_says_so(library) -> None:
    result = built_of(library).schema.execute("{ genre { name } }")

    assert "No database is active" in result.errors[0].message


def test_the_schema_is_a_valid_graphene_schema(library) -> None:
    schema = built_of(library).schema

    assert isinstance(schema, graphene.Schema)
    assert validate_schema(schema.graphql_schema) == []
    assert "type PlaylistTrack" in str(schema)
    assert schema.introspect()["__schema"]["queryType"]["name"] == "Query"
