"""What a sick database costs the others: `python -m benchmarks.faults [--seconds 10] [--vendor postgresql]`.

Two tenants are asked at a steady rate, from a process of their own, while the database of a third goes
wrong in each of the proxy's ways; printed are their p50 and p99 as ratios to the same minute's without a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")


from tests.fixtures.processes import Gateway, clean_environment, wait_for
from tests.fixtures.proxy import Fault, Proxy

SQL = "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40)); INSERT INTO book VALUES (1, 'One'), (2, 'Two');"
QUERY = "{ book { id title } }"
EVERY_SECONDS = 0.01
CONNECTIONS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--vendor", choices=["postgresql", "mariadb"], default="postgresql")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), given.vendor, given.seconds)


def _measure(folder: Path, vendor: str, seconds: float) -> None:
    gateway = Gateway(folder, clean_environment(GATEWAY_DATA_DIR=str(folder)))
    gateway.manage("migrate", "--verbosity", "0")
    gateway.start()
    sick, well = _database(vendor), _database(vendor)
    proxy = _proxy(sick)
    tokens = {
        name: _tenant(gateway, name, url)
        for name, url in (("sick", proxy.url(sick)), ("well", well))
    }
    try:
        _ask(gateway.url, tokens["sick"], "sick", 1.0)  # warm
        _ask(gateway.url, tokens["well"], "well", 1.0)
        for fault in Fault:
            if fault is Fault.NONE:
                continue
            before = _beside(gateway, tokens, seconds)
            proxy.break_with(fault)
            during = _beside(gateway, tokens, seconds)
            proxy.heal()
            healed = time.monotonic()
            wait_for(lambda: _serves(gateway, tokens["sick"]), seconds=30)
            print(
                f"{fault:18} others p50 {during[0] / before[0]:.2f} ×, p99 {during[1] / before[1]:.2f} ×"
                f" ({before[1]:.1f} → {during[1]:.1f} ms), errors {during[2]}; serves again after {time.monotonic() - healed:.1f} s",
                flush=True,
            )
    finally:
        gateway.stop()
        proxy.stop()


def _beside(gateway: Gateway, tokens: dict[str, str], seconds: float) -> tuple[float, float, int]:
    """Return p50 and p99 in ms, and the errors, of `well`, while `sick` is asked as well."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        sick = pool.apply_async(_ask, (gateway.url, tokens["sick"], "sick", seconds + 1))
        found = pool.apply(_ask, (gateway.url, tokens["well"], "well", seconds))
        sick.wait()
    return found


def _ask(url: str, token: str, tenant: str, seconds: float) -> tuple[float, float, int]:
    return asyncio.run(_paced(url, token, tenant, seconds))


async def _paced(url: str, token: str, tenant: str, seconds: float) -> tuple[float, float, int]:
    times: list[float] = []
    errors = 0
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"query": QUERY}).encode()
    head = (
        f"POST /t/{tenant}/graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    end = time.monotonic() + seconds

    async def one() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(host, int(port))
        while time.monotonic() < end:
            began = time.perf_counter()
            writer.write(head + body)
            answered = await reader.readuntil(b"\r\n\r\n")
            length = int(answered.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            errors += b'"errors"' in await reader.readexactly(length)
            taken = time.perf_counter() - began
            times.append(taken * 1000)
            await asyncio.sleep(max(EVERY_SECONDS - taken, 0))
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)], errors


def _serves(gateway: Gateway, token: str) -> bool:
    return "errors" not in gateway.ask("/t/sick/graphql", QUERY, token).json()


def _tenant(gateway: Gateway, name: str, url: str) -> str:
    gateway.manage("database", "add", name, url)
    gateway.manage("tenant", "add", name)
    gateway.manage("tenant", "attach", name, "production", name)
    return gateway.manage("token", "create", name, "--role", "admin").splitlines()[-1]


def _database(vendor: str) -> str:
    import django  # noqa: PLC0415 - it reads the settings, which the spawned loads don't need

    django.setup()
    from tests.fixtures import databases, vendors  # noqa: PLC0415

    return databases.make_url(getattr(vendors, vendor.upper()), SQL)


def _proxy(url: str) -> Proxy:
    from urllib.parse import urlsplit  # noqa: PLC0415

    parts = urlsplit(url)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)


if __name__ == "__main__":
    main()
