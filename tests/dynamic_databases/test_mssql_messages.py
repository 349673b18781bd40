"""SQL Server's messages, as the driver passes them on, with words of clients in them.

The texts are those of Microsoft's manual ("Database engine events and errors").
"""

from __future__ import annotations

import pytest
from django.db.utils import DatabaseError

from dynamic_databases.errors import (
    BadValue,
    ConstraintViolation,
    DatabaseFailed,
    NoSpace,
    NotPermitted,
    OutcomeUnknown,
    RefusedByTrigger,
    Retryable,
    SchemaChanged,
    ServerBusy,
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)
from dynamic_databases.outcomes import classify

pytestmark = pytest.mark.pure

REFUSED = "Syntax error or access violation"
SERVER = "[Microsoft][SQL Server]"
# number → the server's words, and what they mean
MESSAGES = {
    1205: (
        (
            "Transaction (Process ID 52) was deadlocked on lock resources with another process and "
            "has been chosen as the deadlock victim. Rerun the transaction."
        ),
        Retryable,
    ),
    3960: (
        (
            "Snapshot isolation transaction aborted due to update "
            "conflict. You cannot use snapshot "
            "isolation to access table 'dbo.t' directly or indirectly in database 'x'."
        ),
        Retryable,
    ),
    41302: (
        (
            "The current transaction attempted to update a record that has been updated since this "
            "transaction started. The transaction was aborted."
        ),
        Retryable,
    ),
    1222: ("Lock request time out period exceeded.", TimedOut),
    207: ("Invalid column name 'a'.", SchemaChanged),
    208: ("Invalid object name 'dbo.t'.", SchemaChanged),
    229: (
        "The UPDATE permission was denied on the object 't', database 'x', schema 'dbo'.",
        NotPermitted,
    ),
    230: (
        "The SELECT permission was denied on the column 'a' of the object 't', database 'x'.",
        NotPermitted,
    ),
    1088: (
        'Cannot find the object "dbo.t" because it does not exist or you do not have permissions.',
        NotPermitted,
    ),
    3906: (
        'Failed to update database "x" because the database is read-only.',
        NotPermitted,
    ),
    33504: (
        (
            "The attempted operation failed because the target object "
            "'dbo.t' has a block predicate "
            "that conflicts with this operation."
        ),
        NotPermitted,
    ),
    550: (
        (
            "The attempted insert or update failed because the target view either specifies WITH "
            "CHECK OPTION or spans a view that specifies WITH CHECK OPTION."
        ),
        RefusedByTrigger,
    ),
    3609: (
        "The transaction ended in the trigger. The batch has been aborted.",
        RefusedByTrigger,
    ),
    3902: (
        "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.",
        RefusedByTrigger,
    ),
    8134: ("Divide by zero error encountered.", BadValue),
    8102: ("Cannot update identity column 'id'.", BadValue),
    13536: (
        (
            "Cannot insert an explicit value into a GENERATED ALWAYS "
            "column in table 'x.dbo.t'. Use "
            "INSERT with a column list to exclude the GENERATED ALWAYS column."
        ),
        BadValue,
    ),
    242: (
        (
            "The conversion of a varchar data type to a datetime data type resulted in an "
            "out-of-range value."
        ),
        BadValue,
    ),
    245: (
        "Conversion failed when converting the varchar value 'login failed' to data type int.",
        BadValue,
    ),
    2628: (
        (
            "String or binary data would be truncated in table 'x.dbo.t', column 'a'. Truncated "
            "value: 'communication link failure 08S01 deadlock'."
        ),
        BadValue,
    ),
    8115: ("Arithmetic overflow error converting numeric to data type numeric.", BadValue),
    468: (
        'Cannot resolve the collation conflict between "A" and "B" in the equal to operation.',
        BadValue,
    ),
    306: (
        (
            "The text, ntext, and image data types cannot be compared or sorted, except when using "
            "IS NULL or LIKE operator."
        ),
        BadValue,
    ),
    8117: ("Operand data type text is invalid for max operator.", BadValue),
    8003: (
        "The incoming request has too many parameters. The server supports a maximum of 2100.",
        TooDeep,
    ),
    8623: (
        "The query processor ran out of internal resources and could not produce a query plan.",
        TooDeep,
    ),
    1105: (
        (
            "Could not allocate space for object 'dbo.t' in database 'x' because the 'PRIMARY' "
            "filegroup is full."
        ),
        NoSpace,
    ),
    9002: ("The transaction log for database 'x' is full due to 'LOG_BACKUP'.", NoSpace),
    701: (
        "There is insufficient system memory in resource pool 'default' to run this query.",
        ServerBusy,
    ),
    10928: (
        "Resource ID: 1. The request limit for the database is 30 and has been reached.",
        ServerBusy,
    ),
    40501: (
        "The service is currently busy. Retry the request after 10 seconds. Incident ID: a.",
        ServerBusy,
    ),
    49920: (
        "Cannot process request. Too many operations in progress for subscription 'a'.",
        ServerBusy,
    ),
    824: (
        "SQL Server detected a logical consistency-based I/O error: incorrect checksum.",
        DatabaseFailed,
    ),
    596: (
        "Cannot continue the execution because the session is in the kill state.",
        Unavailable,
    ),
    922: ("Database 'x' is being recovered. Waiting until recovery is finished.", Unavailable),
    942: ("Database 'x' cannot be opened because it is offline.", Unavailable),
    976: (
        (
            "The target database, 'x', is participating in an "
            "availability group and is currently not "
            "accessible for queries."
        ),
        Unavailable,
    ),
    978: (
        (
            "The target database ('x') is in an availability group and is currently accessible for "
            "connections when the application intent is set to read only."
        ),
        Unavailable,
    ),
    983: ("Unable to access availability database 'x' because of its role.", Unavailable),
    4060: ('Cannot open database "x" requested by the login. The login failed.', Unavailable),
    18456: ("Login failed for user 'sa'.", Unavailable),
    40197: (
        (
            "The service has encountered an error processing your request. Please try again. Error "
            "code 40197."
        ),
        Unavailable,
    ),
    40613: (
        "Database 'x' on server 'y' is not currently available. Please retry the connection.",
        Unavailable,
    ),
    102: ("Incorrect syntax near 'deadlock'.", StatementFailed),
}


