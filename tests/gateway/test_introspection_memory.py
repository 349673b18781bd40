"""Introspection documents over a large schema: the process stays small.

There are GATEWAY_TEST_DOCUMENTS of them (`make soak`: a thousand).
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from graphql import get_introspection_query

TABLES, COLUMNS = 12, 10
DOCUMENTS = int(os.environ.get("GATEWAY_TEST_DOCUMENTS", "250"))
ANSWER_BYTES = 400_000  # of each document at least
CACHE_BYTES = 30_000_000
BOUND_BYTES = 3 * CACHE_BYTES


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.timeout(500)
def test_introspection_documents_fill_no_memory(gateway_with) -> None:
    """Each answer has some 500 kB: kept, they would take more than the bound."""
    gateway = gateway_with(
        GATEWAY_OPERATION_CACHE_BYTES=str(CACHE_BYTES), GATEWAY_METRICS="everyone"
    )
    root = gateway.folder / "databases"
    root.mkdir(exist_ok=True)
    with closing(sqlite3.connect(root / "wide.sqlite3")) as connection:
        for table in range(TABLES):
            columns = ", ".join(f"column_{number} TEXT" for number in range(COLUMNS))
            connection.execute(f"CREATE TABLE table_{table} (id INTEGER PRIMARY KEY, {columns})")
    token = gateway.add_tenant("wide", "sqlite:///wide.sqlite3")

    standard = get_introspection_query(descriptions=False)
    size, growth, first = 0, 0, 0
    for number in range(DOCUMENTS):
        query = standard.replace("query IntrospectionQuery", f"query Introspection{number}")
        answer = gateway.ask("/t/wide/production/graphql", query, token)
        assert answer.status_code == 200, answer.text[:500]
        size += len(answer.content)
        first = first or resident_bytes(gateway.server.pid)
        growth = resident_bytes(gateway.server.pid) - first
        assert growth < BOUND_BYTES, (number, size)
    print(f"{size} bytes were answered, the process grew by {growth}")
    assert size > max(DOCUMENTS * ANSWER_BYTES, BOUND_BYTES)
    figures = httpx.get(f"{gateway.url}/metrics").text
    (held,) = re.findall(r"^gateway_operation_cache_bytes (\S+)", figures, re.MULTILINE)
    assert 1_000_000 < float(held) <= CACHE_BYTES
