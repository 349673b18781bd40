"""Updates of several columns on PostgreSQL: one round trip where what differs is the likely."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.databases import execute
from tests.fixtures.waiting import wait_for

DOC = """CREATE TABLE doc (id INT PRIMARY KEY, a INT, b TEXT, c NUMERIC(8, 2), d JSONB);
    INSERT INTO doc VALUES (1, 1, 'one', 1.50, '{"x": 1}'), (2, NULL, NULL, NULL, NULL);"""
UPDATE = """mutation($id: Int!, $a: Int, $b: String, $c: Decimal, $d: JSON) {
    updateDocByPk(pkColumns: {id: $id}, _set: {a: $a, b: $b, c: $c, d: $d}) { a b c d } }"""
WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""
ONE = {"a": 1, "b": "one", "c": "1.50", "d": {"x": 1}}


@pytest.fixture
def ask(postgresql, served):
    return served(postgresql, DOC)


def stored(door, number: int) -> tuple:
    (row,) = execute(door.database.url, f"SELECT a, b, c, d FROM doc WHERE id = {number}")
    return row


def update(ask, number: int = 1, **values: object) -> dict | None:
    return ask(UPDATE, {"id": number, **ONE, **values}).data["updateDocByPk"]


def test_the_same_columns_again_take_one_round_trip(ask, sent) -> None:
    assert update(ask, a=2) == {**ONE, "a": 2}

    with sent() as statements:
        assert update(ask, a=3) == {**ONE, "a": 3}
    combined, _ = statements
    assert 'UPDATE "doc" SET "a" = ' in combined and "FOR UPDATE" in combined


def test_other_columns_are_written_as_the_probe_finds_them(ask, sent) -> None:
    update(ask, a=2)

    with sent() as statements:
        assert update(ask, a=2, b="two") == {**ONE, "a": 2, "b": "two"}
    likely, _, found, _ = statements
    assert 'SET "a" = ' in likely and 'SET "b" = ' in found
    with sent() as statements:
        assert update(ask, a=2, b="two") == {**ONE, "a": 2, "b": "two"}
    assert statements.updates == []


def test_a_row_that_is_not_there_is_null(ask) -> None:
    update(ask, a=2)

    assert update(ask, 99) is None


VALUES = st.fixed_dictionaries(
    {
        "a": st.sampled_from([None, 1, 2]),
        "b": st.sampled_from([None, "one", "One", "one "]),
        "c": st.sampled_from([None, "1.5", "1.50", "2.00"]),
        "d": st.sampled_from([{"x": 1}, {"x": 1.0}, []]),
    }
)


@given(st.lists(st.tuples(st.sampled_from([1, 2]), VALUES), min_size=2, max_size=8))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_rows_become_what_was_asked_for(ask, door, asked) -> None:
    expected: dict[int, dict] = {}
    for number, values in asked:
        answer = update(ask, number, **values)
        assert answer == {**values, "c": values["c"] and f"{Decimal(values['c']):.2f}"}
        expected[number] = values

    for number, values in expected.items():
        a, b, c, d = stored(door, number)
        assert (a, b, d) == (values["a"], values["b"], values["d"])
        assert c == (values["c"] and Decimal(values["c"]))


def test_a_row_that_another_changes_meanwhile_gets_all_that_was_asked_for(ask, door) -> None:
    update(ask, a=2)
    answers: list[dict | None] = []
    writer = threading.Thread(target=lambda: answers.append(update(ask, a=3)))

    with closing(psycopg.connect(door.database.url)) as other:
        other.execute("UPDATE doc SET a = 3, b = 'theirs' WHERE id = 1")
        writer.start()
        wait_for(lambda: execute(door.database.url, WAITING)[0][0] == 1)
        other.commit()
    writer.join()

    assert answers == [{**ONE, "a": 3}]
    assert stored(door, 1)[:2] == (3, "one")


def test_concurrent_writers_leave_one_whole_update(ask, door) -> None:
    update(ask, a=2)
    choices = [{"a": n, "b": f"b{n}", "c": f"{n}.00"} for n in range(8)]
    writers = [threading.Thread(target=update, args=(ask,), kwargs=one) for one in choices]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    a, b, c, _ = stored(door, 1)
    assert (b, c) == (f"b{a}", Decimal(a))


def test_equal_keys_of_children_are_refused_before_anything_is_written(ask, door) -> None:
    update(ask, a=2)
    execute(
        door.database.url,
        "CREATE TABLE child () INHERITS (doc); INSERT INTO child VALUES (1, 1, 'one', 1.5, '{}');",
    )

    refused = ask(UPDATE, {"id": 1, **ONE, "a": 3})
    assert refused.code == "BAD_USER_INPUT"
    assert [
        row[0] for row in execute(door.database.url, "SELECT a FROM doc WHERE id = 1 ORDER BY a")
    ] == [1, 2]


def test_a_policy_that_refuses_the_update_leaves_null(served_to_user) -> None:
    ask = served_to_user(
        DOC
        + """ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT ALL ON doc TO {user};
        CREATE POLICY seen ON doc FOR SELECT USING (true);
        CREATE POLICY mine ON doc FOR UPDATE USING (id = 1);"""
    )
    assert update(ask, a=2) == {**ONE, "a": 2}

    assert update(ask, 2, a=2) is None
    assert update(ask, a=3) == {**ONE, "a": 3}


def test_rights_of_another_tenants_user_do_not_decide(
    door, served_to_user, new_database, postgresql, tenant_of
) -> None:
    """Equal tenants share an operation: what one writes is no guess for the other."""
    ask = served_to_user(DOC + "GRANT SELECT, UPDATE (a) ON doc TO {user};")
    token, url = door.token, door.database.url
    assert update(ask, a=2) == {**ONE, "a": 2}

    _, door.token = tenant_of("equal", production=new_database(postgresql, DOC, "equal"))
    answer = door.query("/t/equal/graphql", UPDATE, {"id": 1, **ONE, "b": "theirs"})
    assert answer.data["updateDocByPk"]["b"] == "theirs"

    door.token = token
    assert update(ask, a=3) == {**ONE, "a": 3}
    assert execute(url, "SELECT a, b FROM doc WHERE id = 1") == [(3, "one")]


def test_a_right_that_was_taken_is_not_asked_for_again(door, served_to_user) -> None:
    ask = served_to_user(DOC + "GRANT SELECT, UPDATE (a, b) ON doc TO {user};")
    update(ask, b="two")
    user = f"gateway_test_{os.getpid()}"
    execute(door.database.url, f"REVOKE UPDATE (b) ON doc FROM {user}")

    refused = ask(UPDATE, {"id": 1, **ONE, "b": "three"})
    assert refused.code == "FORBIDDEN"
    assert update(ask, a=2, b="two") == {**ONE, "a": 2, "b": "two"}
