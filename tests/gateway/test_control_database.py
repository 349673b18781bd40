"""The control database on PostgreSQL, as several machines share it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.processes import wait_for


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


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_what_is_added_at_once_by_several_processes_is_known_to_all(
    request, gateway_with, on
) -> None:
    """Eight threads add tenants in either of two processes: no line of a change is passed over."""
    settings = {"GATEWAY_POLL_SECONDS": "0.1"}
    if on == "postgresql":
        settings["GATEWAY_CONTROL_DATABASE_URL"] = request.getfixturevalue("url")
    gateway = gateway_with(workers=2, **settings)
    token = gateway.manage("token", "create", "--operator", "--role", "admin").splitlines()[-1]
    wanted = {f"t{thread}-{number}" for thread in range(8) for number in range(8)}

    def add(thread: int) -> None:
        for number in range(8):  # over a new connection each: either process answers
            mutation = f'mutation {{ addTenant(slug: "t{thread}-{number}") {{ slug }} }}'
            answer = gateway.ask("/manage/graphql", mutation, token).json()
            assert "errors" not in answer, answer

    def known() -> set[str]:
        headers = {"Authorization": f"Bearer {token}"}
        return set(httpx.get(f"{gateway.url}/readyz", headers=headers).json()["tenants"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    wait_for(lambda: all(known() == wanted for _ in range(12)), seconds=10)
    revoked = gateway.manage("token", "create", "--operator", "--role", "admin").splitlines()[-1]
    gateway.manage("token", "revoke", revoked[:12])
    wait_for(lambda: all(gateway.ask("/manage/graphql", "{ __typename }", revoked).status_code == 401 for _ in range(12)), seconds=10)  # fmt: skip


def _cut(url: str) -> int:
    """End all sessions of a database but this one; return how many there were."""
    with psycopg.connect(url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(ended.fetchall())
