"""The control database on PostgreSQL, as several machines share it."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.fixtures.outages import DEADLINE_MS, STORES, Behind
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.proxy import Fault

OUTAGE_SECONDS = float(os.environ.get("GATEWAY_TEST_OUTAGE_SECONDS", "3"))


@pytest.fixture
def behind(shared_behind: Behind) -> Behind:
    return shared_behind


def test_connections_that_are_kept_may_be_cut(control_url, gateway_with) -> None:
    """Pages keep theirs: one that the server ended meanwhile is not used again."""
    gateway = gateway_with(GATEWAY_CONTROL_DATABASE_URL=control_url)
    token = gateway.operator
    gateway.manage("tenant", "add", "acme")

    def tenants() -> object:
        sent = {"query": "{ tenants { slug } }"}
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{gateway.url}/manage/graphql", json=sent, headers=headers).json()

    assert tenants() == {"data": {"tenants": [{"slug": "acme"}]}}
    assert _cut(control_url) > 0
    assert tenants() == {"data": {"tenants": [{"slug": "acme"}]}}


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_what_is_added_at_once_by_several_processes_is_known_to_all(
    request, gateway_with, on
) -> None:
    """Eight threads add tenants in either of two processes: no line of a change is passed over."""
    settings = {"GATEWAY_POLL_SECONDS": "0.1"}
    if on == "postgresql":
        settings["GATEWAY_CONTROL_DATABASE_URL"] = request.getfixturevalue("control_url")
    gateway = gateway_with(workers=2, **settings)
    token = gateway.operator
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
    wait_for(
        lambda: all(
            gateway.ask("/manage/graphql", "{ __typename }", revoked).status_code == 401
            for _ in range(12)
        ),
        seconds=10,
    )


@pytest.mark.parametrize(
    ("fault", "store"),
    list(zip([Fault.SILENT, Fault.REFUSE, Fault.RESET, Fault.CUT], STORES, strict=True)),
)
def test_known_tenants_are_served_and_the_unknown_is_refused_in_time(behind, fault, store) -> None:
    """Four clients of known tenants and one stranger ask all the time."""
    wait_for(lambda: behind.has_on_disk(behind.known))
    # It is written once a second while anything is new.
    wait_for(lambda: time.time() - behind.snapshot_file.stat().st_mtime > 2)
    behind.proxy.break_with(fault)
    end = time.monotonic() + OUTAGE_SECONDS
    with ThreadPoolExecutor(6) as pool:
        known = [pool.submit(_ask_until, end, behind, behind.known) for _ in range(3)]
        # A database that this process has not opened before.
        known.append(pool.submit(_ask_until, end, behind, behind.operator, f"/t/{store}/graphql"))
        unknown = pool.submit(_ask_until, end, behind, "tgw_unknown").result()
    assert {status for one in known for status, _ in one.result()} == {200}
    # The former until the outage is noticed.
    assert {401, 503} >= {status for status, _ in unknown}
    assert max(seconds for _, seconds in unknown) < DEADLINE_MS / 1000 + 1
    refused = behind.ask("tgw_unknown")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["errors"][0]["extensions"]["code"] == "TENANT_UNAVAILABLE"
    assert not behind.is_ready()
    assert httpx.get(f"{behind.gateway.url}/healthz").status_code == 200

    behind.revoke(behind.known)
    behind.proxy.heal()
    wait_for(lambda: behind.ask(behind.known).status_code == 401, seconds=2)
    assert behind.ask("tgw_unknown").status_code == 401
    assert behind.is_ready()
    wait_for(lambda: not behind.has_on_disk(behind.known))  # written, as the next test needs it


def test_a_silent_control_database_delays_no_end(behind) -> None:
    behind.proxy.break_with(Fault.SILENT)
    wait_for(lambda: httpx.get(f"{behind.gateway.url}/readyz").status_code == 503)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:  # pages and misses are under way
        pages = [pool.submit(_page, behind.gateway) for _ in range(3)]
        assert behind.gateway.stop() == 0
        for page in pages:
            page.result()
    assert time.monotonic() - began < 10


def test_pages_are_unavailable_in_time(behind) -> None:
    behind.proxy.break_with(Fault.SILENT)
    began = time.monotonic()
    answer = httpx.post(
        f"{behind.gateway.url}/admin/login/", data={"username": "a", "password": "b"}, timeout=30
    )
    assert answer.status_code in (403, 503)  # the form's token is looked at first
    headers = {"Authorization": "Bearer tgw_unknown"}
    manage = httpx.post(
        f"{behind.gateway.url}/manage/graphql",
        json={"query": "{ tenants { slug } }"},
        headers=headers,
        timeout=30,
    )
    assert manage.status_code in (401, 503)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.REFUSE])
def test_logging_in_is_unavailable(behind, fault) -> None:
    """No password is checked whose tries can't be counted."""
    login = f"{behind.gateway.url}/admin/login/"
    token = httpx.get(login).cookies["csrftoken"]
    behind.proxy.break_with(fault)
    form = {"username": "a", "password": "b", "csrfmiddlewaretoken": token}
    answer = httpx.post(login, data=form, headers={"Cookie": f"csrftoken={token}"}, timeout=30)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.REFUSE])
def test_commands_end_and_say_why(behind, fault) -> None:
    behind.proxy.break_with(fault)
    for command in (("migrate",), ("tenant", "list"), ("token", "list")):
        began = time.monotonic()
        printed = behind.gateway.manage(*command, fails=True)
        assert "the control database can't be used" in printed
        assert "Traceback" not in printed
        assert time.monotonic() - began < 30


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.REFUSE])
def test_a_server_starts_and_is_ready_once_the_database_is_there(behind, fault) -> None:
    behind.gateway.stop()
    behind.proxy.break_with(fault)
    behind.gateway.start()
    assert behind.ask("tgw_unknown").status_code == 503
    assert httpx.get(f"{behind.gateway.url}/readyz").status_code == 503

    behind.proxy.heal()
    wait_for(lambda: behind.ask(behind.known).status_code == 200, seconds=10)
    assert httpx.get(f"{behind.gateway.url}/readyz").status_code == 200


def _ask_until(end: float, behind: Behind, token: str, path: str = "") -> list[tuple[int, float]]:
    """Ask again and again; return each answer's status and the seconds that it took."""
    answers: list[tuple[int, float]] = []
    url, sent = behind.gateway.url + (path or behind.path), {"query": "{ item { name } }"}
    # One client: making another takes longer than most answers.
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        while time.monotonic() < end:
            began = time.monotonic()
            status = client.post(url, json=sent).status_code
            answers.append((status, time.monotonic() - began))
            time.sleep(0.02)  # the outage is the subject, not load
    return answers


def _page(gateway: Gateway) -> int:
    try:
        return httpx.get(f"{gateway.url}/admin/", timeout=30).status_code
    except httpx.TransportError:
        return 0


def _cut(url: str) -> int:
    """End all sessions of a database but this one; return how many there were."""
    with psycopg.connect(url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(ended.fetchall())
