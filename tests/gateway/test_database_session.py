"""Session variables given to the database: each caller's own, and nobody's afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dynamic_databases.aliases import Alias
from dynamic_databases.connections.state import SESSION_KEY, GivenSession
from dynamic_databases.database_settings import load_settings
from dynamic_databases.models import Database
from schema.execution.database_session import lent_session
from tenants.authentication.tokens import issue_token
from tenants.models import Role, TablePermission, Tenant, TenantDatabase
from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present
from tests.fixtures.waiting import wait_for

NOTES = "{ note(orderBy: {id: ASC}) { body } }"
SHOWN = "{ shown { text } }"
OF_POSTGRESQL = "current_setting('gateway.session', true)"
POSTGRESQL_SQL = f"""
CREATE TABLE note (id INTEGER PRIMARY KEY, author INTEGER, body VARCHAR(40));
INSERT INTO note VALUES (1, 3, 'hers'), (2, 4, 'his'), (3, 3, 'hers too');
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note USING (
  author = (nullif({OF_POSTGRESQL}, '')::json ->> 'x-gateway-user-id')::integer);
CREATE VIEW shown AS SELECT {OF_POSTGRESQL} AS text;
CREATE FUNCTION wait(n INTEGER) RETURNS INTEGER AS $$ BEGIN PERFORM pg_sleep(n); RETURN n;
  END $$ LANGUAGE plpgsql;
CREATE VIEW nap AS SELECT wait(60) AS n;
CREATE VIEW broken AS SELECT 1 / (id - 1) AS n FROM generate_series(1, 3) id;
"""
MARIADB_SQL = """
CREATE FUNCTION caller() RETURNS TEXT NO SQL RETURN @gateway_session;
CREATE VIEW shown AS SELECT caller() AS text;
CREATE VIEW nap AS SELECT SLEEP(60) AS n;
CREATE VIEW broken AS SELECT (SELECT 1 UNION SELECT 2) AS n;
"""
PEEK = {
    "postgresql": f"SELECT {OF_POSTGRESQL}, pg_backend_pid()",
    "mysql": "SELECT @gateway_session, CONNECTION_ID()",
}


@pytest.fixture
def giving(settings) -> None:
    """Have databases whose name begins so be given their callers' sessions."""
    settings.GATEWAY_SESSION_TO_DATABASE = ("given_*", "plain")
    settings.GATEWAY = replace(settings.GATEWAY, deadline_ms=2000)


@pytest.fixture
def own_rows(giving, served_to_user):
    """Serve notes whose rows belong to a caller, by PostgreSQL's own policies."""
    return served_to_user(POSTGRESQL_SQL + "GRANT ALL ON ALL TABLES IN SCHEMA public TO {user};")


