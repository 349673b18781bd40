"""Whose request it is: tokens, the tenant they open, and who needs none."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tenants.authentication.tokens import issue_token
from tenants.models import ApiToken, Environment, Tenant
from tests.fixtures.vendors import on_sqlite

URL = "/t/music/graphql"
JSON = {"content-type": "application/json"}
NEW = "application/graphql-response+json"


@on_sqlite
def test_no_request_without_a_token(music) -> None:
    music.token = None
    for path in (URL, "/t/nobody/graphql", "/graphql"):
        answer = music.query(path, "{ __typename }")
        assert (answer.status, answer.code, answer.headers["www-authenticate"]) == (
            401,
            "UNAUTHENTICATED",
            "Bearer",
        )


@pytest.mark.parametrize(
    "header", ["Bearer nope", "Bearer", "Basic eDp5", "tgw_x", "Bearer \u00ff"]
)
@on_sqlite
def test_a_bad_token(music, header: str) -> None:
    assert music.query(URL, "{ __typename }", authorization=header).code == "UNAUTHENTICATED"


@on_sqlite
def test_tokens_end(music) -> None:
    music.query(URL, "{ __typename }")
    row = ApiToken.objects.get()
    row.expires_at = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    row.save()
    assert "expired" in music.query(URL, "{ __typename }").error["message"]
    row.expires_at, row.revoked_at = None, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    row.save()
    assert "revoked" in music.query(URL, "{ __typename }").error["message"]


def test_a_token_of_one_tenant_opens_no_other(music, tenant_of, library) -> None:
    tenant_of("other", production=library)

    for path in (
        "/t/other/graphql",
        "/t/nobody/graphql",
        "/t/music/testing/graphql",
        "/t/other/schema.graphql",
    ):
        answer = (
            music.query(path, "{ __typename }")
            if path.endswith("/graphql")
            else music.request("GET", path)
        )
        assert (answer.status, answer.code) == (404, "TENANT_NOT_FOUND")
    inactive = Tenant.objects.get(slug="music")
    inactive.active = False
    inactive.save()
    assert music.query(URL, "{ __typename }").code in ("TENANT_NOT_FOUND", "UNAUTHENTICATED")


def test_a_token_for_one_environment(music, library) -> None:
    tenant = Tenant.objects.get(slug="music")
    testing = Environment.objects.create(name="testing")
    tenant.attachments.create(environment=testing, database=library)
    music.token = issue_token(tenant, "admin", testing, None)

    assert music.query("/t/music/testing/graphql", "{ __typename }").data
    assert music.query(URL, "{ __typename }").data  # its own environment, where none is named
    assert music.query("/t/music/production/graphql", "{ __typename }").code == "TENANT_NOT_FOUND"


def test_tenants_are_found_by_path_header_and_token(music) -> None:
    for path, headers in (
        (URL, {}),
        ("/graphql", {"x-tenant": "music"}),
        ("/graphql", {}),
        (f"/t/{Tenant.objects.get().pk}/graphql", {}),
        ("/graphql?env=production", {}),
        ("/graphql", {"x-tenant": "music", "x-environment": "production"}),
    ):
        assert music.query(path, "{ __typename }", **headers).data
    assert (
        music.query("/graphql", "{ __typename }", **{"x-environment": "nope"}).code
        == "TENANT_NOT_FOUND"
    )


def test_the_anonymous_role_counts_on_loopback_alone(music) -> None:
    tenant = Tenant.objects.get(slug="music")
    tenant.anonymous_role = "admin"
    tenant.save()
    music.token = None
    body = json.dumps({"query": "{ __typename }"}).encode()

    def status(client: str, **headers: str) -> int:
        return music.request("POST", URL, body, {**JSON, **headers}, client).status

    assert status("127.0.0.1", host="localhost:8000") == 200
    assert status("10.0.0.9", host="localhost:8000") == 401
    assert status("127.0.0.1", host="evil.example") == 401
    for header in (
        "x-forwarded-for",
        "forwarded",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "via",
        "cf-connecting-ip",
        "true-client-ip",
    ):  # each asked after a local request was let in
        assert status("127.0.0.1", **{"host": "localhost:8000", header: "10.0.0.9"}) == 401
    assert status("127.0.0.1", host="localhost:8000", origin="http://localhost:8000") == 200
    for origin in ("https://evil.example", "http://localhost:9000", "null"):
        assert status("127.0.0.1", host="localhost:8000", origin=origin) == 401