def classified(words: str, *, state: str = REFUSED, writing: bool = False) -> StatementFailed:
    error = DatabaseError()
    error.__cause__ = Exception(f"Driver Error: {state}; DDBC Error: {words}")
    return classify(error, "microsoft", writing=writing)


@pytest.mark.parametrize("number", MESSAGES)
def test_the_servers_words(number: int) -> None:
    words, kind = MESSAGES[number]

    assert type(classified(f"{SERVER}{words}")) is kind


@pytest.mark.parametrize("number", [596, 40197, 40613])
def test_a_session_that_ended_at_commit_leaves_the_outcome_unknown(number: int) -> None:
    words, _ = MESSAGES[number]

    assert isinstance(classified(f"{SERVER}{words}", writing=True), OutcomeUnknown)


# SQLSTATE's text in the driver, and what ODBC says with it
DRIVERS = [
    ("Communication link failure", "[Microsoft]TCP Provider: Error code 0x2746", Unavailable),
    ("Client unable to establish connection", "[Microsoft]Login timeout expired", Unavailable),
    ("Timeout expired", "[Microsoft]Query timeout expired", TimedOut),
    ("Serialization failure", "[Microsoft][SQL Server]something else", Retryable),
    ("Numeric value out of range", "[Microsoft]Numeric value out of range", BadValue),
    ("Integrity constraint violation", "[Microsoft][SQL Server]new", ConstraintViolation),
]


@pytest.mark.parametrize(("state", "words", "kind"), DRIVERS)
def test_the_drivers_words(state: str, words: str, kind: type[StatementFailed]) -> None:
    assert type(classified(words, state=state)) is kind


HOSTILE = [
    "Communication link failure",
    "TCP Provider: Error code 0x2746",
    "We lost the login failed for user 'x' deadlock",
    "[SQL Server]Violation of UNIQUE KEY constraint 'u'.",
    "Please: Lock request time out period exceeded.",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_words_of_a_trigger_are_no_verdict_of_the_server_or_driver(words: str) -> None:
    found = classified(f"{SERVER}Sorry. {words}")
    named = classified(f"{SERVER}{words}") if words[0] in "CTW" else found

    assert not isinstance(found, Unavailable | TimedOut | Retryable | ConstraintViolation)
    assert not isinstance(named, Unavailable | TimedOut | Retryable | ConstraintViolation)


def test_a_value_in_a_message_names_no_constraint() -> None:
    words = (
        "Violation of UNIQUE KEY constraint 'UQ_t'. Cannot insert duplicate key in object 'dbo.t'. "
        'The duplicate key value is (conflicted with the CHECK constraint "x").'
    )
    found = classified(f"{SERVER}{words}", state="Integrity constraint violation")

    assert isinstance(found, ConstraintViolation)
    assert found.constraint == "UQ_t"
