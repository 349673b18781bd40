"""What is answered is what the database holds, for every column type (docs/types.md)."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import present
from tests.schema.round_trips import mariadb, postgresql, sqlite
from tests.schema.round_trips.columns import ColumnType, merged
from tests.schema.round_trips.held import Held, run
from tests.schema.round_trips.keys import check_keys
from tests.schema.round_trips.reads import check_filters, check_groups, check_orders
from tests.schema.round_trips.required import check_required
from tests.schema.round_trips.writes import check_writes

FEW = 2
EXAMPLES = int(os.environ.get("GATEWAY_TEST_ROUND_TRIPS", str(FEW)))
COLUMNS = [one for each in (sqlite, postgresql, mariadb) for one in merged(each.COLUMNS)]
DDL = """{before}
CREATE TABLE held (id INTEGER PRIMARY KEY, x {type}, g INTEGER);
CREATE TABLE required (id INTEGER PRIMARY KEY, x {required} NOT NULL, g INTEGER);"""
KEYED = "CREATE TABLE keyed (x {type} PRIMARY KEY, n INTEGER, g INTEGER)"
_MODEST = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= FEW,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(params=COLUMNS, ids=str)
def held(request, served, door) -> Held:
    """The tables of one column type; `keyed` is there where the server takes the type for a key."""
    column: ColumnType = request.param
    required = column.type.removesuffix(" NULL")
    ddl = DDL.format(before=column.before, type=column.type, required=required)
    served(present(column.vendor), ddl)
    send = partial(door.request, "POST", "/t/served/graphql")
    url = door.database.url
    with suppress(Exception):
        run(url, [KEYED.format(type=column.type)])
    return Held(column, url, ddl, send, door.database, built_of(door.database))


def test_what_is_answered_is_what_the_database_holds(held: Held) -> None:
    """Hand-picked values, then generated ones: few of them are read and written, many do all."""

    def try_values(values: list[str], *, is_whole: bool = True) -> None:
        held.fill("held", values, with_null=True)
        rows = held.data("{ held(orderBy: [{id: ASC}]) { id x } }")["held"]
        found = check_filters(held, rows)
        if is_whole:
            check_both_ways(held)
            check_orders(held, rows, found)
            check_groups(held, rows, found)
            carried = [v for v, row in zip(values, rows, strict=False) if row["x"] is not None]
            check_keys(held, carried)
            check_required(held, values, rows)
        check_writes(held, rows)

    try_values(list(held.column.values))
    if held.column.more is not None:

        def try_more(values: list[str]) -> None:
            try_values(values, is_whole=EXAMPLES > FEW)

        _MODEST(given(st.lists(held.column.more, min_size=2, max_size=6))(try_more))()


def check_both_ways(held: Held) -> None:
    """Server-side JSON and ORM execution spell values alike, to the letter."""
    ((exact, portable),) = both_ways(held.database, held.built, "{ held { id x } }")
    held.check(exact == portable, "two executions:", exact, portable)
