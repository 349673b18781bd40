"""What a tenant costs: memory, start, first requests, builds beside traffic, the column check.

`make bench` runs it after the others; alone: `python -m benchmarks.tenants [--only PART]`. Databases
are SQLite files, so that a thousand fit on one machine; what is measured is the gateway, not them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.__main__ import ROOT, _server
from benchmarks.load import Measured, Sample, load, percentile_ms, sampled

PORT = 8096
Span = tuple[float, float]  # from when to when, by time.perf_counter
_REGISTER = """
import json, sys, django
django.setup()
from django.db import transaction
from dynamic_databases.models import Database
from tenants.models import Environment, Tenant, TenantDatabase
from tenants.authentication.tokens import issue_token
given = json.load(sys.stdin)
with transaction.atomic():
    environment, _ = Environment.objects.get_or_create(name="production")
    for slug, path in given["databases"]:
        database = Database.objects.from_url(slug, "sqlite:///" + path)
        TenantDatabase.objects.create(tenant=Tenant.objects.create(slug=slug), environment=environment, database=database)
print(issue_token(None, "admin", None, None))
"""


_BODY = json.dumps({"query": "query($id: Int!) { t0ByPk(id: $id) { id c1 } }", "variables": {"id": 1}}).encode()  # fmt: skip
_QUIET_SECONDS = 2  # of each turn
_PAUSES = {"as fast as can be": 0.0, "each 10 ms": 0.01}  # of each of four connections
_client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=60)


def post(path: str, query: str, token: str) -> float:
    """Return the seconds that one request took, over a connection that is kept."""
    began, ended = post_timed(path, query, token)
    return ended - began


def post_timed(path: str, query: str, token: str) -> Span:
    """Return when one request was sent and when it was answered."""
    started = time.perf_counter()
    reply = _client.post(path, json={"query": query}, headers={"Authorization": f"Bearer {token}"})
    ended = time.perf_counter()
    if "errors" in reply.json():
        raise SystemExit(f"{path}: {reply.text[:300]}")
    return started, ended


@contextmanager
def another_process() -> Iterator[ProcessPoolExecutor]:
    """A process that asks beside the load: in the load's own it would hold up what is measured."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(time.sleep, 0).result()  # it has imported this module
        yield pool


@dataclass(frozen=True)
class Beside:
    """Others' latencies in milliseconds without and during some work, and the seconds each turn of it took."""

    p50_without: float
    p50_during: float
    p99_without: float
    p99_during: float
    took: list[float]

    def __str__(self) -> str:
        return (
            f"others' p50 {self.p50_during:.2f} ms against {self.p50_without:.2f} ({self.p50_during / self.p50_without:.2f} ×), "
            f"p99 {self.p99_during:.2f} ms against {self.p99_without:.2f} ({self.p99_during / self.p99_without:.2f} ×)"
        )


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

    def register(self, databases: list[tuple[str, Path]]) -> None:
        given = json.dumps({"databases": [(slug, str(path)) for slug, path in databases]})
        self.token = self._run(["-c", _REGISTER], given).strip()

    @contextmanager
    def gateway(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        with _server("gateway.asgi:application", PORT, self.environment | settings) as process:
            yield process

    def ask(self, tenant: str, query: str) -> float:
        """Return the seconds that one request took."""
        return post(f"/t/{tenant}/graphql", query, self.token)

    def manage(self, mutation: str) -> float:
        """Return the seconds that one mutation of the management schema took."""
        return post("/manage/graphql", f"mutation {{ {mutation} }}", self.token)

    def load(self, tenants: list[str], seconds: float, connections: int = 4) -> Measured:
        dice = random.Random(1)
        paths = [f"/t/{tenant}/graphql" for tenant in tenants]
        return asyncio.run(
            load(PORT, lambda: _BODY, lambda: dice.choice(paths), self.token, connections, seconds)
        )

    def beside(
        self,
        tenant: str,
        work: Callable[[int], tuple[Any, ...]],
        rounds: range,
        pause_seconds: float = 0.0,
    ) -> Beside:
        """Keep a tenant's four connections busy while another process does `work(i)` of each round, by turns with nothing.

        `work` gives a function and its arguments; the function returns the span of its doing.
        """

        async def both(pool: ProcessPoolExecutor) -> tuple[list[Sample], list[Span], list[Span]]:
            loop = asyncio.get_running_loop()
            over = asyncio.Event()
            asking = asyncio.create_task(
                sampled(
                    PORT,
                    lambda: _BODY,
                    f"/t/{tenant}/graphql",
                    self.token,
                    4,
                    over.is_set,
                    pause_seconds=pause_seconds,
                )
            )
            await asyncio.sleep(2)
            quiet, busy = [], []
            for i in rounds:
                began = time.perf_counter()
                await asyncio.sleep(_QUIET_SECONDS)
                quiet.append((began, time.perf_counter()))
                busy.append(await loop.run_in_executor(pool, *work(i)))
                await asyncio.sleep(1)  # what is done behind the answers
            over.set()
            return await asking, quiet, busy

        with another_process() as pool:
            samples, quiet, busy = asyncio.run(both(pool))
        without, during = (
            sorted(s.seconds for s in samples if any(a <= s.sent_at < b for a, b in spans))
            for spans in (quiet, busy)
        )
        return Beside(
            percentile_ms(without, 0.5), percentile_ms(during, 0.5),
            percentile_ms(without, 0.99), percentile_ms(during, 0.99),
            [(b - a) for a, b in busy],
        )  # fmt: skip

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


def ddl(tables: int, columns: int, kind: int = 0) -> str:
    """Tables `t0` … with a row each; `kind` makes a catalog that equals no other's."""
    rest = ", ".join(f"c{i} VARCHAR(40)" for i in range(1, columns - 1))
    return "".join(
        f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t{max(i - 1, 0)} (id), {rest}{f', k{kind} INTEGER' if i == 0 else ''});"
        f"INSERT INTO t{i} (id) VALUES (1);"
        for i in range(tables)
    )


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def copies(bench: Bench, count: int, kinds: int, tables: int, columns: int) -> list[tuple[str, Path]]:  # fmt: skip
    """Return `count` databases of `kinds` distinct catalogs."""
    originals = [bench.make(f"kind{i}", ddl(tables, columns, i)) for i in range(kinds)]
    found = []
    for i in range(count):
        path = bench.databases / f"tenant{i}.sqlite3"
        shutil.copyfile(originals[i % kinds], path)
        found.append((f"tenant{i}", path))
    return found


