"""What a failing database costs other tenants: `python -m benchmarks.faults --vendor postgresql`.

Two tenants are asked at a steady rate, each from a process of its own, while the database of one
goes wrong in each of the proxy's ways, alternating with equal times without a fault. Printed are
the other's p50 and p99 over all times with the fault as ratios to those without: what else the
machine does falls on both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
django.setup()  # the fixtures below import models

from tests.fixtures import databases, vendors  # noqa: E402
from tests.fixtures.processes import Gateway, clean_environment, wait_for  # noqa: E402
from tests.fixtures.proxy import Fault, Proxy  # noqa: E402

SQL = (
    "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40)); "
    "INSERT INTO book VALUES (1, 'One'), (2, 'Two');"
)
QUERY = "{ book { id title } }"
EVERY_SECONDS = 0.01
CONNECTIONS = 2
Asked = tuple[float, float, bool]  # when, how many milliseconds it took, whether it was refused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each time")
    parser.add_argument("--vendor", choices=["postgresql", "mariadb"], default="postgresql")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), given.vendor, given.rounds, given.seconds)


def _measure(folder: Path, vendor: str, rounds: int, seconds: float) -> None:
    gateway = Gateway(folder, clean_environment(GATEWAY_DATA_DIR=str(folder)))
    gateway.manage("migrate", "--verbosity", "0")
    gateway.start()
    sick, well = _database(vendor), _database(vendor)
    proxy = _proxy(sick)
    tokens = {
        name: _tenant(gateway, name, url)
        for name, url in (("sick", proxy.url(sick)), ("well", well))
    }
    context = multiprocessing.get_context("spawn")
    try:
        with context.Manager() as manager, ProcessPoolExecutor(2, context) as pool:
            for fault in Fault:
                if fault is Fault.NONE:
                    continue
                stop = manager.Event()
                asked = [
                    pool.submit(_ask, gateway.url, tokens[name], name, stop)
                    for name in ("well", "sick")
                ]
                wait_for(lambda: _serves(gateway, tokens["sick"]), seconds=30)
                time.sleep(2)  # the processes have begun
                times = _turns(gateway, proxy, fault, tokens["sick"], rounds, seconds)
                stop.set()
                _tell(fault, asked[0].result(), times)
                asked[1].result()
    finally:
        gateway.stop()
        proxy.stop()


@dataclass
class Times:
    """When it went well and when it did not, and how long it took to serve again; in seconds."""

    without: list[tuple[float, float]] = field(default_factory=list)
    during: list[tuple[float, float]] = field(default_factory=list)
    until_served: list[float] = field(default_factory=list)


def _turns(
    gateway: Gateway, proxy: Proxy, fault: Fault, token: str, rounds: int, seconds: float
) -> Times:
    times = Times()
    for _ in range(rounds):
        began = time.monotonic()
        time.sleep(seconds)
        times.without.append((began, time.monotonic()))
        proxy.break_with(fault)
        began = time.monotonic()
        time.sleep(seconds)
        times.during.append((began, time.monotonic()))
        proxy.heal()
        healed = time.monotonic()
        wait_for(lambda: _serves(gateway, token), seconds=30)
        times.until_served.append(time.monotonic() - healed)
    return times


def _tell(fault: Fault, asked: list[Asked], times: Times) -> None:
    before, during = (
        sorted(ms for at, ms, _ in asked if any(a <= at < b for a, b in spans))
        for spans in (times.without, times.during)
    )
    p50, p99 = (
        (before[int(len(before) * share)], during[int(len(during) * share)])
        for share in (0.5, 0.99)
    )
    print(
        f"{fault:18} others p50 {p50[1] / p50[0]:.2f} ×, p99 {p99[1] / p99[0]:.2f} "
        f"× ({p99[0]:.1f} → {p99[1]:.1f} ms),"
        f" errors {sum(is_error for _, _, is_error in asked)} of {len(asked)}; "
        f"serves again after {max(times.until_served):.1f} s",
        flush=True,
    )


def _ask(url: str, token: str, tenant: str, stop: Event) -> list[Asked]:
    return asyncio.run(_paced(url, token, tenant, stop))


async def _paced(url: str, token: str, tenant: str, stop: Event) -> list[Asked]:
    found: list[Asked] = []
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"query": QUERY}).encode()
    head = (
        f"POST /t/{tenant}/graphql HTTP/1.1\r\n"
        "host: localhost\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    is_over = asyncio.Event()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while not is_over.is_set():
            at = time.monotonic()
            writer.write(head + body)
            answered = await reader.readuntil(b"\r\n\r\n")
            length = int(answered.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            is_error = b'"errors"' in await reader.readexactly(length)
            taken = time.monotonic() - at
            found.append((at, taken * 1000, is_error))
            await asyncio.sleep(max(EVERY_SECONDS - taken, 0))
        writer.close()

    running = [asyncio.create_task(one()) for _ in range(CONNECTIONS)]
    await asyncio.to_thread(stop.wait)
    is_over.set()
    await asyncio.gather(*running)
    return found


def _serves(gateway: Gateway, token: str) -> bool:
    return "errors" not in gateway.ask("/t/sick/graphql", QUERY, token).json()


def _tenant(gateway: Gateway, name: str, url: str) -> str:
    gateway.manage("database", "add", name, url)
    gateway.manage("tenant", "add", name)
    gateway.manage("tenant", "attach", name, "production", name)
    return gateway.manage("token", "create", name, "--role", "admin").splitlines()[-1]


def _database(vendor: str) -> str:
    return databases.make_url(getattr(vendors, vendor.upper()), SQL)


def _proxy(url: str) -> Proxy:
    parts = urlsplit(url)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)


if __name__ == "__main__":
    main()
