"""What a tenant costs: memory, start, first requests, builds beside traffic, the column check.

`make bench` runs it after the others; alone: `python -m benchmarks.tenants [--only PART]`.
Databases are SQLite files, so that a thousand fit on one machine; what is measured is the gateway,
not them.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bench import PORT, Bench, Span, by_turns, copies, ddl, memory_mb, post, post_timed

_PAUSES = {"as fast as can be": 0.0, "each 10 ms": 0.01}  # of each client
_ROUNDS = 20  # of two loads by turns
QUERY = "{ t0ByPk(id: 1) { id c1 t1s { id c2 } } }"
_UPDATE = (
    "mutation($value: Int) {{ updateT1ByPk(pkColumns: {{id: 1}}, "
    "_set: {{{name}: $value}}) {{ id }} }}"
)


def thousand_tenants(bench: Bench) -> None:
    """1,000 tenants of 10 distinct catalogs (20 tables × 30 columns)."""
    bench.register(copies(bench, 1000, 10, 20, 30))
    idle, above, each_kb, _ = _grown(bench, 1000)
    print(
        f"1,000 tenants of 10 catalogs (20 × 30): {above:.0f} "
        f"MB above an idle worker's {idle:.0f}; {each_kb:.1f} KB per further tenant"
    )


def _grown(bench: Bench, count: int, schema: str = "") -> tuple[float, float, float, list[float]]:
    """Ask so many tenants once each.

    Return an idle worker's MB, by how many it grew, the KB of each tenant of the second half, and
    the seconds that these took, sorted.
    """
    with bench.gateway() as process:
        httpx.get(f"http://127.0.0.1:{PORT}/healthz")
        idle = memory_mb(process)
        for i in range(count // 2):
            bench.ask(f"tenant{i}", QUERY, schema=schema)
        half = memory_mb(process)
        took = sorted(
            bench.ask(f"tenant{i}", QUERY, schema=schema) for i in range(count // 2, count)
        )
        time.sleep(2)  # the new schemas are measured meanwhile
        full = memory_mb(process)
    return idle, full - idle, (full - half) * 1024 / len(took), took


def many_registered(bench: Bench) -> None:
    """10,000 registered tenants, 100 active, against one alone, in separate control databases."""
    alone = Bench(bench.folder / "alone")
    alone.register([("only", alone.make("only", ddl(20, 30)))])
    active = copies(bench, 100, 10, 20, 30)
    bench.register([*active, *((f"idle{i}", active[i % 100][1]) for i in range(9_900))])
    names = [name for name, _ in active]

    def started(which: Bench, name: str) -> float:
        """Seconds from the process's beginning to its first answer."""
        begin = time.perf_counter()
        with which.gateway():
            which.ask(name, QUERY)
            return time.perf_counter() - begin

    starts = [(started(bench, names[0]), started(alone, "only")) for _ in range(5)]
    many, one = (min(taken) for taken in zip(*starts, strict=True))
    with bench.gateway(), alone.gateway(port=PORT + 1):
        for name in names:
            bench.ask(name, QUERY)
        alone.ask("only", QUERY, PORT + 1)
        found = by_turns(
            lambda: bench.load(names, 1), lambda: alone.load(["only"], 1, PORT + 1), _ROUNDS
        )
    print(
        f"10,000 registered, 100 active: start {many:.2f} s against {one:.2f} "
        f"({many / one:.2f} ×); by-key {found}"
    )


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
        print(
            "first request (200 × 50) of an unknown catalog, "
            "while another tenant is asked by four connections"
        )
        for turn, (how, pause) in enumerate(_PAUSES.items()):
            found = bench.beside(
                "small",
                lambda i: (post_timed, f"/t/big{i}/graphql", QUERY, bench.token),
                range(turn * rounds, (turn + 1) * rounds),
                pause,
            )
            took = ", ".join(f"{seconds * 1000:.0f}" for seconds in found.took)
            print(f"    {how}: {took} ms; meanwhile {found}")
            time.sleep(5)  # the new schemas are measured meanwhile
        known = bench.ask("twin", QUERY)
        read = min(bench.manage('refreshSchema(database: "twin") { name }') for _ in range(3))
    print(
        f"    of a known catalog {known * 1000:.0f} ms, of which {read * 1000:.0f} "
        "are the catalog's read"
    )
    with bench.gateway():
        print(f"    of an unknown one, alone: {bench.ask('big0', QUERY) * 1000:.0f} ms")


def many_catalogs(bench: Bench) -> None:
    """1,000 databases of 50 distinct catalogs, queried once each."""
    bench.register(copies(bench, 1000, 50, 20, 30))
    with bench.gateway() as process:
        for i in range(1000):
            bench.ask(f"tenant{i}", QUERY)
        print(
            "1,000 databases of 50 catalogs (20 × 30), "
            f"queried once each: {memory_mb(process):.0f} MB per worker"
        )


def own_columns(bench: Bench) -> None:
    """Equal databases but for one column in one table each: the cost of one more catalog."""
    for count, tables, columns in ((500, 20, 30), (60, 200, 50)):
        part = Bench(bench.folder / f"own{count}")
        part.register(copies(part, count, count, tables, columns), has_baseline=True)
        for schema, whose in (("", "its own"), ("baseline", "the baseline's")):
            idle, above, each_kb, took = _grown(part, count, schema)
            print(
                f"{count} databases ({tables} × {columns}), each with a column of its own, "
                f"asked by {whose} schema: {above:.0f} MB above an idle worker's {idle:.0f}; "
                f"{each_kb:.0f} KB per further one, "
                f"first answered in {took[len(took) // 2] * 1000:.0f} ms"
            )


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
            (
                'attachDatabase(tenant: "fifty", environment: "production", '
                'database: "fifty") { slug }'
            ),
        ):
            bench.manage(mutation)
        bench.ask("fifty", "{ t0 { id } }")
        print(
            "a database of 50 tables, registered to "
            f"answered: {(time.perf_counter() - started) * 1000:.0f} ms"
        )


