"""A control database that refuses: read-only, out of connections, or without its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.vendors import postgresql_url

READ_ONLY = "takes no writes now: it is read-only"
NO_PLACE = "takes no more connections now"


@dataclass(frozen=True)
class Served:
    """A gateway with a tenant `shop`, whose control database a role of its own reaches."""

    gateway: Gateway
    url: str  # of the control database, as its superuser
    role: str
    operator: str
    token: str

    def shop(self) -> httpx.Response:
        return self.gateway.ask("/t/shop/graphql", "{ item { name } }", self.token)

    def manage(self, query: str) -> httpx.Response:
        return self.gateway.ask("/manage/graphql", query, self.operator)

    def refuse(self, statement: str) -> None:
        """Change the server by `statement`, and have every session begin anew."""
        with psycopg.connect(postgresql_url(), autocommit=True) as server:
            server.execute(statement)
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [urlsplit(self.url).path[1:]],
            )


@pytest.fixture
def served(postgresql, gateway_with, tmp_path) -> Iterator[Served]:
    url = make_url(postgresql, "")
    name = urlsplit(url).path[1:]
    role = f"{name}_gateway"
    with psycopg.connect(postgresql_url(), autocommit=True) as server:
        server.execute(f'CREATE ROLE "{role}" LOGIN')
        server.execute(f'ALTER DATABASE "{name}" OWNER TO "{role}"')
    parts = urlsplit(url)
    own = urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))
    gateway = gateway_with(GATEWAY_CONTROL_DATABASE_URL=own)
    with closing(sqlite3.connect(tmp_path / "databases" / "shop.sqlite3")) as file:
        file.executescript("CREATE TABLE item (name TEXT); INSERT INTO item VALUES ('nail')")
    operator = gateway.add_tenant("shop", "sqlite:///shop.sqlite3")
    (token,) = gateway.tokens_of("shop")
    found = Served(gateway, url, role, operator, token)
    assert found.shop().status_code == 200
    yield found
    gateway.stop()
    drop_database(url)
    with psycopg.connect(postgresql_url(), autocommit=True) as server:
        server.execute(f'DROP ROLE "{role}"')


def test_a_read_only_control_database_serves_and_takes_no_change(served) -> None:
    name = urlsplit(served.url).path[1:]
    served.refuse(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')

    wait_for(lambda: served.manage("{ tenants { slug } }").status_code == 200)
    answer = served.manage('mutation { a: addTenant(slug: "new") { slug } }')
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "TENANT_UNAVAILABLE"
    assert READ_ONLY in error["message"]
    assert served.shop().status_code == 200
    assert httpx.get(f"{served.gateway.url}/readyz").status_code == 200
    printed = served.gateway.manage("tenant", "add", "new", fails=True)
    assert READ_ONLY in printed
    assert "Traceback" not in printed


def test_a_control_database_without_a_free_connection_is_unavailable(served) -> None:
    served.refuse(f'ALTER ROLE "{served.role}" CONNECTION LIMIT 0')

    wait_for(lambda: httpx.get(f"{served.gateway.url}/readyz").status_code == 503)
    answer = served.manage("{ tenants { slug } }")
    assert answer.status_code == 503
    assert NO_PLACE in answer.json()["errors"][0]["message"]
    stranger = served.gateway.ask("/t/shop/graphql", "{ item { name } }", "tgw_unknown")
    assert stranger.status_code == 503
    assert served.role not in stranger.text
    assert served.shop().status_code == 200
    assert NO_PLACE in served.gateway.manage("tenant", "list", fails=True)

    served.refuse(f'ALTER ROLE "{served.role}" CONNECTION LIMIT -1')
    wait_for(lambda: served.manage("{ tenants { slug } }").status_code == 200)


def test_a_control_database_that_was_never_migrated_says_so(tmp_path) -> None:
    gateway = Gateway(tmp_path, {"GATEWAY_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert "run `manage.py migrate`" in gateway.manage("tenant", "list", fails=True)
