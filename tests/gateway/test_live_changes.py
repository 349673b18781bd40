"""Tenants change in a running gateway under load: no answer is wrong, no resource leaks.

Columns change for GATEWAY_TEST_LIVE_SECONDS, tenants come and go for GATEWAY_TEST_SOAK_SECONDS
(`make soak`: half an hour). The seed is printed with a failure.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tenants.authentication.tokens import issue_token
from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.vendors import SQLITE

SECONDS = float(os.environ.get("GATEWAY_TEST_LIVE_SECONDS", "3"))
SOAK_SECONDS = float(os.environ.get("GATEWAY_TEST_SOAK_SECONDS", "4"))
TENANTS = int(os.environ.get("GATEWAY_TEST_SOAK_TENANTS", "60"))  # more than may stay open
_PAUSE = 0.02  # between a thread's requests: changes are the subject, not load
TABLE = "CREATE TABLE contact (id {identity}, name VARCHAR(40) NOT NULL);"
FINE = {"GRAPHQL_VALIDATION_FAILED", "SCHEMA_CHANGED", "BAD_USER_INPUT"}


class Client:
    """Speaks to one gateway with an operator's token, over one connection per thread."""

    def __init__(self, gateway: Gateway) -> None:
        self._url = gateway.url
        self._token = gateway.operator
        self._local = threading.local()
        self._opened: list[httpx.Client] = []

    def close(self) -> None:
        for one in self._opened:
            one.close()

    def ask(self, path: str, query: str, variables: dict | None = None) -> dict:
        if not hasattr(self._local, "http"):
            self._local.http = httpx.Client(timeout=30)
            self._opened.append(self._local.http)
        reply = self._local.http.post(
            self._url + path,
            json={"query": query, "variables": variables or {}},
            headers={"Authorization": f"Bearer {self._token}"},
        )
        return reply.json()

    def manage(self, mutation: str) -> dict:
        answer = self.ask("/manage/graphql", f"mutation {{ {mutation} }}")
        assert "errors" not in answer, answer
        return answer["data"]


def codes(answer: dict) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def test_columns_change_under_load_in_two_workers(gateway_with, vendor) -> None:
    """Columns are added, filled, queried, renamed and dropped under load; both processes follow."""
    gateway = gateway_with(workers=2, GATEWAY_POLL_SECONDS="0.2")
    rows = "INSERT INTO contact (name) VALUES " + ", ".join(f"('c{i}')" for i in range(20))
    url = _database(gateway, vendor, "crm", TABLE.format(identity=vendor.identity) + rows)
    gateway.add_tenant("crm", url)
    gateway.command_all(
        ("baseline", "capture", "crm", "--name", "base"), ("baseline", "assign", "base", "crm")
    )
    client, stop = Client(gateway), threading.Event()
    seen: Counter[str] = Counter()
    wrong: list[object] = []

    def load(number: int) -> None:
        dice = random.Random(number)
        while not stop.wait(_PAUSE):
            found, answer = _look(client, dice.randint(1, 20))
            seen[found] += 1
            if found == "wrong":
                wrong.append(answer)

    with ThreadPoolExecutor(8) as pool:
        loads = [pool.submit(load, number) for number in range(8)]
        end, turns = time.monotonic() + SECONDS, 0
        try:
            while time.monotonic() < end or turns < 2:
                _one_turn(client, turns)
                turns += 1
        finally:
            stop.set()
        for one in loads:
            one.result()
    client.close()
    gateway.stop()
    if vendor is not SQLITE:
        drop_database(url)
    assert wrong == []
    assert seen["fine"] > 50


def _look(client: Client, key: int) -> tuple[str, object]:
    """Ask for a row; whatever the columns are called now, a value is the row's own."""
    query = "query($i: Int!) { contactByPk(id: $i) { id name customFields } }"
    answer = client.ask("/t/crm/graphql", query, {"i": key})
    if codes(answer):
        return ("changing" if codes(answer) <= FINE else "wrong"), answer
    row = answer["data"]["contactByPk"]
    values = {value for value in row["customFields"].values() if value is not None}
    is_right = row["id"] == key and row["name"] == f"c{key - 1}" and values <= {key}
    return ("fine" if is_right else "wrong"), answer


