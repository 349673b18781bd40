"""Requests that are answered in the event loop: what is prepared, on PostgreSQL."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import uvloop

from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.process import process_registry
from gateway.execution.event_loop import _answered
from schema.answer_size import AnswerMeter
from schema.execution.postgresql_pipeline import pipeline_of
from schema.execution.round_trips import Request, RoundTrip
from schema.sql.statement import Statement
from tests.fixtures.databases import execute
from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import POSTGRESQL, present

SQL = """
CREATE TABLE parent (parent_id SERIAL PRIMARY KEY, name VARCHAR(20));
CREATE TABLE child (child_id SERIAL PRIMARY KEY, parent_id INTEGER
  REFERENCES parent DEFERRABLE INITIALLY DEFERRED, name VARCHAR(20));
INSERT INTO parent (name) SELECT 'parent ' || n FROM generate_series(1, 50) n;
CREATE FUNCTION slow(n INTEGER) RETURNS INTEGER AS $$ BEGIN PERFORM pg_sleep(n); RETURN n;
  END $$ LANGUAGE plpgsql;
CREATE VIEW nap AS SELECT parent_id AS n, slow(parent_id / 50 * 60) AS s FROM parent;
"""
BUSY = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid()
    AND state <> 'idle'"""


@pytest.fixture
def family(door, new_database, tenant_of):
    """A door to a small PostgreSQL database, each of its queries asked once already."""
    database = new_database(present(POSTGRESQL), SQL)
    _, door.token = tenant_of("family", production=database)
    door.database = database
    door.ask = lambda query, variables=None: door.query("/t/family/graphql", query, variables)
    return door


def idle(family) -> int:
    """How many connections are there and in no transaction."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'idle'"
    )
    return execute(family.database.url, sql)[0][0]


def test_answers_do_not_mix(family) -> None:
    query = (
        "query($n: Int!) { parentByPk(parentId: $n) { parentId name } "
        "parent(where: {parentId: {_eq: $n}}) { name } }"
    )

    def ask(n: int) -> object:
        return family.ask(query, {"n": n % 50 + 1}).data

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(ask, range(400)))
    for n, answer in enumerate(answers):
        name = f"parent {n % 50 + 1}"
        assert answer == {
            "parentByPk": {"parentId": n % 50 + 1, "name": name},
            "parent": [{"name": name}],
        }


def test_a_statement_that_takes_too_long_is_ended_at_the_server(family) -> None:
    query = "query($n: Int!) { nap(where: {n: {_eq: $n}}) { s } }"
    assert family.ask(query, {"n": 1}).data == {"nap": [{"s": 0}]}

    assert family.ask(query, {"n": 50}).code == "TIMEOUT"
    wait_for(lambda: execute(family.database.url, BUSY) == [(0,)], seconds=5)
    assert family.ask(query, {"n": 1}).data == {"nap": [{"s": 0}]}


def test_a_constraint_that_is_checked_at_the_end_undoes_all(family) -> None:
    query = "mutation($p: Int) { insertChildOne(object: {parentId: $p}) { parentId } }"
    two = (
        'mutation($p: Int) { a: insertParentOne(object: {name: "x"}) { name } b: '
        "insertChildOne(object: {parentId: $p}) { parentId } }"
    )
    for _ in range(3):
        assert family.ask(query, {"p": 1}).data == {"insertChildOne": {"parentId": 1}}
        for document in (query, two):
            refused = family.ask(document, {"p": 999})
            assert (refused.code, refused.json["data"]) == ("CONSTRAINT_VIOLATION", None)

    assert execute(family.database.url, "SELECT count(*) FROM child") == [(3,)]
    assert execute(family.database.url, "SELECT count(*) FROM parent") == [(50,)]
    assert execute(family.database.url, BUSY) == [(0,)]


def test_an_error_inside_a_transaction_leaves_the_connection_usable(family) -> None:
    query = (
        'mutation($n: String) { a: insertParentOne(object: {name: "x"}) { name } b: '
        "insertParentOne(object: {name: $n}) { name } }"
    )
    for _ in range(3):
        assert family.ask(query, {"n": "x" * 21}).code == "BAD_USER_INPUT"
    connections = idle(family)
    assert family.ask(query, {"n": "y"}).data == {"a": {"name": "x"}, "b": {"name": "y"}}
    assert idle(family) == connections
    assert execute(family.database.url, "SELECT count(*) FROM parent") == [(52,)]


def test_a_connection_that_the_server_ended_is_not_used_again(family) -> None:
    query = "{ parentAggregate { aggregate { count } } }"
    for _ in range(2):
        assert family.ask(query).data
    execute(
        family.database.url,
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ),
    )

    # Whether the loss is met when the connection is taken or when it is used is up to the server.
    first, *others = [family.ask(query) for _ in range(4)]
    assert "errors" not in first.json or first.code == "TENANT_UNAVAILABLE"
    counted = {"parentAggregate": {"aggregate": {"count": 50}}}
    assert [reply.data for reply in others] == [counted] * 3


def test_values_of_every_size_are_sent(family) -> None:
    query = "query($n: [String!]) { parent(where: {name: {_in: $n}}) { parentId } }"
    for size in (1, 1_000, 6_000, 20_000):
        names = [f"parent {i}" for i in range(50, 50 + size)]
        assert family.ask(query, {"n": names}).data == {"parent": [{"parentId": 50}]}


def test_a_lost_connections_descriptor_may_be_anothers_at_once(new_database) -> None:
    """libpq closes the socket when the connection is lost; a new client may get its number."""
    database = new_database(present(POSTGRESQL), SQL)
    connections = process_registry().connections
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )

    async def take_its_number(pgconn: psycopg.pq.abc.PGconn) -> int:
        while pgconn.status == psycopg.pq.ConnStatus.OK:  # noqa: ASYNC110 - at the very moment
            await asyncio.sleep(0)
        mine, other = socket.socketpair()
        number = mine.fileno()
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=mine
        )
        transport.abort()
        other.close()
        return number

    async def lose(wrapper: Any) -> bool:
        wire, number = pipeline_of(wrapper), wrapper.connection.pgconn.socket
        wire.send(
            RoundTrip((Request(Statement("SELECT pg_sleep(60)", (), ()), []),)), AnswerMeter()
        )
        lost = asyncio.create_task(_answered(wire, Deadline.after_ms(9000, time.monotonic)))
        await asyncio.sleep(0.1)
        taken = asyncio.create_task(take_its_number(wrapper.connection.pgconn))
        await asyncio.to_thread(execute, database.url, kill)
        with pytest.raises(psycopg.OperationalError):
            await lost
        return await taken == number

    def loses_and_another_takes_its_number() -> bool:
        with connections.dedicated(database.label) as wrapper:
            return uvloop.run(lose(wrapper))

    assert any(loses_and_another_takes_its_number() for _ in range(8))
