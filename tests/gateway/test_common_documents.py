"""The common schema's documents: a bound token opens only its own tenant and environment."""

from __future__ import annotations

import pytest

from dynamic_databases.models import Baseline
from tenants.authentication.tokens import issue_token
from tenants.models import Environment
from tests.fixtures.vendors import SQLITE

DOCUMENTS = ["schema.graphql", "schema.json"]
NOT_YOURS = "There is no such tenant or environment, or it isn't yours."


@pytest.fixture
def two(door, new_database, tenant_of):
    """Tenants `acme` (two environments) and `globex` (one); each database has its own baseline."""
    made = {}
    for name in ("acme_production", "acme_development", "globex_production"):
        table = name.title().replace("_", "")
        database = new_database(SQLITE, f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)", name)
        database.baseline = Baseline.capture(database, name)
        database.save()
        made[name] = database
    door.acme, _ = tenant_of(
        "acme", production=made["acme_production"], development=made["acme_development"]
    )
    door.globex, _ = tenant_of("globex", production=made["globex_production"])
    return door


def read(door, document: str, query: str = "", **headers: str):
    return door.request("GET", f"/common/{document}{query}", headers=headers)


def token(tenant, environment: str | None) -> str:
    stage = Environment.objects.get(name=environment) if environment else None
    return issue_token(tenant, "admin", stage, None)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_token_of_a_tenant(two, document) -> None:
    two.token = token(two.acme, None)

    for query in ("", "?tenant=acme", f"?tenant={two.acme.pk}"):
        own = read(two, document, query)
        assert (own.status, own.headers["x-tenant"]) == (200, "acme")
        assert b"AcmeProduction" in own.body
    refused = [
        read(two, document, "?tenant=globex"),
        read(two, document, "?tenant=nobody"),
        read(two, document, "?tenant=acme&env=nowhere"),
        read(two, document, "?tenant=globex", **{"x-tenant": "acme"}),  # the query counts
        read(two, document, **{"x-tenant": "globex"}),
    ]
    for one in refused:
        assert (one.status, one.error["message"]) == (404, NOT_YOURS)
        assert not {"x-tenant", "x-environment", "etag"} & one.headers.keys()
        assert b"globex" not in one.body.lower()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_token_of_an_environment(two, document) -> None:
    two.token = token(two.acme, "development")

    for query in ("", "?env=development", "?tenant=acme"):
        own = read(two, document, query)
        assert (own.status, own.headers["x-environment"]) == (200, "development")
        assert b"AcmeDevelopment" in own.body and b"AcmeProduction" not in own.body
    tag = own.headers["etag"]
    assert read(two, document, **{"if-none-match": tag}).status == 304
    for query, headers in (
        ("?env=production", {}),
        ("?tenant=acme&env=production", {"if-none-match": tag}),
        ("", {"x-environment": "production"}),
    ):
        refused = read(two, document, query, **headers)
        assert (refused.status, refused.error["message"]) == (404, NOT_YOURS)
        assert not {"x-tenant", "x-environment", "etag"} & refused.headers.keys()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_an_operators_token_of_an_environment(two, document) -> None:
    two.token = token(None, "development")

    own = read(two, document, "?tenant=acme")
    assert (own.status, own.headers["x-environment"]) == (200, "development")
    for query in ("?tenant=acme&env=production", "?tenant=globex", "?tenant=globex&env=production"):
        refused = read(two, document, query)
        assert (refused.status, refused.error["message"]) == (404, NOT_YOURS), query


@pytest.mark.parametrize("document", DOCUMENTS)
def test_without_a_token(two, document) -> None:
    two.token = None
    for query in ("?tenant=acme", "?tenant=nobody", ""):
        refused = read(two, document, query)
        assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")
        assert "x-tenant" not in refused.headers