QUERY = "{ t0ByPk(id: 1) { id c1 t1s { id c2 } } }"


def thousand_tenants(bench: Bench) -> None:
    """1,000 tenants of 10 distinct catalogs (20 tables × 30 columns)."""
    bench.register(copies(bench, 1000, 10, 20, 30))
    with bench.gateway() as process:
        httpx.get(f"http://127.0.0.1:{PORT}/healthz")
        idle = memory_mb(process)
        for i in range(500):
            bench.ask(f"tenant{i}", QUERY)
        half = memory_mb(process)
        for i in range(500, 1000):
            bench.ask(f"tenant{i}", QUERY)
        full = memory_mb(process)
        print(f"1,000 tenants of 10 catalogs (20 × 30): {full - idle:.0f} MB above an idle worker's {idle:.0f}; {(full - half) * 1024 / 500:.1f} KB per further tenant")  # fmt: skip


def many_registered(bench: Bench) -> None:
    """10,000 registered, 100 active, against one tenant alone."""
    one = bench.make("only", ddl(20, 30))
    bench.register([("only", one)])

    def started() -> float:
        """Seconds from the process's beginning to its first answer."""
        found = []
        for _ in range(3):
            begin = time.perf_counter()
            with bench.gateway():
                bench.ask("only", QUERY)
                found.append(time.perf_counter() - begin)
        return min(found)

    start_one = started()
    with bench.gateway():
        bench.ask("only", QUERY)
        bench.load(["only"], 1)
        alone = [bench.load(["only"], 2).p50_ms for _ in range(3)]
    active = copies(bench, 100, 10, 20, 30)
    bench.register([*active, *((f"idle{i}", active[i % 100][1]) for i in range(9_899))])
    start_many = started()
    with bench.gateway():
        names = [name for name, _ in active]
        for name in names:
            bench.ask(name, QUERY)
        bench.load(names, 1)
        among = [bench.load(names, 2).p50_ms for _ in range(3)]
    print(f"10,000 registered, 100 active: start {start_many:.2f} s against {start_one:.2f} ({start_many / start_one:.2f} ×); by-key p50 {min(among):.2f} ms against {min(alone):.2f} ({min(among) / min(alone):.2f} ×)")  # fmt: skip


def first_requests(bench: Bench) -> None:
    """A tenant's first request, its catalog known and unknown, and the others' p99 meanwhile."""
    rounds = 8
    bigs = [
        (f"big{i}", bench.make(f"big{i}", ddl(200, 50, i))) for i in range(rounds * len(_PAUSES))
    ]
    twin = bench.databases / "twin.sqlite3"
    shutil.copyfile(bigs[0][1], twin)
    small = bench.make("small", ddl(20, 30))
    bench.register([*bigs, ("twin", twin), ("small", small)])
    with bench.gateway():
        bench.ask("small", QUERY)
        print("first request (200 × 50) of an unknown catalog, while another tenant is asked by four connections")  # fmt: skip
        for i, (how, pause) in enumerate(_PAUSES.items()):
            found = bench.beside(
                "small",
                lambda i: (post_timed, f"/t/big{i}/graphql", QUERY, bench.token),
                range(i * rounds, (i + 1) * rounds),
                pause,
            )
            took = ", ".join(f"{seconds * 1000:.0f}" for seconds in found.took)
            print(f"    {how}: {took} ms; meanwhile {found}")
            time.sleep(5)  # the new schemas are measured meanwhile
        known = bench.ask("twin", QUERY)
        read = min(bench.manage('refreshSchema(database: "twin") { name }') for _ in range(3))
    print(f"    of a known catalog {known * 1000:.0f} ms, of which {read * 1000:.0f} are the catalog's read")  # fmt: skip
    with bench.gateway():
        print(f"    of an unknown one, alone: {bench.ask('big0', QUERY) * 1000:.0f} ms")


