"""What drivers' errors mean; SQL Server's are told apart by their words."""

from __future__ import annotations

import pytest
from django.db.utils import DatabaseError

from dynamic_databases.errors import (
    BadValue,
    ConstraintViolation,
    NotPermitted,
    OutcomeUnknown,
    Retryable,
    SchemaChanged,
    StatementFailed,
    TimedOut,
    Unavailable,
)
from dynamic_databases.outcomes import classify

pytestmark = pytest.mark.pure

MESSAGES = [
    (
        (
            "Cannot insert the value NULL into column 'name', table 'x.dbo.t'; "
            "column does not allow nulls."
        ),
        ConstraintViolation,
        None,
        ("name",),
    ),
    (
        (
            "Violation of UNIQUE KEY constraint 'UQ_t'. "
            "Cannot insert duplicate key in object 'dbo.t'. The duplicate key value is (1)."
        ),
        ConstraintViolation,
        "UQ_t",
        (),
    ),
    (
        (
            "Cannot insert duplicate key row in object 'dbo.t' with unique index 'IX_t'. "
            "The duplicate key value is (1)."
        ),
        ConstraintViolation,
        "IX_t",
        (),
    ),
    (
        (
            'The INSERT statement conflicted with the FOREIGN KEY constraint "FK_t". '
            'The conflict occurred in database "x", table "dbo.a", column \'id\'.'
        ),
        ConstraintViolation,
        "FK_t",
        (),
    ),
    (
        'The DELETE statement conflicted with the REFERENCE constraint "FK_t".',
        ConstraintViolation,
        "FK_t",
        (),
    ),
    (
        'The UPDATE statement conflicted with the CHECK constraint "CK_t".',
        ConstraintViolation,
        "CK_t",
        (),
    ),
    (
        (
            "Driver Error: Integrity constraint violation; "
            'DDBC Error: duplicate key value violates unique constraint "u"'
        ),
        ConstraintViolation,
        "u",
        (),
    ),
    (
        "Driver Error: Integrity constraint violation; DDBC Error: something else",
        ConstraintViolation,
        None,
        (),
    ),
]
KINDS = [
    (
        "Transaction (Process ID 52) was deadlocked on lock resources with another process",
        Retryable,
    ),
    ("Lock request time out period exceeded.", TimedOut),
    ("Query timeout expired", TimedOut),
    ("Invalid column name 'x'.", SchemaChanged),
    ("column artist.country does not exist", SchemaChanged),
    (
        "The SELECT permission was denied on the object 't', database 'x', schema 'dbo'.",
        NotPermitted,
    ),
    ("String or binary data would be truncated in table 'x'", BadValue),
    ("Arithmetic overflow error converting numeric to data type numeric.", BadValue),
    ("Login failed for user 'sa'.", Unavailable),
    ("Communication link failure", Unavailable),
    ("Incorrect syntax near 'x'.", StatementFailed),
]


def failure(text: str) -> DatabaseError:
    error = DatabaseError(text)
    error.__cause__ = Exception(text)
    return error


@pytest.mark.parametrize(("text", "kind", "constraint", "columns"), MESSAGES)
def test_sql_servers_constraints(text: str, kind: type, constraint: str, columns: tuple) -> None:
    found = classify(failure(text), "microsoft", writing=False)

    assert type(found) is kind
    assert (found.constraint, found.columns) == (constraint, columns)


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_sql_servers_other_errors(text: str, kind: type) -> None:
    assert type(classify(failure(text), "microsoft", writing=False)) is kind


def test_a_connection_lost_at_commit_leaves_the_outcome_unknown() -> None:
    lost = classify(failure("TCP Provider: Error code 0x2746"), "microsoft", writing=True)

    assert isinstance(lost, OutcomeUnknown)
