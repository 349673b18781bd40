"""A thousand introspection documents over a large schema: the process stays small."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from graphql import get_introspection_query

TABLES, COLUMNS, DOCUMENTS = 12, 10, 1_000
BOUND_BYTES = 350_000_000


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.timeout(500)
def test_a_thousand_introspection_documents_fill_no_memory(gateway_with) -> None:
    """Each answer has some 500 kB: kept, they would be 500 MB."""
    gateway = gateway_with(GATEWAY_OPERATION_CACHE_BYTES="30000000", GATEWAY_METRICS="everyone")
    root = gateway.folder / "databases"
    root.mkdir(exist_ok=True)
    with closing(sqlite3.connect(root / "wide.sqlite3")) as connection:
        for table in range(TABLES):
            columns = ", ".join(f"column_{number} TEXT" for number in range(COLUMNS))
            connection.execute(f"CREATE TABLE table_{table} (id INTEGER PRIMARY KEY, {columns})")
    gateway.manage("database", "add", "wide", "sqlite:///wide.sqlite3")
    gateway.manage("tenant", "add", "wide")
    gateway.manage("tenant", "attach", "wide", "production", "wide")
    token = gateway.manage("token", "create", "wide", "--role", "admin").strip().splitlines()[-1]

    standard = get_introspection_query(descriptions=False)
    size = 0
    for number in range(DOCUMENTS):
        query = standard.replace("query IntrospectionQuery", f"query Introspection{number}")
        answer = gateway.ask("/t/wide/production/graphql", query, token)
        assert answer.status_code == 200, answer.text[:500]
        size += len(answer.content)
        peak = resident_bytes(gateway.server.pid)
        assert peak < BOUND_BYTES, (number, size)
    print(f"{size} bytes were answered, {peak} are resident")
    assert size > 400_000_000
    figures = httpx.get(f"{gateway.url}/metrics").text
    (held,) = re.findall(r"^gateway_operation_cache_bytes (\S+)", figures, re.MULTILINE)
    assert 1_000_000 < float(held) <= 30_000_000
