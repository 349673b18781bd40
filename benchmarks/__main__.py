"""`make bench`: gateway against the floor, by query and number of connections, in one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.contenders.servers import others
from benchmarks.dataset import Size, make_postgresql, make_sqlite
from benchmarks.load import load
from benchmarks.queries import QUERIES, Query

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get(
    "GATEWAY_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
)


@dataclass(frozen=True)
class Contender:
    """A running server: where it answers, and with what token."""

    name: str
    port: int
    path: str
    token: str
    pid: int
    own_documents: bool = False  # its API has names of its own

    def document(self, query: Query) -> str | None:
        """Return what it is asked, or None where it has nothing for this."""
        return query.others.get(self.name) if self.own_documents else query.document

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds",
        type=float,
        default=3,
        help="for each contender, query and number of connections",
    )
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--scale", type=float, default=1, help="of the data: 1 is 300,000 tracks")
    parser.add_argument("--only", default="", help="queries whose name holds this")
    options = parser.parse_args()
    size = Size(int(10_000 * options.scale), int(20_000 * options.scale))
    queries = [query for query in QUERIES if options.only in query.name]
    with tempfile.TemporaryDirectory() as folder:
        sqlite_folder = Path(folder) / "databases"
        sqlite_folder.mkdir()
        print("making the data …", flush=True)
        postgresql = make_postgresql(SERVER, f"gateway_bench_{size.tracks}_{size.contacts}", size)
        sqlite = make_sqlite(sqlite_folder / "bench.sqlite3", size)
        with (
            _gateway(Path(folder), {"postgresql": postgresql, "sqlite": sqlite}) as gateways,
            _floor(postgresql) as floor,
            others(postgresql) as found,
        ):
            contenders = [
                floor,
                *gateways,
                *(
                    Contender(o.name, o.port, "/graphql", "none", o.pid, own_documents=True)
                    for o in found
                ),
            ]
            _compare(queries, contenders, size)
            asyncio.run(_run(queries, contenders, size, options.connections, options.seconds))
            for contender in (floor, gateways[0], *contenders[3:]):
                print(f"{contender.name:24} peak memory {contender.peak_mb():.0f} MB")


async def _run(
    queries: list[Query],
    contenders: list[Contender],
    size: Size,
    connections: list[int],
    seconds: float,
) -> None:
    print(
        f"\n{'query':34}{'conn':>5}  {'contender':24}{'req/s':>8}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'cpu ms':>9}{'of floor':>10}{'gateway is':>12}"
    )
    for query in queries:
        for count in connections:
            rates: list[float] = []
            for contender in contenders:
                document = contender.document(query)
                if document is None:
                    continue
                dice = random.Random(count)

                def body(
                    dice: random.Random = dice, query: Query = query, document: str = document
                ) -> bytes:
                    variables = query.variables(dice, size)
                    return json.dumps({"query": document, "variables": variables}).encode()

                await load(
                    contender.port, body, contender.path, contender.token, count, min(seconds, 0.7)
                )  # warm
                cpu = contender.cpu_seconds()
                measured = await load(
                    contender.port, body, contender.path, contender.token, count, seconds
                )
                cpu_ms = (contender.cpu_seconds() - cpu) * 1000 / (measured.rate * seconds)
                rates.append(measured.rate)
                ours = rates[1] / measured.rate if len(rates) > 1 else rates[0] / measured.rate
                ratio = f"{ours:.2f} x" if len(rates) > 1 else ""
                print(
                    f"{query.name:34}{count:>5}  {contender.name:24}{measured.rate:>8.0f}"
                    f"{measured.p50_ms:>9.2f}{measured.p99_ms:>9.2f}"
                    f"{cpu_ms:>9.3f}{measured.rate / rates[0]:>10.2f}{ratio:>12}",
                    flush=True,
                )


def _compare(queries: list[Query], contenders: list[Contender], size: Size) -> None:
    """All must give the same answer before anyone is timed."""
    for query in queries:
        variables = query.variables(random.Random(7), size)
        answers = {}
        for contender in contenders:
            document = contender.document(query)
            if document is None:
                continue
            headers = {"Authorization": f"Bearer {contender.token}"}
            reply = httpx.post(
                f"http://127.0.0.1:{contender.port}{contender.path}",
                headers=headers,
                json={"query": document, "variables": variables},
                timeout=60,
            )
            answers[contender.name] = _plain(reply.json())
        first = next(iter(answers.values()))
        for name, answer in answers.items():
            if answer != first or answer is None:
                raise SystemExit(
                    f"{query.name}: {name} answers otherwise:\n"
                    f"{str(answer)[:500]}\n{str(first)[:500]}"
                )


def _plain(answer: dict[str, Any]) -> object:
    """Return what a root field answered, whatever it is called and wrapped in."""
    if "errors" in answer:
        return answer
    (value,) = answer["data"].values()
    while isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("track", "note"):
        (value,) = value.values()
    return value


@contextmanager
def _gateway(folder: Path, urls: dict[str, str]) -> Iterator[list[Contender]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment = kept | {"GATEWAY_DATA_DIR": str(folder)}

    def manage(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    manage("migrate", "--verbosity", "0")
    tokens = {}
    for name, url in urls.items():
        manage("database", "add", name, url)
        manage("tenant", "add", name)
        manage("tenant", "attach", name, "production", name)
        tokens[name] = manage("token", "create", name, "--role", "admin").splitlines()[-1]
    with _server("gateway.asgi:application", 8097, environment) as process:
        yield [
            Contender(f"gateway, {name}", 8097, f"/t/{name}/graphql", tokens[name], process.pid)
            for name in urls
        ]


@contextmanager
def _floor(url: str) -> Iterator[Contender]:
    with _server("benchmarks.floor:application", 8098, {**os.environ, "BENCH_URL": url}) as process:
        yield Contender("floor, postgresql", 8098, "/graphql", "none", process.pid)


@contextmanager
def _server(
    application: str, port: int, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        application,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


if __name__ == "__main__":
    main()
