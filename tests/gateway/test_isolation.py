"""A thousand interleaved requests of three tenants over eight threads: nobody sees another's row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.fixtures.vendors import Vendor

ROWS = 40


def sql(tenant: str, vendor: Vendor) -> str:
    values = ", ".join(f"({i}, '{tenant} {i}')" for i in range(ROWS))
    return f"CREATE TABLE note (id INTEGER PRIMARY KEY, owner VARCHAR(40)); INSERT INTO note VALUES {values};"


def test_tenants_never_meet(door, vendor, new_database, tenant_of) -> None:
    """The catalogs are equal, so schema, operations and statements are shared: only the alias differs."""
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
    query = "mutation($i: Int!, $o: String) { updateNoteByPk(pkColumns: {id: $i}, _set: {owner: $o}) { owner } }"

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
