"""The floor: a bare ASGI callable that sends one hand-written JSON statement in a worker thread."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import psycopg

from benchmarks.queries import QUERIES

_FLOORS = {query.document: query for query in QUERIES}
_pool = ThreadPoolExecutor(int(os.environ.get("FLOOR_THREADS", "8")))
_local = threading.local()


def _run(document: str, variables: dict[str, Any]) -> bytes:
    query = _FLOORS[document]
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["BENCH_URL"], autocommit=True)
    row = psycopg.Cursor(_local.connection).execute(query.floor, variables, prepare=True).fetchone()
    return b'{"data":{"%b":%b}}' % (query.root.encode(), row[0].encode() if row else b"null")


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer the benchmark's own documents, and nothing else."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    request = orjson.loads(body) if body else {"query": QUERIES[0].document, "variables": {"id": 1}}
    answer = await asyncio.get_running_loop().run_in_executor(
        _pool, _run, request["query"], request["variables"]
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
