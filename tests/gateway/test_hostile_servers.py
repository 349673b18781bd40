"""A customer's server that lies, and one with too many tables: they harm their own tenant alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynamic_databases.models import Database
from tests.fixtures.doors import Reply
from tests.fixtures.hostile_postgresql import Manner
from tests.fixtures.vendors import SQLITE

ENDLESS = (Manner.ENDLESS_ROWS, Manner.ENDLESS_ROW)
LIMIT_BYTES = 10_000_000
MEMORY_BYTES = 150_000_000  # that such an answer may cost; without the limit it is gigabytes


def memory(what: str) -> int:
    """Return one number of this process's memory in bytes, such as VmHWM, its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) * 1024


@pytest.mark.parametrize("manner", ENDLESS)
def test_a_server_that_sends_without_end_fills_no_memory(
    door, tenant_of, registry, monkeypatch, hostile_postgresql, manner
) -> None:
    monkeypatch.setattr(registry.connections, "receive_limit_bytes", lambda _alias: LIMIT_BYTES)
    database = Database.objects.from_url("liar", hostile_postgresql(manner))
    _, token = tenant_of("liar", production=database)
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew (man 5 proc)

    reply = door.query("/t/liar/graphql", "{ __typename }", authorization=f"Bearer {token}")

    assert (reply.status, reply.code) == (503, "TENANT_UNAVAILABLE")
    assert memory("VmHWM") < before + MEMORY_BYTES


@pytest.mark.parametrize("manner", [one for one in Manner if one not in ENDLESS])
def test_answers_that_no_catalog_gives_are_the_databases_fault(
    door, tenant_of, hostile_postgresql, manner
) -> None:
    database = Database.objects.from_url("liar", hostile_postgresql(manner))
    _, token = tenant_of("liar", production=database)

    def ask() -> Reply:
        return door.query("/t/liar/graphql", "{ __typename }", authorization=f"Bearer {token}")

    assert (ask().status, ask().code) == (503, "TENANT_UNAVAILABLE")


def test_more_tables_than_are_served_are_refused(door, tenant_of, new_database, settings) -> None:
    settings.GATEWAY_MAX_TABLES = 3
    sql = "".join(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY);" for number in range(4))
    _, token = tenant_of("many", production=new_database(SQLITE, sql))

    reply = door.query("/t/many/graphql", "{ __typename }", authorization=f"Bearer {token}")

    assert (reply.status, reply.code) == (503, "TENANT_UNAVAILABLE")
    assert "more than 3 tables" in reply.error["message"]
    assert "GATEWAY_MAX_TABLES" in reply.error["message"]


def test_more_columns_than_are_served_are_refused(
    vendor, door, tenant_of, new_database, settings
) -> None:
    settings.GATEWAY_MAX_COLUMNS = 700
    columns = ", ".join(f"c{number} INTEGER" for number in range(701))
    sql = f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns});"
    _, token = tenant_of("wide", production=new_database(vendor, sql))

    reply = door.query("/t/wide/graphql", "{ __typename }", authorization=f"Bearer {token}")

    assert (reply.status, reply.code) == (503, "TENANT_UNAVAILABLE")
    assert "more than 700 columns" in reply.error["message"]
