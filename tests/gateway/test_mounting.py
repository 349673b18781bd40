"""`schema_of`: a tenant's schema for Python code, graphene's test client and its Django view."""

from __future__ import annotations

import asyncio
import json
from io import StringIO

import graphene
import pytest
from django.core.management import call_command
from django.test import RequestFactory
from graphene.test import Client
from graphene_django.management.commands.graphql_schema import Command as SchemaCommand
from graphene_django.views import GraphQLView
from graphql import validate_schema

from dynamic_databases.models import Database
from gateway.access import UnknownRole
from schema.mounting import TenantExecutionContext, TenantSchema, schema_of
from tenants.errors import EnvironmentUnavailable, TenantNotFound
from tenants.models import Role, TablePermission, Tenant
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import SQLITE

INSERT = 'mutation { a: insertGenreOne(object: {name: "Folk"}) { genreId name } }'
TWICE = """mutation { a: insertGenreOne(object: {name: "Folk"}) { genreId }
  b: insertGenreOne(object: {name: "Folk"}) { genreId } }"""


@pytest.fixture
def schema(library, tenant_of) -> TenantSchema:
    """The schema of the tenant `music` on each vendor."""
    tenant_of("music", production=library)
    return schema_of("music")


def genres(library: Database) -> list[str]:
    return [name for (name,) in execute(library.url, "SELECT name FROM genre ORDER BY name")]


def codes(result) -> list[str]:
    return [error.extensions["code"] for error in result.errors]


def test_a_document_is_answered_as_by_the_server(schema) -> None:
    result = schema.execute(
        "query($id: Int!) { t: trackByPk(trackId: $id) { name bytes album { artist { name } } } }",
        variables={"id": 1},
    )

    assert result.errors is None
    album = {"artist": {"name": "Ada"}}
    assert result.data == {"t": {"name": "One", "bytes": "9007199254740993", "album": album}}


def test_a_mutation_document_is_one_transaction(schema, library) -> None:
    result = schema.execute(TWICE)

    assert (result.data, codes(result)) == (None, ["CONSTRAINT_VIOLATION"])
    assert genres(library) == ["Jazz", "Rock"]
    assert schema.execute(INSERT).data["a"]["name"] == "Folk"
    assert genres(library) == ["Folk", "Jazz", "Rock"]


def test_execute_async_leaves_the_event_loop_free(schema) -> None:
    async def both() -> list:
        query = schema.execute_async("{ genre { name } }")
        return await asyncio.gather(query, asyncio.sleep(0, "the loop went on"))

    result, other = asyncio.run(both())
    assert result.data == {"genre": [{"name": "Rock"}, {"name": "Jazz"}]}
    assert other == "the loop went on"


def test_graphenes_test_client_takes_it(schema) -> None:
    client = Client(schema)

    assert client.execute("{ genre(limit: 1) { name } }") == {"data": {"genre": [{"name": "Rock"}]}}
    refused = client.execute("{ genra { name } }")
    assert refused["data"] is None
    assert refused["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert refused["errors"][0]["locations"] == [{"line": 1, "column": 3}]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ genre {", "GRAPHQL_PARSE_FAILED"),
        ("{ genre(limit: 5000) { name } }", "QUERY_TOO_COMPLEX"),
        ("query($n: Int!) { genre(limit: $n) { name } }", "BAD_USER_INPUT"),
        ("query a { genre { name } } query b { genre { name } }", "BAD_USER_INPUT"),
    ],
)
def test_a_document_that_is_wrong_is_an_error_of_the_answer(schema, document, code) -> None:
    result = schema.execute(document)

    assert (result.data, codes(result)) == (None, [code])


def test_middleware_sees_each_field_and_its_context(schema) -> None:
    seen = []

    def note(following, source, info, **arguments):
        seen.append((info.field_name, info.context["user"], arguments))
        return following(source, info, **arguments)

    result = schema.execute(
        "{ genreByPk(genreId: 2) { name } __typename }", context={"user": "eve"}, middleware=[note]
    )

    assert result.data == {"genreByPk": {"name": "Jazz"}, "__typename": "Query"}
    assert ("genreByPk", "eve", {"genreId": 2}) in seen
    assert ("name", "eve", {}) in seen