def _one_turn(client: Client, turn: int) -> None:
    place = 'database: "crm", table: "contact"'
    client.manage(f'addColumn({place}, name: "cf_{turn}", type: "Int") {{ state }}')

    def answers_of(query: str) -> list[dict]:
        return [client.ask("/t/crm/graphql", query) for _ in range(8)]

    def all_serve(field: str, *, served: bool) -> bool:
        # New connections go to either process.
        return all(
            ("errors" not in a) is served for a in answers_of(f"{{ contact {{ {field} }} }}")
        )

    wait_for(lambda: all_serve(f"cf{turn}", served=True), seconds=10)
    for key in range(1, 21):
        query = (
            "mutation($i: Int!, $f: JSON) { updateContactByPk(pkColumns: {id: $i}, "
            "_set: {customFields: $f}) { customFields } }"
        )
        answer = client.ask("/t/crm/graphql", query, {"i": key, "f": {f"cf_{turn}": key}})
        if "errors" not in answer:
            assert answer["data"]["updateContactByPk"]["customFields"][f"cf_{turn}"] == key
        else:
            assert codes(answer) <= FINE, answer
    client.manage(f'renameColumn({place}, name: "cf_{turn}", newName: "cr_{turn}") {{ state }}')
    wait_for(lambda: all_serve(f"cr{turn}", served=True), seconds=10)
    client.manage(f'dropColumn({place}, name: "cr_{turn}", force: true) {{ state }}')
    wait_for(lambda: all_serve(f"cr{turn}", served=False), seconds=10)


def _database(gateway: Gateway, vendor, name: str, sql: str) -> str:
    if vendor is not SQLITE:
        return make_url(vendor, sql)
    path = gateway.folder / "databases" / f"{name}.sqlite3"
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()
    return f"sqlite:///{path}"


def test_the_schema_of_a_catalog_that_changed_does_not_stay(music_with, monkeypatch) -> None:
    monkeypatch.setattr("gateway.background.poller._SWEEP_SECONDS", 0.1)
    music = music_with(poll_seconds=0.1)
    own, operator = music.token, issue_token(None, "admin", None, None)

    def kept() -> bytes:
        music.token = operator
        metrics = music.request("GET", "/metrics").body
        music.token = own
        return metrics.split(b"\ngateway_cached_schemas ")[1].split(b"\n")[0]

    def asks_for_more() -> bool:
        return "errors" not in music.query("/t/music/graphql", "{ artist { born } }").json

    assert music.query("/t/music/graphql", "{ artist { name } }").data
    wait_for(lambda: kept() == b"1.0", seconds=5)
    execute(music.database.url, "ALTER TABLE artist ADD COLUMN born INTEGER")
    wait_for(asks_for_more, seconds=5)
    wait_for(lambda: kept() == b"1.0", seconds=5)
    assert asks_for_more()