def many_catalogs(bench: Bench) -> None:
    """1,000 databases of 50 distinct catalogs, queried once each."""
    bench.register(copies(bench, 1000, 50, 20, 30))
    with bench.gateway() as process:
        for i in range(1000):
            bench.ask(f"tenant{i}", QUERY)
        print(f"1,000 databases of 50 catalogs (20 × 30), queried once each: {memory_mb(process):.0f} MB per worker")  # fmt: skip


def registered_to_served(bench: Bench) -> None:
    """A database of 50 tables, from its registration to its first answer."""
    bench.register([("first", bench.make("first", ddl(1, 3)))])
    path = bench.make("fifty", ddl(50, 20))
    with bench.gateway():
        bench.ask("first", "{ t0 { id } }")
        started = time.perf_counter()
        for mutation in (
            f'registerDatabase(name: "fifty", url: "sqlite:///{path}") {{ name }}',
            'addTenant(slug: "fifty") { slug }',
            'attachDatabase(tenant: "fifty", environment: "production", database: "fifty") { slug }',
        ):
            bench.manage(mutation)
        bench.ask("fifty", "{ t0 { id } }")
        print(f"a database of 50 tables, registered to answered: {(time.perf_counter() - started) * 1000:.0f} ms")  # fmt: skip


def column_check(bench: Bench) -> None:
    """Requests with the column check behind them, and with it as good as off."""
    bench.register(copies(bench, 20, 10, 20, 30))
    names = [f"tenant{i}" for i in range(20)]
    figures: dict[str, list[float]] = {"5": [], "86000": []}
    for _ in range(3):
        for seconds, found in figures.items():
            with bench.gateway(GATEWAY_CATALOG_CHECK_SECONDS=seconds):
                for name in names:
                    bench.ask(name, QUERY)
                bench.load(names, 1)
                found.append(bench.load(names, 4).p50_ms)
    on, off = min(figures["5"]), min(figures["86000"])
    print(f"the column check every 5 seconds, 20 tenants: by-key p50 {on:.3f} ms against {off:.3f} without ({on / off:.2f} ×)")  # fmt: skip


def changing_columns(bench: Bench) -> None:
    """The others' p99 while columns of a live tenant are added, renamed and dropped, one after the other."""
    rounds, seconds = 6, 2.0
    bench.register(copies(bench, 2, 2, 20, 30))
    with bench.gateway():
        for name in ("tenant0", "tenant1"):
            bench.ask(name, QUERY)
        for how, pause in _PAUSES.items():
            found = bench.beside(
                "tenant0", lambda _: (_change, bench.token, seconds), range(rounds), pause
            )
            print(f"columns added, renamed, dropped without a pause, another tenant asked {how}: {found}")  # fmt: skip


def _change(token: str, seconds: float) -> Span:
    """Add, rename and drop a column again and again; return from when to when."""
    place = 'database: "tenant1", table: "t1"'
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        for mutation in (
            f'addColumn({place}, name: "cf", type: "Int") {{ state }}',
            f'renameColumn({place}, name: "cf", newName: "cg") {{ state }}',
            f'dropColumn({place}, name: "cg", force: true) {{ state }}',
        ):
            post("/manage/graphql", f"mutation {{ {mutation} }}", token)
            post("/t/tenant1/graphql", QUERY, token)
    return began, time.perf_counter()


def machine(bench: Bench) -> None:
    """What a process costs that uses a core and nothing of the gateway: no work beside requests can cost less."""
    bench.register([("small", bench.make("small", ddl(20, 30)))])
    with bench.gateway():
        bench.ask("small", QUERY)
        for how, pause in _PAUSES.items():
            found = bench.beside("small", lambda _: (_burn, 0.5), range(8), pause)
            print(f"another process uses a core, a tenant asked {how}: {found}")


def _burn(seconds: float) -> Span:
    """Use a core; return from when to when."""
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        pass
    return began, time.perf_counter()


PARTS: dict[str, Callable[[Bench], Any]] = {
    part.__name__: part
    for part in (
        thousand_tenants,
        many_registered,
        first_requests,
        many_catalogs,
        registered_to_served,
        column_check,
        changing_columns,
        machine,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"parts whose name holds this: {', '.join(PARTS)}")  # fmt: skip
    options = parser.parse_args()
    print()
    for name, part in PARTS.items():
        if options.only in name:
            with tempfile.TemporaryDirectory() as folder:
                part(Bench(Path(folder) / "data"))


if __name__ == "__main__":
    main()