def test_middleware_that_refuses_undoes_the_mutation(schema, library) -> None:
    def refuse(following, source, info, **arguments):
        if info.field_name == "name":
            raise PermissionError("not the name")
        return following(source, info, **arguments)

    result = schema.execute(INSERT, middleware=[refuse])

    assert result.data is None
    assert isinstance(result.errors[0].original_error, PermissionError)
    assert result.errors[0].path == ["a", "name"]
    assert genres(library) == ["Jazz", "Rock"]


def test_middleware_that_lets_pass_commits(schema, library) -> None:
    class Upper:
        def resolve(self, following, source, info, **arguments):
            value = following(source, info, **arguments)
            return value.upper() if isinstance(value, str) else value

    assert schema.execute(INSERT, middleware=[Upper()]).data["a"]["name"] == "FOLK"
    assert genres(library) == ["Folk", "Jazz", "Rock"]


def test_arguments_that_middleware_changes_are_refused(schema) -> None:
    """They would have no effect: the database has answered already."""

    def narrow(following, source, info, **arguments):
        if info.field_name == "genre":
            arguments["limit"] = 1
        return following(source, info, **arguments)

    result = schema.execute("{ genre { name } }", middleware=[narrow])

    assert "Middleware changed the arguments of genre" in result.errors[0].message
    assert result.data is None


def test_middleware_may_be_asynchronous(schema, library) -> None:
    async def waits(following, source, info, **arguments):
        await asyncio.sleep(0)
        return following(source, info, **arguments)

    result = asyncio.run(schema.execute_async(INSERT, middleware=[waits]))

    assert result.data["a"]["name"] == "Folk"
    assert genres(library) == ["Folk", "Jazz", "Rock"]


def ask(view, query: str, variables: dict | None = None) -> tuple[int, dict]:
    """POST a document to graphene-django's view."""
    body = json.dumps({"query": query, "variables": variables})
    answer = view(RequestFactory().post("/graphql", body, content_type="application/json"))
    return answer.status_code, json.loads(answer.content)


@pytest.mark.parametrize("context_class", [None, TenantExecutionContext])
def test_graphene_djangos_view_takes_it(schema, library, context_class) -> None:
    view = GraphQLView.as_view(schema=schema, execution_context_class=context_class)
    by_name = "query($name: String!) { genre(where: {name: {_eq: $name}}) { name } __typename }"

    rock = {"genre": [{"name": "Rock"}], "__typename": "Query"}
    assert ask(view, by_name, {"name": "Rock"}) == (200, {"data": rock})
    assert ask(view, INSERT)[1]["data"]["a"]["name"] == "Folk"
    assert ask(view, "{ genra }")[0] == 400
    refused = ask(view, INSERT)[1]["errors"][0]
    assert refused["extensions"]["code"] == "CONSTRAINT_VIOLATION"
    assert genres(library) == ["Folk", "Jazz", "Rock"]


def test_several_mutations_of_the_view_are_one_transaction_or_refused(schema, library) -> None:
    """Field by field they would be several transactions, and middleware would come too late."""
    several = TWICE.replace(
        'b: insertGenreOne(object: {name: "Folk"}', 'b: insertGenreOne(object: {name: "Pop"}'
    )

    def refuse(following, source, info, **arguments):
        if info.path.key == "b":
            raise PermissionError("not b")
        return following(source, info, **arguments)

    refused = ask(GraphQLView.as_view(schema=schema), several)[1]
    assert "execution_context_class" in refused["errors"][0]["message"]
    context = {"schema": schema, "execution_context_class": TenantExecutionContext}
    undone = ask(GraphQLView.as_view(**context, middleware=[refuse]), several)[1]
    assert undone["errors"][0]["message"] == "not b"
    assert genres(library) == ["Jazz", "Rock"]
    assert ask(GraphQLView.as_view(**context), several)[1]["data"].keys() == {"a", "b"}
    assert genres(library) == ["Folk", "Jazz", "Pop", "Rock"]


