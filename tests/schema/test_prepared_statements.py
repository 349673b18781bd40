"""What one connection keeps prepared on a PostgreSQL server, whatever fails."""

from __future__ import annotations

import pytest

from dynamic_databases.errors import (
    ConstraintViolation,
    SchemaChanged,
    StatementFailed,
    TimedOut,
    TooDeep,
)
from dynamic_databases.process import process_registry
from schema.execution.blocking import drive
from schema.execution.prepared_statements import PreparedStatements
from schema.execution.round_trips import End, Request, RoundTrip
from schema.sql.statement import Statement
from tests.fixtures.vendors import POSTGRESQL, present

SQL = """
CREATE TABLE parent (parent_id INTEGER PRIMARY KEY, name VARCHAR(20) UNIQUE);
CREATE TABLE child (parent_id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
INSERT INTO parent VALUES (1, 'one');
"""
VIOLATING = "INSERT INTO parent VALUES ($1::int, 'x')"
MAX_STATEMENTS = 300


@pytest.fixture
def session(new_database):
    """One leased connection: `session(*statements)` sends them, `session.count()` counts them."""
    database = new_database(present(POSTGRESQL), SQL)

    def send(*statements: tuple[str, list], begins: bool = False, ends: End | None = None):
        requests = tuple(Request(Statement(sql, (), ()), values) for sql, values in statements)

        def flow():
            return (yield RoundTrip(requests, begins, ends))

        return drive(wrapper, flow(), "BEGIN")

    def prepared() -> list[tuple[str, str]]:
        return wrapper.connection.execute(
            "SELECT name, statement FROM pg_prepared_statements"
        ).fetchall()

    with process_registry().connections.lease(database.label) as wrapper:
        send.prepared = prepared
        send.wrapper = wrapper
        yield send


def test_a_violating_insert_is_prepared_once(session) -> None:
    for _ in range(400):
        with pytest.raises(ConstraintViolation):
            session((VIOLATING, [1]))

    assert [sql for _, sql in session.prepared()] == [VIOLATING]
    session((VIOLATING, [2]))
    assert session(("SELECT name FROM parent WHERE parent_id = $1::int", [2])) == [[("x",)]]


@pytest.mark.parametrize("ends", [End.COMMIT, End.ROLLBACK, None])
def test_statements_around_a_failure_are_prepared_once(session, ends) -> None:
    before, after = "SELECT 1 + $1::int", "SELECT 2 + $1::int"
    for _ in range(200):
        with pytest.raises(ConstraintViolation):
            session((before, [1]), (VIOLATING, [1]), (after, [1]), begins=True, ends=ends)

    assert sorted(sql for _, sql in session.prepared()) == sorted([before, VIOLATING])
    assert session((before, [1]), (after, [1])) == [[("2",)], [("3",)]]


def test_a_violation_at_the_end_of_a_transaction_keeps_the_count(session) -> None:
    insert = "INSERT INTO child VALUES ($1::int)"
    for _ in range(200):
        with pytest.raises(ConstraintViolation):
            session((insert, [9]), begins=True, ends=End.COMMIT)
    assert [sql for _, sql in session.prepared()] == [insert]


def test_a_statement_that_the_server_refuses_is_not_prepared(session) -> None:
    for sql in ("SELECT FROM WHERE", "SELECT nothing FROM nowhere", "SELECT 1 + 'x'::date"):
        for _ in range(50):
            with pytest.raises(StatementFailed):
                session((sql, []))
    assert session.prepared() == []
    with pytest.raises(SchemaChanged):
        session(("SELECT * FROM later", []))
    session.wrapper.connection.execute("CREATE TABLE later AS SELECT 1 AS a")
    assert session(("SELECT * FROM later", [])) == [[("1",)]]


def test_a_statement_that_timed_out_is_prepared_once(session) -> None:
    session.wrapper.connection.execute("SET statement_timeout = 20")
    for _ in range(30):
        with pytest.raises(TimedOut):
            session(("SELECT pg_sleep($1::float)", ["5"]))
    assert len(session.prepared()) == 1


def test_a_connection_holds_a_bounded_number_of_statements(session) -> None:
    statements = [(f"SELECT {number} + $1::int", [1]) for number in range(3 * MAX_STATEMENTS)]
    for statement in statements[:-100]:
        session(statement)
    for start in range(0, 100, 50):  # one failure after so many that are new
        with pytest.raises(ConstraintViolation):
            session(*statements[-100 + start :][:50], (VIOLATING, [1]))
    assert len(session.prepared()) <= MAX_STATEMENTS

    found = session(*statements)  # more in one round trip than are kept
    assert [rows[0][0] for rows in found] == [str(n + 1) for n in range(3 * MAX_STATEMENTS)]
    assert len(session.prepared()) <= MAX_STATEMENTS


def test_a_failure_in_the_middle_of_dropping_leaves_none_behind(session) -> None:
    def statements(start: int, count: int) -> list[tuple[str, list]]:
        return [(f"SELECT {number} + $1::int", [1]) for number in range(start, start + count)]

    session(*statements(0, MAX_STATEMENTS))
    for start in range(1_000, 60_000, 1_000):
        with pytest.raises(ConstraintViolation):
            session((VIOLATING, [1]), *statements(start, 40))
    session(*statements(100_000, 1))
    assert len(session.prepared()) <= MAX_STATEMENTS


def test_long_texts_are_bounded_by_their_bytes() -> None:
    kept = PreparedStatements(max_statements=100, max_bytes=1_000)
    dropped = [len(kept.add(f"{number:<400}")[1]) for number in range(5)]
    assert dropped == [0, 0, 1, 1, 1]
    assert len(kept.add("x" * 5_000)[1]) == 2  # one that is larger than all the room stands alone


def test_a_plan_whose_columns_changed_their_type_is_made_again(session) -> None:
    select = ("SELECT parent_id FROM parent WHERE parent_id = $1::int", [1])
    assert session(select) == [[("1",)]]
    session.wrapper.connection.execute("ALTER TABLE parent ALTER parent_id TYPE BIGINT")
    with pytest.raises(StatementFailed):
        session(select)
    assert session(select) == [[("1",)]]


def test_more_values_than_the_protocol_takes_leave_the_connection_usable(session) -> None:
    sql = f"SELECT concat({', '.join(f'${i + 1}::text' for i in range(66_000))})"
    with pytest.raises(TooDeep):
        session((sql, ["x"] * 66_000))
    assert session(("SELECT 1 + $1::int", [1])) == [[("2",)]]
