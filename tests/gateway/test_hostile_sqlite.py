"""SQLite files whose schema does harm, behind a real server: their tenant alone has the trouble."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Self

import httpx
import pytest
from django.db.backends.sqlite3._functions import register

from tests.fixtures.processes import Gateway, wait_for

# `(a+)+$` takes Python's `re` more than the age of the earth on it, with the interpreter's lock
# held.
FREEZE = f"('{'a' * 60}!' REGEXP '(a+)+$')"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
LARGE = "hex(zeroblob(10000000))"
# It takes SQLite's own code, which can't be interrupted, longer than a test.
STUCK = "replace(hex(zeroblob(9000000)), hex(zeroblob(4000000)) || '1', 'x')"
VIEWS = {
    "regexp_view": f"SELECT 1 AS id, {FREEZE} AS a",
    "repeat_view": "SELECT 1 AS id, repeat('x', 3000000000) AS a",
    "lpad_view": "SELECT 1 AS id, lpad('x', 3000000000, 'y') AS a",
    "spread_view": f"{ENDLESS} SELECT 1 AS id, stddev_pop(x) AS a FROM c",
    "ours_view": f"{ENDLESS} SELECT 1 AS id, gateway_stddev(x) AS a FROM c",
    "printf_view": "SELECT 1 AS id, printf('%.*c', 1000000000, 'x') || 'x' AS a",
    "zeroblob_view": "SELECT 1 AS id, hex(zeroblob(900000000)) AS a",
    "endless_view": f"{ENDLESS} SELECT x AS id, x AS a FROM c WHERE x < 0",
    "concat_view": f"{ENDLESS} SELECT 1 AS id, group_concat(x) AS a FROM c",
    "json_view": f"{ENDLESS} SELECT 1 AS id, json_group_array(x) AS a FROM c",
    "deep_view": (
        "SELECT 1 AS id, json_extract(replace(hex(zeroblob(5000000)), '0', '['), '$[0]') AS a"
    ),
    "like_view": f"SELECT 1 AS id, {LARGE} LIKE '%{'0' * 20_000}1' AS a",
    "wide_view": "SELECT 1 AS id, "
    + ", ".join(f"{LARGE} AS c{n}" for n in range(400))
    + ", 1 AS a",
    "many_view": f"{ENDLESS} SELECT x AS id, {LARGE} AS a FROM c LIMIT 1000",
}
TABLES = f"""
CREATE TABLE triggered (id INTEGER PRIMARY KEY, a);
CREATE TRIGGER freeze AFTER INSERT ON triggered BEGIN UPDATE triggered SET a = {FREEZE}; END;
CREATE TABLE endless (id INTEGER PRIMARY KEY, a);
CREATE TRIGGER endless_trigger AFTER INSERT ON endless BEGIN INSERT INTO endless (a) SELECT x
  FROM ({ENDLESS} SELECT x FROM c); END;
CREATE TABLE generated (id INTEGER PRIMARY KEY, a AS {FREEZE});
CREATE TABLE checked (id INTEGER PRIMARY KEY, a, CHECK (a IS NULL OR {FREEZE} = 5));
CREATE TABLE indexed (id INTEGER PRIMARY KEY, a);
CREATE INDEX slow_index ON indexed (({FREEZE} || a));
CREATE TABLE defaulted (id INTEGER PRIMARY KEY, a DEFAULT {FREEZE}, b);
INSERT INTO generated (id) VALUES (1);
CREATE TABLE large (id INTEGER PRIMARY KEY, a AS ({LARGE}));
INSERT INTO large (id) {ENDLESS} SELECT x FROM c LIMIT 1000;
CREATE TABLE dates (id INTEGER PRIMARY KEY,
  a AS (django_datetime_extract('year', replace({LARGE}, '0', '-'), NULL, NULL)));