@pytest.mark.timeout(SOAK_SECONDS * 2 + 300)
def test_tenants_come_change_move_and_go(gateway_with) -> None:
    """Random tenants under load: no row of another tenant, no connection left open."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    gateway = gateway_with(GATEWAY_POLL_SECONDS="0.2", GATEWAY_MAX_IDLE_CONNECTIONS="40")
    fleet = _Fleet(gateway, random.Random(seed))
    for number in range(TENANTS):
        fleet.add(number)
    stop = threading.Event()
    wrong: list[object] = []

    def load(number: int) -> None:
        dice = random.Random(seed + number)
        while not stop.wait(_PAUSE):
            wrong.extend(fleet.look(dice))

    with ThreadPoolExecutor(8) as pool:
        loads = [pool.submit(load, number) for number in range(8)]
        try:
            fleet.churn(SOAK_SECONDS / 4)
            before = _held(gateway)
            fleet.churn(SOAK_SECONDS * 3 / 4)
        finally:
            stop.set()
        for one in loads:
            one.result()
    fleet.close()
    assert wrong == []
    wait_for(lambda: _held(gateway)["files"] <= 40 * 3 + 60, seconds=10)
    after = _held(gateway)
    assert after["threads"] <= before["threads"] + 8
    print(f"before {before}, after {after}")
    assert after["memory_mb"] <= before["memory_mb"] * 1.25 + 30, (before, after)
    assert not fleet.deleted_still_open()


class _Fleet:
    """Tenants t0, t1 and so on, each with a database whose one row says whose it is."""

    def __init__(self, gateway: Gateway, dice: random.Random) -> None:
        self._folder = gateway.folder / "databases"
        self._folder.mkdir(exist_ok=True)
        self._client = Client(gateway)
        self._dice = dice
        self._gateway = gateway
        self._versions: dict[int, int] = {}  # of tenants that are there: which file they have
        self._removed: list[Path] = []

    def close(self) -> None:
        self._client.close()

    def add(self, number: int) -> None:
        path = self._file(number, 0)
        self._client.manage(
            f'registerDatabase(name: "d{number}", url: "sqlite:///{path}") {{ name }} '
            f'addTenant(slug: "t{number}") {{ slug }}'
        )
        self._attach(number, f"d{number}")
        self._versions[number] = 0

    def look(self, dice: random.Random) -> list[object]:
        """Ask a tenant; return what is wrong with its answer."""
        number = dice.randrange(TENANTS)
        answer = self._client.ask(f"/t/t{number}/graphql", "{ note { owner } }")
        if "errors" in answer:
            return (
                []
                if codes(answer) <= {"TENANT_NOT_FOUND", "TENANT_UNAVAILABLE", "SCHEMA_CHANGED"}
                else [answer]
            )
        return [] if answer["data"]["note"] == [{"owner": number}] else [(number, answer)]

    def churn(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            number = self._dice.randrange(TENANTS)
            if number not in self._versions:
                self._again(number)
            else:
                self._dice.choice((self._alter, self._move, self._remove))(number)

    def deleted_still_open(self) -> list[str]:
        """Return the files of removed databases that the server still has open."""
        descriptors = Path(f"/proc/{self._gateway.server.pid}/fd").iterdir()
        opened = set()
        for one in descriptors:
            try:
                opened.add(str(one.readlink()).removesuffix(" (deleted)"))
            except FileNotFoundError:
                continue
        return [str(path) for path in self._removed if str(path) in opened]

    def _alter(self, number: int) -> None:
        path = self._path(number, self._versions[number])
        execute(f"sqlite:///{path}", f"ALTER TABLE note ADD COLUMN c{time.monotonic_ns()} INTEGER")

    def _move(self, number: int) -> None:
        """To another file, under another name of a database; the old one is removed."""
        version = self._versions[number] + 1
        old = f"d{number}" if version == 1 else f"d{number}_{version - 1}"
        path = self._file(number, version)
        self._client.manage(
            f'registerDatabase(name: "d{number}_{version}", url: "sqlite:///{path}") {{ name }}'
        )
        self._attach(number, f"d{number}_{version}")
        self._client.manage(f'removeDatabase(name: "{old}", force: true)')
        self._forget_file(number, version - 1)
        self._versions[number] = version

    def _remove(self, number: int) -> None:
        version = self._versions.pop(number)
        name = f"d{number}_{version}" if version else f"d{number}"
        self._client.manage(f'removeDatabase(name: "{name}", force: true)')
        self._forget_file(number, version)

    def _again(self, number: int) -> None:
        path = self._file(number, 0)
        self._client.manage(
            f'registerDatabase(name: "d{number}", url: "sqlite:///{path}") {{ name }}'
        )
        self._attach(number, f"d{number}")
        self._versions[number] = 0

    def _attach(self, number: int, database: str) -> None:
        self._client.manage(
            f'attachDatabase(tenant: "t{number}", environment: "production", database: '
            f'"{database}") {{ slug }}'
        )

    def _path(self, number: int, version: int) -> Path:
        return self._folder / f"t{number}_{version}.sqlite3"

    def _file(self, number: int, version: int) -> Path:
        path = self._path(number, version)
        path.unlink(missing_ok=True)
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, owner INTEGER)")
        connection.execute("INSERT INTO note VALUES (1, ?)", (number,))
        connection.commit()
        connection.close()
        if path in self._removed:
            self._removed.remove(path)
        return path

    def _forget_file(self, number: int, version: int) -> None:
        path = self._path(number, version)
        shutil.move(path, path.with_suffix(".gone"))
        self._removed.append(path.with_suffix(".gone"))


def _held(gateway: Gateway) -> dict[str, float]:
    """Return what the server holds: files, threads, memory."""
    assert gateway.server is not None
    process = Path(f"/proc/{gateway.server.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return {
        "files": len(list((process / "fd").iterdir())),
        "threads": int(status["Threads"]),
        "memory_mb": int(status["VmRSS"].split()[0]) / 1024,
    }


@pytest.fixture(autouse=True)
def _seconds() -> None:
    """Say how long each part takes."""
    print(f"columns {SECONDS:.0f} s, tenants {SOAK_SECONDS:.0f} s")
