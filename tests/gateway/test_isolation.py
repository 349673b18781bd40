"""A thousand interleaved requests of three tenants in eight threads: no row of another one."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.vendors import SQLITE, Vendor

ROWS = 40


def sql(tenant: str, vendor: Vendor) -> str:
    values = ", ".join(f"({i}, '{tenant} {i}')" for i in range(ROWS))
    return (
        "CREATE TABLE note (id INTEGER PRIMARY KEY, owner VARCHAR(40)); "
        f"INSERT INTO note VALUES {values};"
    )


def test_tenants_never_meet(door, vendor, new_database, tenant_of) -> None:
    """Catalogs are equal, so tenants share schema, operations and statements; the alias differs."""
    tokens = {
        name: tenant_of(name, production=new_database(vendor, sql(name, vendor), name))[1]
        for name in ("a", "b", "c")
    }
    query = "query($i: Int!) { noteByPk(id: $i) { owner } note(where: {id: {_eq: $i}}) { owner } }"

    def ask(number: int) -> tuple[str, object]:
        name = "abc"[number % 3]
        answer = door.query(
            f"/t/{name}/graphql",
            query,
            {"i": number % ROWS},
            authorization=f"Bearer {tokens[name]}",
        )
        return f"{name} {number % ROWS}", answer.data

    with ThreadPoolExecutor(8) as pool:
        for owner, data in pool.map(ask, range(1000)):
            assert data == {"noteByPk": {"owner": owner}, "note": [{"owner": owner}]}


def test_writes_stay_with_their_tenant(door, vendor, new_database, tenant_of) -> None:
    tokens = {
        name: tenant_of(name, production=new_database(vendor, sql(name, vendor), name))[1]
        for name in ("a", "b")
    }
    query = (
        "mutation($i: Int!, $o: String) { updateNoteByPk(pkColumns: {id: $i}, "
        "_set: {owner: $o}) { owner } }"
    )

    def write(number: int) -> None:
        name = "ab"[number % 2]
        data = door.query(
            f"/t/{name}/graphql",
            query,
            {"i": number // 2, "o": f"new {name} {number}"},
            authorization=f"Bearer {tokens[name]}",
        ).data
        assert data == {"updateNoteByPk": {"owner": f"new {name} {number}"}}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(2 * ROWS)))
    for name, token in tokens.items():
        rows = door.query(
            f"/t/{name}/graphql", "{ note { owner } }", authorization=f"Bearer {token}"
        ).data["note"]
        assert all(row["owner"].startswith(f"new {name} ") for row in rows)


def test_four_tenants_four_processes_and_nothing_stays_cached(gateway_with, vendor) -> None:
    """Every cache holds one entry, so that all of them are emptied and filled all the time."""
    gateway = gateway_with(
        workers=4,
        GATEWAY_MAX_IDLE_CONNECTIONS="1",
        GATEWAY_SCHEMA_CACHE_BYTES="1000000",
        GATEWAY_OPERATION_CACHE_ENTRIES="1",
        GATEWAY_SHAPES_PER_OPERATION="1",
        GATEWAY_ADMITTED_ENTRIES="1",
        GATEWAY_DEADLINE_MS="60000",  # schemas are built again and again, in four processes
        GATEWAY_QUEUE_WAIT_MS="60000",
    )
    urls = []
    for number, name in enumerate("abcd"):
        # A table more makes catalogs differ; a and b have equal ones.
        more = f"CREATE TABLE other{max(number, 1)} (id INTEGER PRIMARY KEY);"
        url = make_url(vendor, sql(name, vendor) + more)
        if vendor is SQLITE:
            folder = gateway.folder / "databases"
            folder.mkdir(exist_ok=True)
            path = Path(url.removeprefix("sqlite:///"))
            url = f"sqlite:///{path.rename(folder / f'{name}.sqlite3')}"
        urls.append(url)
        gateway.add_tenant(name, url)
    tokens = dict(zip("abcd", gateway.tokens_of(*"abcd"), strict=True))
    by_key = "query($i: Int!) { noteByPk(id: $i) { owner } }"
    queries = [
        by_key,
        "query($i: Int!) { note(where: {id: {_eq: $i}}) { owner } }",
        f"{by_key} # other",
    ]
    served: Counter[str] = Counter()

    def ask(number: int) -> list[object]:
        dice = random.Random(number)
        wrong: list[object] = []
        with httpx.Client(timeout=90) as client:  # a connection of its own goes to any process
            for _ in range(8):
                name, key = dice.choice("abcd"), dice.randrange(ROWS)
                answer = client.post(
                    f"{gateway.url}/t/{name}/graphql",
                    json={"query": dice.choice(queries), "variables": {"i": key}},
                    headers={"Authorization": f"Bearer {tokens[name]}"},
                ).json()
                found = answer.get("data", {})
                row = found.get("noteByPk") or (found.get("note") or [None])[0]
                served[name] += 1
                if row != {"owner": f"{name} {key}"}:
                    wrong.append((name, key, answer))
        return wrong

    with ThreadPoolExecutor(8) as pool:
        wrong = [one for found in pool.map(ask, range(60)) for one in found]
    gateway.stop()
    for url in urls:
        drop_database(url)
    assert wrong == []
    assert set(served) == set("abcd")