@pytest.fixture(params=[POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def shown(request, giving, door, new_database, tenant_of):
    """Serve a view of what the database was given, by each vendor that is given something."""
    vendor = present(request.param)
    sql = POSTGRESQL_SQL if vendor is POSTGRESQL else MARIADB_SQL
    door.database = new_database(vendor, sql, "given_one")
    tenant_of("served", production=door.database)
    door.ask = lambda query, token: door.query(
        "/t/served/graphql", query, authorization=f"Bearer {token}"
    )
    return door


def token_of(role: str = "admin", **variables: str) -> str:
    own = {f"x-gateway-{name}": value for name, value in variables.items()}
    tenant = Tenant.objects.get(slug="served")
    return issue_token(tenant, role, None, None, variables=tuple(sorted(own.items())))


def given_to(reply) -> dict:
    """Return what a reply's statement found in the database's session."""
    return json.loads(reply.data["shown"][0]["text"])


def pooled(registry, alias: Alias) -> Iterator[tuple[str | None, int]]:
    """Yield what the pool's connections hold of a session, and their numbers at the server."""
    with registry.connections.lease(alias) as wrapper, wrapper.cursor() as cursor:
        cursor.execute(PEEK[wrapper.vendor])
        text, number = cursor.fetchone()
        yield text or None, number


def test_policies_of_the_database_know_the_caller(own_rows) -> None:
    tokens = [token_of(**{"user-id": number}) for number in "34"]
    for _ in range(3):  # in a worker's thread first, then in the event loop
        found = [own_rows(NOTES, authorization=f"Bearer {token}") for token in tokens]
        assert [[row["body"] for row in one.data["note"]] for one in found] == [
            ["hers", "hers too"],
            ["his"],
        ]


def test_policies_hold_for_global_ids(own_rows) -> None:
    ann, ben = (token_of(**{"user-id": number}) for number in "34")
    (first, _) = own_rows("{ note { nodeId } }", authorization=f"Bearer {ann}").data["note"]
    query = f'{{ node(nodeId: "{first["nodeId"]}") {{ ... on Note {{ body }} }} }}'
    for _ in range(3):
        assert own_rows(query, authorization=f"Bearer {ann}").data == {"node": {"body": "hers"}}
        assert own_rows(query, authorization=f"Bearer {ben}").data == {"node": None}


def test_policies_hold_for_writes(own_rows) -> None:
    ask, ann = own_rows, token_of(**{"user-id": "3"})
    write = 'mutation {{ insertNoteOne(object: {{id: {0}, author: {1}, body: "new"}}) {{ id }} }}'
    for number in (10, 11):
        own = ask(write.format(number, 3), authorization=f"Bearer {ann}")
        assert own.data == {"insertNoteOne": {"id": number}}
        assert ask(write.format(number + 10, 4), authorization=f"Bearer {ann}").code == "FORBIDDEN"
    changed = ask(
        'mutation { updateNote(where: {}, _set: {body: "x"}) { affectedRows } }',
        authorization=f"Bearer {ann}",
    )
    assert changed.data == {"updateNote": {"affectedRows": 4}}


def test_what_the_database_is_given(shown) -> None:
    token = token_of(**{"user-id": "3", "regions": '["DE", "é"]'})
    for _ in range(3):
        assert given_to(shown.ask(SHOWN, token)) == {
            "x-gateway-environment": "production",
            "x-gateway-regions": '["DE", "é"]',
            "x-gateway-role": "admin",
            "x-gateway-tenant": "served",
            "x-gateway-user-id": "3",
        }


def test_a_caller_without_a_variable_has_not_the_one_of_the_caller_before(shown) -> None:
    ann, other = token_of(**{"user-id": "3"}), token_of(org="x")
    for _ in range(3):
        assert "x-gateway-org" not in given_to(shown.ask(SHOWN, ann))
        assert "x-gateway-user-id" not in given_to(shown.ask(SHOWN, other))


def test_callers_at_once_have_each_their_own(shown) -> None:
    tokens = {str(n): token_of(**{"user-id": str(n)}) for n in range(12)}

    def ask(number: str) -> bool:
        return given_to(shown.ask(SHOWN, tokens[number]))["x-gateway-user-id"] == number

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, list(tokens) * 10))


@pytest.mark.parametrize("query", [SHOWN, "{ broken { n } }", "{ nap { n } }"])
def test_no_pooled_connection_holds_a_session(shown, registry, query) -> None:
    """After an answer, an error and a time-out, in a thread and in the event loop."""
    token = token_of(**{"user-id": "3"})
    for _ in range(2):
        reply = shown.ask(query, token)
        assert (reply.status == 200 and "errors" not in reply.json) is (query is SHOWN)
        ((text, _),) = pooled(registry, shown.database.label)
        assert text is None


def test_no_connection_of_a_client_that_went_away_is_used_again(shown, registry) -> None:
    token, url = token_of(**{"user-id": "3"}), shown.database.url
    sleeping = present(MARIADB if "mysql" in url or "mariadb" in url else POSTGRESQL).sleeping
    for _ in range(2):  # in a thread, then in the event loop
        shown.ask(SHOWN, token)
        ((_, before),) = pooled(registry, shown.database.label)
        shown.hang_up(
            "/t/served/graphql",
            "{ nap { n } }",
            lambda: execute(url, sleeping) == [(1,)],
            authorization=f"Bearer {token}",
        )
        wait_for(lambda: execute(url, sleeping) == [(0,)])
        ((text, after),) = pooled(registry, shown.database.label)
        assert text is None
        assert after != before


@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt, ValueError])
def test_a_connection_whose_use_was_broken_off_is_closed(shown, registry, error) -> None:
    alias, session = shown.database.label, {"x-gateway-user-id": "3"}
    ((_, before),) = pooled(registry, alias)
    with (
        pytest.raises(error),
        registry.connections.lease(alias) as wrapper,
        lent_session(wrapper, session),
    ):
        raise error
    ((text, after),) = pooled(registry, alias)
    assert (text, after != before) == (None, True)


