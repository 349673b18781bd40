"""Gateways started on databases made for the purpose, and what requests beside some work take."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.__main__ import ROOT, _server
from benchmarks.load import Measured, Sample, load, percentile_ms, sampled

PORT = 8096
Span = tuple[float, float]  # from when to when, by time.perf_counter
_REGISTER = """
import json, sys, django
django.setup()
from django.db import transaction
from dynamic_databases.models import Baseline, Database
from tenants.models import Environment, Tenant, TenantDatabase
from tenants.authentication.tokens import issue_token
given = json.load(sys.stdin)
with transaction.atomic():
    environment, _ = Environment.objects.get_or_create(name="production")
    for slug, path in given["databases"]:
        database = Database.objects.from_url(slug, "sqlite:///" + path)
        TenantDatabase.objects.create(tenant=Tenant.objects.create(slug=slug),
          environment=environment, database=database)
if given["has_baseline"]:
    baseline = Baseline.capture(Database.objects.get(name=given["databases"][0][0]), "first")
    for database in Database.objects.all():
        database.baseline = baseline
        database.save()
print(issue_token(None, "admin", None, None))
"""


_BODY = json.dumps(
    {"query": "query($id: Int!) { t0ByPk(id: $id) { id c1 } }", "variables": {"id": 1}}
).encode()
_QUIET_SECONDS = 2  # of each turn


def post(
    path: str, query: str, token: str, port: int = PORT, schema: str = "", **variables: object
) -> float:
    """Return the seconds that one request took, over a connection that is kept."""
    began, ended = post_timed(path, query, token, port, schema, **variables)
    return ended - began


def post_timed(
    path: str, query: str, token: str, port: int = PORT, schema: str = "", **variables: object
) -> Span:
    """Return when one request was sent and when it was answered; `schema` may be `baseline`."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if schema:
        headers["X-Schema"] = schema
    started = time.perf_counter()
    try:
        reply = _exchange(port, path, body, headers)
    except (BrokenPipeError, ConnectionResetError):  # it was a former gateway's
        _connection(port).close()
        reply = _exchange(port, path, body, headers)
    ended = time.perf_counter()
    if "errors" in json.loads(reply):
        raise SystemExit(f"{path}: {reply[:300].decode()}")
    return started, ended