INSERT INTO dates (id) {ENDLESS} SELECT x FROM c LIMIT 1000;
"""
INSERTS = ("triggered", "endless", "checked", "indexed", "defaulted")


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), name)


def make_hostile(path: Path, views: dict[str, str], tables: str = "") -> None:
    with closing(sqlite3.connect(path)) as connection:
        register(connection)
        for name, size in (("regexp", 2), ("gateway_stddev", 1)):
            connection.create_function(name, size, lambda *_: 0, deterministic=True)
        connection.executescript(tables)
        for name, text in views.items():
            connection.execute(f"CREATE VIEW {name} AS {text}")
        connection.commit()


class Fleet:
    """A gateway with one good tenant and one whose file does harm."""

    def __init__(self, gateway: Gateway, views: dict[str, str], tables: str = "") -> None:
        self.gateway = gateway
        root = gateway.folder / "databases"
        root.mkdir(exist_ok=True)
        make_hostile(root / "bad.sqlite3", views, tables)
        with closing(sqlite3.connect(root / "good.sqlite3")) as connection:
            connection.executescript(
                "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); "
                "INSERT INTO note VALUES (1, 'x');"
            )
        self.tokens = {name: self._register(name) for name in ("good", "bad")}
        self.slowest = 0.0
        self.answers = 0
        self._ends = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def bad(self, query: str) -> dict:
        return self.gateway.ask("/t/bad/production/graphql", query, self.tokens["bad"]).json()

    def good(self) -> dict:
        return self.gateway.ask(
            "/t/good/production/graphql", "{ note { text } }", self.tokens["good"]
        ).json()

    def _work(self) -> None:
        """Be the good tenant's client, and the prober of `/healthz`."""
        try:
            while not self._ends.wait(0.02):
                began = time.monotonic()
                assert self.good() == {"data": {"note": [{"text": "x"}]}}
                assert httpx.get(f"{self.gateway.url}/healthz", timeout=20).status_code == 200
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.answers += 1
        except BaseException as error:
            self._failure = error

    def _register(self, name: str) -> str:
        return self.gateway.add_tenant(name, f"sqlite:///{name}.sqlite3")


def peak_bytes(gateway: Gateway) -> int:
    assert gateway.server is not None
    status = Path(f"/proc/{gateway.server.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@pytest.fixture
def fleet_with(gateway_with):
    def make(views: dict[str, str], tables: str = "") -> Fleet:
        gateway = gateway_with(GATEWAY_DEADLINE_MS="1500", GATEWAY_SQLITE_MEMORY_BYTES="300000000")
        return Fleet(gateway, views, tables)

    return make


def test_a_hostile_file_holds_up_nobody_else(fleet_with) -> None:
    told: dict[str, object] = {}
    with fleet_with(VIEWS, TABLES) as fleet:
        fields = {name: camel(name) for name in (*VIEWS, "generated")}
        for name, field in fields.items():
            columns = " ".join(f"c{n}" for n in range(400)) if name == "wide_view" else ""
            told[name] = fleet.bad(f"{{ {field}(limit: 1000) {{ a {columns} }} }}")
        # Read row by row.
        told["edges"] = fleet.bad("{ largeConnection(first: 1000) { edges { node { a } } } }")
        fleet.bad("{ dates(limit: 1000) { a } }")  # it may be answered, or refused
        for name in INSERTS:
            table = name.title()
            value = 'b: "x"' if name == "defaulted" else 'a: "x"'
            told[name] = fleet.bad(f"mutation {{ insert{table}One(object: {{{value}}}) {{ id }} }}")
        answers, slowest = fleet.answers, fleet.slowest

    for name, answer in told.items():
        assert "errors" in answer, (name, str(answer)[:300])
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        print(name, codes, [error["message"] for error in answer["errors"]][:1])
        assert "INTERNAL_SERVER_ERROR" not in codes, (name, answer)
    assert answers > 20
    assert slowest < 10
    assert peak_bytes(fleet.gateway) < 900_000_000
    assert fleet.gateway.stop() == 0


def test_a_process_whose_threads_are_stuck_in_a_file_ends(fleet_with) -> None:
    with fleet_with({"stuck": f"SELECT 1 AS id, {STUCK} AS a"}) as fleet:
        before = fleet.answers
        codes = [fleet.bad("{ stuck { a } }")["errors"][0]["extensions"]["code"] for _ in range(3)]
        assert codes == ["TIMEOUT"] * 3
        assert fleet.good() == {"data": {"note": [{"text": "x"}]}}
    assert fleet.answers > before
    assert fleet.gateway.stop() == 0


def test_a_view_that_doubles_forty_times_is_refused(fleet_with) -> None:
    views = {"v0": "SELECT 1 AS a"}
    for number in range(40):
        half = f"(SELECT max(a) FROM v{number})"
        views[f"v{number + 1}"] = f"SELECT {half} + {half} + 1 AS a"
    with fleet_with(views) as fleet:
        wait_for(lambda: fleet.bad("{ v3 { a } }").get("data") == {"v3": [{"a": "15"}]}, seconds=60)
        assert fleet.answers > 5
        assert fleet.slowest < 10
    assert peak_bytes(fleet.gateway) < 900_000_000