def column_check(bench: Bench) -> None:
    """Requests with the column check behind them, and with it as good as off."""
    bench.register(copies(bench, 20, 10, 20, 30))
    names = [f"tenant{i}" for i in range(20)]
    with (
        bench.gateway(GATEWAY_CATALOG_CHECK_SECONDS="5"),
        bench.gateway(port=PORT + 1, GATEWAY_CATALOG_CHECK_SECONDS="86000"),
    ):
        for port in (PORT, PORT + 1):
            for name in names:
                bench.ask(name, QUERY, port)
        found = by_turns(
            lambda: bench.load(names, 1), lambda: bench.load(names, 1, PORT + 1), _ROUNDS
        )
    print(f"the column check every 5 seconds, 20 tenants, against none: by-key {found}")


def changing_columns(bench: Bench) -> None:
    """Another tenant's p99 while columns of a tenant change under load from 8 clients."""
    bench.register(copies(bench, 2, 2, 20, 30))
    with bench.gateway():
        for name in ("tenant0", "tenant1"):
            bench.ask(name, QUERY)
        for how, pause in _PAUSES.items():
            found = bench.beside(
                "tenant0",
                lambda _, pause=pause: (_change, bench.token, 2.0, pause),
                range(12),
                pause,
                crowd="tenant1",
            )
            print(
                "columns added, filled, queried, renamed, "
                f"dropped on a tenant that 8 clients ask, all {how}: {found}"
            )


def _change(token: str, seconds: float, pause: float) -> Span:
    """Add, fill, query, rename and drop a column repeatedly; return each round's start and end.

    No name comes twice: each change makes a catalog that the gateway never saw.
    """
    place = 'database: "tenant1", table: "t1"'

    def ask(text: str, **variables: object) -> None:
        post("/t/tenant1/graphql", text, token, **variables)
        time.sleep(pause)

    def manage(mutation: str) -> None:
        post("/manage/graphql", f"mutation {{ {mutation} }}", token)
        time.sleep(pause)

    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        number = time.monotonic_ns()
        name, other = f"cf{number}", f"cg{number}"
        manage(f'addColumn({place}, name: "{name}", type: "Int") {{ state }}')
        for value in range(20):
            ask(_UPDATE.format(name=name), value=value)
        ask(f"{{ t1 {{ id {name} }} }}")
        manage(f'renameColumn({place}, name: "{name}", newName: "{other}") {{ state }}')
        ask(f"{{ t1 {{ id {other} }} }}")
        manage(f'dropColumn({place}, name: "{other}", force: true) {{ state }}')
        ask(QUERY)
    return began, time.perf_counter()


def changing_tenants(bench: Bench) -> None:
    """Another tenant's p99 while tenants are added to 10,000, and while pages list all of them."""
    few = copies(bench, 2, 2, 20, 30)
    bench.register([*few, *((f"idle{i}", few[i % 2][1]) for i in range(9_998))])
    with bench.gateway():
        bench.ask("tenant0", QUERY)
        for what, work in (("tenants added", _add), ("/graphiql/targets", _targets)):
            found = bench.beside(
                "tenant0",
                lambda _, work=work: (work, bench.token, 2.0),
                range(8),
                _PAUSES["each 10 ms"],
            )
            print(f"10,000 registered, {what} again and again: {found}")


def _add(token: str, seconds: float) -> Span:
    """Add a tenant and attach a database, four times a second; return from when to when."""
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        slug = f"x{time.monotonic_ns()}"
        for mutation in (
            f'addTenant(slug: "{slug}") {{ slug }}',
            (
                f'attachDatabase(tenant: "{slug}", environment: "production", '
                f'database: "tenant1") {{ slug }}'
            ),
        ):
            post("/manage/graphql", f"mutation {{ {mutation} }}", token)
        time.sleep(0.25)
    return began, time.perf_counter()


def _targets(token: str, seconds: float) -> Span:
    """Ask which tenants there are, twice a second; return from when to when."""
    began = time.perf_counter()
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        while time.perf_counter() < began + seconds:
            client.get(f"http://127.0.0.1:{PORT}/graphiql/targets").raise_for_status()
            time.sleep(0.5)
    return began, time.perf_counter()


def machine(bench: Bench) -> None:
    """The cost of a process that uses one core and nothing of the gateway: a lower bound."""
    bench.register(copies(bench, 2, 2, 20, 30))
    with bench.gateway():
        for name in ("tenant0", "tenant1"):
            bench.ask(name, QUERY)
        for how, pause in _PAUSES.items():
            alone = bench.beside("tenant0", lambda _: (_burn, 0.5), range(8), pause)
            print(f"another process uses a core, a tenant asked {how}: {alone}")
            crowded = bench.beside("tenant0", lambda _: (_burn, 2.0), range(12), pause, "tenant1")
            print(f"the same beside a tenant that 8 clients ask: {crowded}")


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
        own_columns,
        registered_to_served,
        column_check,
        changing_columns,
        changing_tenants,
        machine,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="", help=f"parts whose name holds this: {', '.join(PARTS)}"
    )
    options = parser.parse_args()
    print()
    for name, part in PARTS.items():
        if options.only in name:
            with tempfile.TemporaryDirectory() as folder:
                part(Bench(Path(folder) / "data"))


if __name__ == "__main__":
    main()