def _exchange(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    connection = _connection(port)
    connection.request("POST", path, body, headers)
    return connection.getresponse().read()


@cache
def _connection(port: int) -> HTTPConnection:
    """The standard library's client: one that computes more would take the server's cores."""
    return HTTPConnection("127.0.0.1", port, timeout=60)


@contextmanager
def another_process() -> Iterator[ProcessPoolExecutor]:
    """A process that asks beside the load: in the load's own it would hold up what is measured."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(time.sleep, 0).result()  # it has imported this module
        yield pool


@dataclass(frozen=True)
class Beside:
    """Others' latencies in milliseconds, without and during some work; seconds of each round."""

    p50_without: float
    p50_during: float
    p99_without: float
    p99_during: float
    slow_without: float  # the share of requests slower than 1.5 times the p99 without
    slow_during: float
    took: list[float]

    def __str__(self) -> str:
        return (
            f"others' p50 {self.p50_during:.2f} ms against {self.p50_without:.2f} "
            f"({self.p50_during / self.p50_without:.2f} ×), "
            f"p99 {self.p99_during:.2f} ms against {self.p99_without:.2f} "
            f"({self.p99_during / self.p99_without:.2f} ×), "
            f"slower than 1.5 × the p99 without: {self.slow_during:.2%} "
            f"against {self.slow_without:.2%}"
        )


@dataclass(frozen=True)
class Turns:
    """The p50 in milliseconds of two alternating loads, and their ratio in each round."""

    first_ms: float
    second_ms: float
    ratios: list[float]

    def __str__(self) -> str:
        low, middle, high = statistics.quantiles(self.ratios, n=4)
        return (
            f"p50 {self.first_ms:.2f} ms against {self.second_ms:.2f} ({middle:.2f} ×; "
            f"half of {len(self.ratios)} rounds {low:.2f} to {high:.2f})"
        )


def by_turns(first: Callable[[], Measured], second: Callable[[], Measured], rounds: int) -> Turns:
    """Alternate two loads, so that the machine's noise falls on both alike."""
    found: list[tuple[float, float]] = []
    for i in range(rounds):
        if i % 2:
            later = second().p50_ms
            found.append((first().p50_ms, later))
        else:
            found.append((first().p50_ms, second().p50_ms))
    ones, others = zip(*found, strict=True)
    ratios = [one / other for one, other in found]
    return Turns(statistics.median(ones), statistics.median(others), ratios)


class Bench:
    """A control database in a folder of its own, and gateways started on it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.databases = folder / "databases"
        self.databases.mkdir(parents=True)
        kept = {n: v for n, v in os.environ.items() if not n.startswith("GATEWAY_")}
        self.environment = kept | {
            "GATEWAY_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "gateway.settings",
            **settings,
        }
        self.token = ""
        self._run(["manage.py", "migrate", "--verbosity", "0"])

    def make(self, name: str, ddl: str) -> Path:
        path = self.databases / f"{name}.sqlite3"
        connection = sqlite3.connect(path)
        connection.executescript(ddl)
        connection.close()
        return path

    def register(self, databases: list[tuple[str, Path]], *, has_baseline: bool = False) -> None:
        """Register databases with a tenant each; the first one is the baseline of all."""
        named = [(slug, str(path)) for slug, path in databases]
        given = json.dumps({"databases": named, "has_baseline": has_baseline})
        self.token = self._run(["-c", _REGISTER], given).strip()

    @contextmanager
    def gateway(self, port: int = PORT, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        with _server("gateway.asgi:application", port, self.environment | settings) as process:
            yield process

    def ask(self, tenant: str, query: str, port: int = PORT, schema: str = "") -> float:
        """Return the seconds that one request took."""
        return post(f"/t/{tenant}/graphql", query, self.token, port, schema)

    def manage(self, mutation: str) -> float:
        """Return the seconds that one mutation of the management schema took."""
        return post("/manage/graphql", f"mutation {{ {mutation} }}", self.token)

    def load(self, tenants: list[str], seconds: float, port: int = PORT) -> Measured:
        """Ask tenants at random over four connections, as fast as can be."""
        dice = random.Random(1)
        paths = [f"/t/{tenant}/graphql" for tenant in tenants]
        return asyncio.run(
            load(port, lambda: _BODY, lambda: dice.choice(paths), self.token, 4, seconds)
        )

    def beside(
        self,
        tenant: str,
        work: Callable[[int], tuple[Any, ...]],
        rounds: range,
        pause_seconds: float = 0.0,
        crowd: str | None = None,
    ) -> Beside:
        """Load a tenant over four connections while a process alternates `work(i)` and nothing.

        That is a function and its arguments; it returns the span of its doing. Eight more
        connections keep the tenant `crowd` busy all the time.
        """

        async def asked(whom: str, connections: int, over: asyncio.Event) -> list[Sample]:
            path = f"/t/{whom}/graphql"
            return await sampled(
                PORT,
                lambda: _BODY,
                path,
                self.token,
                connections,
                over.is_set,
                pause_seconds=pause_seconds,
            )

        async def both(pool: ProcessPoolExecutor) -> tuple[list[Sample], list[Span], list[Span]]:
            loop = asyncio.get_running_loop()
            over = asyncio.Event()
            asking = [asyncio.create_task(asked(tenant, 4, over))]
            if crowd is not None:
                asking.append(asyncio.create_task(asked(crowd, 8, over)))
            await asyncio.sleep(2)
            quiet, busy = [], []
            for i in rounds:
                began = time.perf_counter()
                await asyncio.sleep(_QUIET_SECONDS)
                quiet.append((began, time.perf_counter()))
                busy.append(await loop.run_in_executor(pool, *work(i)))
                await asyncio.sleep(1)  # what is done behind the answers
            over.set()
            return (await asyncio.gather(*asking))[0], quiet, busy

        with another_process() as pool:
            samples, quiet, busy = asyncio.run(both(pool))
        without, during = (
            sorted(s.seconds for s in samples if any(a <= s.sent_at < b for a, b in spans))
            for spans in (quiet, busy)
        )
        limit = 1.5 * percentile_ms(without, 0.99) / 1000
        return Beside(
            percentile_ms(without, 0.5),
            percentile_ms(during, 0.5),
            percentile_ms(without, 0.99),
            percentile_ms(during, 0.99),
            _share_above(limit, without),
            _share_above(limit, during),
            [(b - a) for a, b in busy],
        )

    def _run(self, arguments: list[str], text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return done.stdout


def _share_above(limit: float, times: list[float]) -> float:
    return sum(1 for seconds in times if seconds > limit) / len(times)


def ddl(tables: int, columns: int, kind: int = 0) -> str:
    """Tables `t0` … with a row each; `kind` makes a catalog that equals no other's."""
    rest = ", ".join(f"c{i} VARCHAR(40)" for i in range(1, columns - 1))
    return "".join(
        f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, up INTEGER "
        f"REFERENCES t{max(i - 1, 0)} (id), {rest}{f', k{kind} INTEGER' if i == 0 else ''});"
        f"INSERT INTO t{i} (id) VALUES (1);"
        for i in range(tables)
    )


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def copies(
    bench: Bench, count: int, kinds: int, tables: int, columns: int
) -> list[tuple[str, Path]]:
    """Return `count` databases of `kinds` distinct catalogs."""
    originals = [bench.make(f"kind{i}", ddl(tables, columns, i)) for i in range(kinds)]
    found = []
    for i in range(count):
        path = bench.databases / f"tenant{i}.sqlite3"
        shutil.copyfile(originals[i % kinds], path)
        found.append((f"tenant{i}", path))
    return found
