"""What one use of a connection may receive: real servers that send more are cut off."""

from __future__ import annotations

import pytest

from dynamic_databases.connections.pool import Connections, PoolBounds
from dynamic_databases.errors import Unavailable
from dynamic_databases.outcomes import translated
from tests.fixtures.vendors import MARIADB, POSTGRESQL, present

LIMIT = 2_000_000
# Gigabytes, which take seconds: the connection is looked at many times meanwhile.
ENDLESS = {
    POSTGRESQL: "SELECT repeat('x', 1000000) FROM generate_series(1, 4000)",
    MARIADB: "SELECT repeat('x', 1000000) FROM seq_1_to_4000",
}


@pytest.mark.parametrize("wanted", [POSTGRESQL, MARIADB])
def test_a_server_that_sends_too_much_is_cut_off(wanted, new_database) -> None:
    vendor = present(wanted)
    alias = new_database(vendor, "CREATE TABLE note (id INTEGER PRIMARY KEY)").label
    pool = Connections(PoolBounds(4, receive_limit_bytes=LIMIT), 60_000)

    def ask(sql: str) -> list[tuple[object, ...]]:
        with (
            pool.lease(alias) as wrapper,
            translated(wrapper.vendor, writing=False),
            wrapper.cursor() as cursor,
        ):
            cursor.execute(sql)
            return list(cursor.fetchall())

    with pytest.raises(Unavailable):
        ask(ENDLESS[vendor])
    for _ in range(3):  # small answers over one connection: each use begins anew
        assert len(ask("SELECT repeat('x', 900000)")) == 1
    assert pool.counts == (1, 1)
    pool.close_all()