def test_a_database_that_is_not_listed_is_given_nothing(
    settings, shown, registry, new_database, sent
) -> None:
    vendor = MARIADB if shown.database.config["ENGINE"].endswith("mysql") else POSTGRESQL
    other = new_database(vendor, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "other")
    TenantDatabase.objects.update(database=other)
    token = token_of(**{"user-id": "3"})
    with sent() as statements:
        for _ in range(3):
            assert shown.ask("{ t { id } }", token).data == {"t": []}
    assert not [one for one in statements if "session" in one.lower()]


def test_sqlite_has_no_session(giving, door, new_database, tenant_of) -> None:
    database = new_database(SQLITE, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "given_file")
    _, door.token = tenant_of("served", production=database)
    assert door.query("/t/served/graphql", "{ t { id } }").data == {"t": []}


@pytest.mark.parametrize(
    ("name", "variables", "roles", "expected"),
    [
        ("shop", ("shop",), (), GivenSession.VARIABLES),
        ("crm_7", ("crm_*",), (), GivenSession.VARIABLES),
        ("shop", (), ("shop",), GivenSession.VARIABLES_AND_ROLE),
        ("shop", ("*",), ("sh?p",), GivenSession.VARIABLES_AND_ROLE),
        ("Shop", ("shop",), ("crm",), None),
    ],
)
def test_a_database_and_its_replicas_are_listed_by_name(
    db, settings, name, variables, roles, expected
) -> None:
    settings.GATEWAY_SESSION_TO_DATABASE = variables
    settings.GATEWAY_SESSION_SET_ROLE = roles
    url = "postgresql://user@127.0.0.1:5432/shop"
    row = Database.objects.from_url(name, url, [url.replace("5432", "5433")])
    found = load_settings(row.pk)

    for config in (found.config, *found.replicas.values()):
        assert config.get(SESSION_KEY) == expected


@pytest.fixture
def roles(settings, door, new_database, tenant_of, postgresql):
    """Serve a database that has a role of its own for one of ours."""
    settings.GATEWAY_SESSION_SET_ROLE = ("given_*",)
    sql = """
    DROP ROLE IF EXISTS gateway_test_support; CREATE ROLE gateway_test_support;
    CREATE VIEW who AS SELECT current_user::text AS name;
    CREATE TABLE note (id INTEGER PRIMARY KEY); CREATE TABLE secret (id INTEGER PRIMARY KEY);
    GRANT SELECT ON who, note TO gateway_test_support;
    """
    database = new_database(postgresql, sql, "given_roles")
    tenant_of("served", production=database)
    for name in ("gateway_test_support", "gateway_test_nobody"):
        role = Role.objects.create(name=name)
        TablePermission.objects.create(role=role, table="*", select_columns=["*"])
    yield lambda query, token: door.query(
        "/t/served/graphql", query, authorization=f"Bearer {token}"
    )
    execute(database.url, "DROP OWNED BY gateway_test_support; DROP ROLE gateway_test_support")


def test_each_role_is_a_role_of_postgresql(roles, registry) -> None:
    support, admin = token_of("gateway_test_support"), token_of("admin")
    login = Database.objects.get(name="given_roles").config["USER"]
    for _ in range(3):
        assert roles("{ who { name } }", support).data == {
            "who": [{"name": "gateway_test_support"}]
        }
        assert roles("{ who { name } }", admin).data == {"who": [{"name": login}]}
        assert roles("{ note { id } }", support).data == {"note": []}
        assert roles("{ secret { id } }", support).code == "FORBIDDEN"
        assert roles("{ secret { id } }", admin).data == {"secret": []}
    alias = Database.objects.get(name="given_roles").label
    with registry.connections.lease(alias) as wrapper, wrapper.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_setting('gateway.session', true)")
        assert cursor.fetchone() in ((login, ""), (login, None))


def test_a_role_that_postgresql_lacks_reads_nothing(roles) -> None:
    for _ in range(3):
        refused = roles("{ note { id } }", token_of("gateway_test_nobody"))
        assert refused.code == "FORBIDDEN"
        assert "a setting of this session, such as its role" in refused.error["message"]