def test_it_is_a_graphene_schema(schema) -> None:
    assert isinstance(schema, graphene.Schema)
    assert validate_schema(schema.graphql_schema) == []
    assert "type PlaylistTrack" in str(schema)
    assert schema.query.name == "Query"
    assert schema.mutation.name == "Mutation"
    assert schema.Genre.name == "Genre"
    assert schema.introspect()["__schema"]["queryType"]["name"] == "Query"
    found = schema.execute("{ __schema { queryType { name } } }")
    assert found.data == {"__schema": {"queryType": {"name": "Query"}}}


def test_graphene_djangos_command_prints_it(schema) -> None:
    printed = StringIO()
    call_command(SchemaCommand(), schema=schema, out="-.graphql", stdout=printed)

    assert "type Genre" in printed.getvalue()


@pytest.fixture
def music(new_database, tenant_of) -> Database:
    database = new_database(SQLITE, library_sql(SQLITE))
    tenant_of("music", production=database)
    return database


def test_it_follows_what_changes(music) -> None:
    schema = schema_of("music")
    assert schema.execute("{ genre { name } }").data is not None

    execute(music.url, "ALTER TABLE genre RENAME COLUMN name TO title")
    changed = schema.execute("{ genre { name } }")
    assert codes(changed) == ["SCHEMA_CHANGED"]
    assert schema.execute("{ genre(limit: 1) { title } }").data == {"genre": [{"title": "Rock"}]}

    broken = "CREATE TRIGGER a AFTER INSERT ON genre BEGIN INSERT INTO nosuch VALUES (1); END"
    execute(music.url, broken)
    refused = schema.execute('mutation { insertGenreOne(object: {title: "x"}) { title } }')
    assert codes(refused) == ["CONSTRAINT_VIOLATION"]

    Tenant.objects.get().delete()
    with pytest.raises(TenantNotFound):
        schema.execute("{ genre { title } }")


def test_environments_and_names(music, new_database, tenant_of) -> None:
    other = new_database(SQLITE, "CREATE TABLE memo (id INTEGER PRIMARY KEY)")
    tenant, _ = tenant_of("music", development=other)
    Tenant.objects.filter(pk=tenant.pk).update(domains=["music.example.com"])

    assert "type Memo" in str(schema_of("music", "development"))
    for name in ("music", str(tenant.pk), "music.example.com"):
        assert "type Genre" in str(schema_of(name))
    with pytest.raises(EnvironmentUnavailable):
        schema_of("music", "testing").execute("{ __typename }")
    with pytest.raises(TenantNotFound):
        schema_of("nobody").execute("{ __typename }")


def test_a_role_sees_its_part(music) -> None:
    role = Role.objects.create(name="reader")
    TablePermission.objects.create(role=role, table="genre", select_columns=["name"])
    schema = schema_of("music", role="reader")

    assert schema.execute("{ genre(limit: 1) { name } }").data == {"genre": [{"name": "Rock"}]}
    assert codes(schema.execute("{ artist { name } }")) == ["GRAPHQL_VALIDATION_FAILED"]
    assert schema.mutation is None
    with pytest.raises(UnknownRole):
        schema_of("music", role="nobody").execute("{ __typename }")


def test_a_rule_of_rows_reads_the_contexts_session(music) -> None:
    """One that it lacks is FORBIDDEN: never a filter that lets all pass."""
    role = Role.objects.create(name="support")
    rows = {"name": {"_eq": "X-Gateway-Genre"}}
    grants = {"select": {"columns": ["name"], "rows": rows}}
    TablePermission.objects.create(role=role, table="genre", grants=grants)
    schema = schema_of("music", role="support")

    session = {"session": {"x-gateway-genre": "Jazz"}}
    found = schema.execute("{ genre { name } }", context=session)
    assert found.data == {"genre": [{"name": "Jazz"}]}
    assert codes(schema.execute("{ genre { name } }")) == ["FORBIDDEN"]


def test_making_one_asks_nothing(django_assert_num_queries, transactional_db) -> None:
    with django_assert_num_queries(0):
        assert repr(schema_of("acme", "testing")) == "<TenantSchema acme/testing as admin>"
