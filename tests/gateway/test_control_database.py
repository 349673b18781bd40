"""The control database on PostgreSQL, as several machines share it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.fixtures.databases import drop_database, make_url


@pytest.fixture
def url(postgresql) -> Iterator[str]:
    found = make_url(postgresql, "")
    yield found
    drop_database(found)


def test_connections_that_are_kept_may_be_cut(url, gateway_with) -> None:
    """Pages keep theirs: one that the server ended meanwhile is not used again."""
    gateway = gateway_with(GATEWAY_CONTROL_DATABASE_URL=url)
    token = gateway.manage("token", "create", "--operator", "--role", "admin").splitlines()[-1]
    gateway.manage("tenant", "add", "acme")

    def tenants() -> object:
        sent = {"query": "{ tenants { slug } }"}
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{gateway.url}/manage/graphql", json=sent, headers=headers).json()

    assert tenants() == {"data": {"tenants": [{"slug": "acme"}]}}
    assert _cut(url) > 0
    assert tenants() == {"data": {"tenants": [{"slug": "acme"}]}}


def _cut(url: str) -> int:
    """End all sessions of a database but this one; return how many there were."""
    with psycopg.connect(url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(ended.fetchall())
