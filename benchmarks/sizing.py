"""The memory of full workers: `python -m benchmarks.sizing --workers 2 --tenants 80`.

Tenants on SQLite with no table alike are asked for their whole schema, each by documents of their
own, until the caches of all workers are full; then each is asked by several clients at once, so
that as many connections to databases stay open as may. Printed is what the processes hold together
(PSS) after each step, against what the chart asks for and permits. Answers under way come on top:
docs/deployment.md.
"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import django
import httpx
from graphql import get_introspection_query

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
django.setup()  # the fixtures below import models

from tests.fixtures.processes import Gateway, clean_environment  # noqa: E402

_CHART = Path(__file__).parents[1] / "examples/helm/tenant-graphql-gateway/values.yaml"
_DOCUMENTS = 3  # of each tenant: every worker is to meet some
_CLIENTS = 8  # that ask a tenant at once
_FULL = 0.95
_SECONDS = 300  # of a request, which may wait for a slow machine
_MB = 1_000_000


@dataclass(frozen=True)
class Filled:
    """A gateway with many tenants, and an operator's token."""

    gateway: Gateway
    token: str
    tenants: tuple[str, ...]

    def ask(self, tenant: str, query: str) -> None:
        url = f"{self.gateway.url}/t/{tenant}/graphql"
        headers = {"Authorization": f"Bearer {self.token}"}
        # A client of its own: its connection goes to any of the workers.
        try:
            answer = httpx.post(url, json={"query": query}, headers=headers, timeout=_SECONDS)
        except httpx.TransportError as error:
            log = (self.gateway.folder / "server.log").read_text()
            raise SystemExit(f"{error}\n{log[-2000:]}") from None
        if answer.status_code != 200:
            raise SystemExit(f"{tenant}: {answer.text[:300]}")

    def end(self) -> None:
        if self.gateway.server is not None:
            self.gateway.server.terminate()
            self.gateway.server.wait(_SECONDS)

    def gauge(self, name: str) -> int:
        """Return a gauge of all workers: each writes its own when it is asked, so many are."""
        text = ""
        for _ in range(8):
            text = httpx.get(f"{self.gateway.url}/metrics").text
        found = re.search(rf"^gateway_{name} (\S+)$", text, re.MULTILINE)
        return int(float(found[1])) if found else 0

    def processes(self) -> list[int]:
        """Return the server's processes: the one that started the others first."""
        server = self.gateway.server
        return [server.pid, *self.gateway.workers()] if server is not None else []

    def held_mb(self) -> list[float]:
        """Return the MB of each process."""
        return [_pss_mb(pid) for pid in self.processes()]

    def peak_mb(self) -> float:
        """Return what the processes held together where each held most."""
        return sum(_peak_mb(pid) for pid in self.processes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tenants", type=int, default=80, help="at most so many")
    parser.add_argument("--tables", type=int, default=40)
    parser.add_argument("--columns", type=int, default=40)
    options = parser.parse_args()
    requested, permitted = _chart_mb()
    with tempfile.TemporaryDirectory() as folder:
        filled = _started(Path(folder), options)
        try:
            print(f"the chart asks for {requested:.0f} MB and permits {permitted:.0f} MB")
            for step, work in _steps(options.workers):
                work(filled)
                held = filled.held_mb()
                parts = ", ".join(f"{mb:.0f}" for mb in held)
                print(
                    (
                        f"{step}: {sum(held):.0f} MB in all ({parts}), "
                        f"at most {filled.peak_mb():.0f}; {_states(filled)}"
                    ),
                    flush=True,
                )
        finally:
            filled.end()


def _steps(workers: int) -> Iterator[tuple[str, Callable[[Filled], None]]]:
    yield "idle", lambda _: None
    yield "caches full", lambda filled: _fill_caches(filled, workers)
    yield "and connections open", _open_connections


def _fill_caches(filled: Filled, workers: int) -> None:
    """Ask for whole schemas, until those of all workers are as many as they may keep."""
    standard = get_introspection_query()
    limits = {"schema_cache_bytes": 400 * _MB, "operation_cache_bytes": 100 * _MB}
    for count, tenant in enumerate(filled.tenants, 1):
        for number in range(_DOCUMENTS):
            query = standard.replace("query Introspection", f"query Introspection{number}")
            filled.ask(tenant, query)
        if count % 5 == 0 and all(
            filled.gauge(name) >= _FULL * workers * limit for name, limit in limits.items()
        ):
            return
    print("there are too few tenants to fill the caches: give --tenants")


def _open_connections(filled: Filled) -> None:
    with ThreadPoolExecutor(_CLIENTS) as pool:
        for tenant in filled.tenants:
            list(
                pool.map(
                    lambda _, slug=tenant: filled.ask(slug, "{ __typename t0 { id } }"),
                    range(_CLIENTS),
                )
            )


def _states(filled: Filled) -> str:
    schemas = filled.gauge("schema_cache_bytes") / _MB
    operations = filled.gauge("operation_cache_bytes") / _MB
    return (
        f"{filled.gauge('cached_schemas')} schemas of {schemas:.0f} MB, "
        f"operations of {operations:.0f} MB, "
        f"{filled.gauge('database_connections')} connections"
    )


def _started(folder: Path, options: argparse.Namespace) -> Filled:
    settings = {
        "GATEWAY_DATA_DIR": str(folder),
        "GATEWAY_METRICS": "everyone",
        "GATEWAY_DEADLINE_MS": str(_SECONDS * 1000),
        "GATEWAY_CATALOG_DEADLINE_MS": str(_SECONDS * 1000),
        "GATEWAY_QUEUE_WAIT_MS": str(_SECONDS * 1000),
    }
    gateway = Gateway(folder, clean_environment(**settings))
    gateway.manage("migrate", "--verbosity", "0")
    databases = folder / "databases"
    databases.mkdir(exist_ok=True)
    tenants = tuple(f"tenant{number}" for number in range(options.tenants))
    for slug in tenants:
        with closing(sqlite3.connect(databases / f"{slug}.sqlite3")) as connection:
            connection.executescript(_ddl(slug, options.tables, options.columns))
    lines = [f"{slug},production,sqlite:///{slug}.sqlite3" for slug in tenants]
    file = folder / "tenants.csv"
    file.write_text("\n".join(["slug,environment,connection", *lines]))
    gateway.manage("tenant", "import", str(file))
    token = gateway.manage("token", "create", "--operator", "--role", "admin").splitlines()[-1]
    gateway.start(workers=options.workers)
    return Filled(gateway, token, tenants)


def _ddl(slug: str, tables: int, columns: int) -> str:
    """Return tables that no other tenant has; each refers to the one before it."""
    own = ", ".join(f"{slug}_c{number} VARCHAR(40)" for number in range(columns - 2))
    return "PRAGMA synchronous = OFF;" + "".join(
        (
            f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, up INTEGER "
            f"REFERENCES t{max(number - 1, 0)} (id), {own});"
        )
        for number in range(tables)
    )


def _pss_mb(pid: int) -> float:
    """Return a process's memory; of what it shares with others its part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 / _MB if found else 0.0


def _peak_mb(pid: int) -> float:
    """Return the most that a process held, what it shares with others included."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 / _MB if found else 0.0


def _chart_mb() -> tuple[float, float]:
    """Return what the chart's values ask for and permit."""
    text = _CHART.read_text()
    found = dict(re.findall(r"(requests|limits): \{.*?memory: (\d+\wi)\}", text))
    units = {"Mi": 2**20, "Gi": 2**30}
    sizes = [int(found[name][:-2]) * units[found[name][-2:]] for name in ("requests", "limits")]
    return sizes[0] / _MB, sizes[1] / _MB


if __name__ == "__main__":
    main()
