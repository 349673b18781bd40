"""An operation that is evicted while it runs is still the read that it was."""

from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import SQLITE

URL = "/t/notes/graphql"
SQL = (
    "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); "
    f"INSERT INTO note (body) VALUES ('{'x' * 5000}');"
)


def test_the_answers_limit_holds_without_the_operation(
    settings, door, new_database, tenant_of
) -> None:
    settings.GATEWAY = replace(
        settings.GATEWAY, operation_cache_entries=1, answer_limit_bytes=1000, metrics="everyone"
    )
    database = new_database(SQLITE, SQL)
    _, door.token = tenant_of("notes", production=database)
    door.query(URL, "{ note { id } }")
    locked = sqlite3.connect(database.opened_config()["NAME"], isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")  # the read waits for its end

    def is_waiting() -> bool:
        text = door.request("GET", "/metrics").body.decode()
        gauges = dict(re.findall(r"^gateway_(\w+) (\S+)$", text, re.MULTILINE))
        opened = float(gauges["database_connections"])
        return opened - float(gauges["idle_database_connections"]) == 1

    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(door.query, URL, "{ note { body } }")
        wait_for(is_waiting)
        assert door.query(URL, "{ __typename }").data  # it takes the only place in the cache
        locked.execute("ROLLBACK")
        refused = read.result()
    locked.close()
    assert refused.code == "QUERY_TOO_COMPLEX"
