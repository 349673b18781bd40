"""Combined updates of many types answer what an operation that never ran before would answer."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DOC = """CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0);
    CREATE TABLE doc (id INT PRIMARY KEY, n INT, t citext, l INT[], j JSONB, p positive, m mood,
      c CHAR(4), f REAL, z TIMESTAMPTZ, g INT GENERATED ALWAYS AS (n * 2) STORED);
    INSERT INTO doc (id) VALUES (1); INSERT INTO doc (id, n, j, l) VALUES (2, 1, '{}', '{1}');"""
WRITES = ("_set: $set", "_set: $set, _inc: {f: $n}", "_set: $set, _append: {j: {n: $n}}")
UPDATE = """mutation($id: Int!, $set: DocSetInput!%s) {
    updateDocByPk(pkColumns: {id: $id}, %s) { n t l j p m c f z g } }"""
VALUES = {
    "n": [None, 0, 5, 2**30, 2**31 - 1],  # twice the last is no integer
    "t": [None, "x", "X", "x "],
    "l": [None, [], [1], [None], [1, None]],
    "p": [None, 1, -1],
    "m": [None, "happy", "sad"],
    "c": [None, "a", "a "],
    "z": [None, "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00"],
}
SET = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})
PART = st.sampled_from([("n", "t"), ("l", "c", "z"), ("p", "m", "n"), ("t", "z")])
REQUESTS = st.tuples(
    st.sampled_from(WRITES), st.sampled_from([1, 2]), PART, SET, st.sampled_from([None, 0, 1])
)

NUMBERS = count()  # what makes a document another one


@pytest.fixture
def ask(postgresql, served):
    return served(postgresql, DOC)


@given(st.lists(REQUESTS, min_size=4, max_size=10))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_answer_does_not_depend_on_what_was_written_before(ask, asked) -> None:
    for write, number, names, values, n in asked:
        variables = {"id": number, "set": {name: values[name] for name in names}, "n": n}
        document = UPDATE % (", $n: Int" if "$n" in write else "", write)
        dry = ask(f"{document} # {next(NUMBERS)}", variables, **{"x-dry-run": "true"})
        assert outcome(ask(document, variables)) == outcome(dry)


def outcome(reply):
    return reply.error["message"] if "errors" in reply.json else reply.data
