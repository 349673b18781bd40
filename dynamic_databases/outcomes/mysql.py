"""What the errors of MySQL and MariaDB mean, by their numbers."""

from __future__ import annotations

import re

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
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)
from dynamic_databases.outcomes.messages import (
    BAD_VALUE,
    CHANGED,
    DIVIDED,
    FAILED,
    NO_SPACE,
    NOT_PERMITTED,
    NOT_SUPPORTED,
    REFUSED,
    REFUSED_BY_TRIGGER,
    RETRY,
    TIMED_OUT,
    TOO_DEEP,
    UNAVAILABLE,
    UNKNOWN,
)
from dynamic_databases.outcomes.server_messages import named_in, refused_by_trigger

# By the server's number (MySQL 8.0 and MariaDB error references), and the client's from 2000.
_KINDS: tuple[tuple[frozenset[int], type[StatementFailed], str], ...] = (
    (frozenset({1317, 1969, 3024, 1205}), TimedOut, TIMED_OUT),
    (frozenset({1213, 3572, 1020, 1615}), Retryable, RETRY),
    (frozenset({1146, 1054, 1109, 1051, 1356}), SchemaChanged, CHANGED),
    (
        frozenset({1142, 1143, 1227, 1290, 1792, 1370, 1836, 1288, 1348, 1347, 1449, 1471}),
        NotPermitted,
        NOT_PERMITTED,
    ),
    (
        frozenset(
            {
                1264,
                1265,
                1292,
                1366,
                1367,
                1406,
                1411,
                1267,
                1690,
                1139,
                3140,
                4078,
                1906,
                3105,
                1118,
                1525,
            }
        ),
        BadValue,
        BAD_VALUE,
    ),
    (frozenset({1365}), BadValue, DIVIDED),
    (frozenset({1305, 1210, 1235, 3141}), BadValue, NOT_SUPPORTED),
    (frozenset({1442, 1369, 1424, 1456}), RefusedByTrigger, REFUSED_BY_TRIGGER),
    (frozenset({1026, 1030, 1105, 1194, 1195, 1296, 1429, 1430, 1432}), DatabaseFailed, FAILED),
    (frozenset({1021, 1114, 1041}), NoSpace, NO_SPACE),
    (frozenset({1436, 1153, 1104, 1116, 1117, 1301, 4040}), TooDeep, TOO_DEEP),
    (
        frozenset(
            {
                1040,
                1047,
                1044,
                1045,
                1049,
                1129,
                1130,
                1152,
                1158,
                1159,
                1160,
                1161,
                1203,
                1226,
                1053,
                1077,
                1927,
            }
        )
        | frozenset(range(2000, 2100)),
        Unavailable,
        UNAVAILABLE,
    ),
)
_CONSTRAINTS = frozenset({1048, 1062, 1216, 1217, 1242, 1263, 1364, 1451, 1452, 1586, 3819, 4025})
# SIGNAL with an SQLSTATE alone, and a condition that nothing handles; with numbers of its own it
# gives those that the server leaves free.
_SIGNALS = frozenset({1642, 1643, 1644, 1645})
_OWN_NUMBERS = 10_000
# The classes of SQLSTATE that the server has for its own errors (MariaDB and MySQL references);
# SIGNAL raises any other, whatever number it gives.
_STATES = frozenset(
    "00 01 02 08 0A 0B 0K 0Z 10 20 21 22 23 24 25 26 28 2F 3D 40 42 44 70 HV HY XA X0".split()
)
# How the server itself begins to speak of a constraint; SIGNAL may give its number to other words.
_OF_CONSTRAINT = re.compile(
    r"Duplicate entry |Column |Field "
    r"|Cannot (?:add or update a child|delete or update a parent) row"
    r"|CONSTRAINT `|Check constraint '|Subquery returns more than 1 row"
)
_LOST = {1053, 1077, 1927, 2006, 2013, 2055}


def classify(error: BaseException, *, writing: bool) -> StatementFailed:
    """A SIGNAL with a number of 2000 to 2999 comes without its words.

    These are the client's library's own, which takes it for a broken answer.
    """
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1]) if len(error.args) > 1 else ""
    state = str(getattr(error, "sqlstate", ""))
    is_own = bool(state) and state[:2] not in _STATES
    is_own = is_own or (number in _CONSTRAINTS and not _OF_CONSTRAINT.match(text))
    if is_own or number in _SIGNALS or number >= _OWN_NUMBERS:
        return refused_by_trigger(text)
    constraint = _constraint(number, text)
    if constraint is not None:
        return constraint
    if writing and number in _LOST:
        return OutcomeUnknown(UNKNOWN)
    for numbers, kind, message in _KINDS:
        if number in numbers:
            return kind(message)
    if number == 0:  # the driver's own: the connection was closed under it
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(UNAVAILABLE)
    return StatementFailed(REFUSED)


def _constraint(number: int, text: str) -> ConstraintViolation | None:
    """The server names the key, the constraint or the column in its message."""
    if number in (1048, 1364, 1263):
        column = named_in(text, r"(?:Column|Field) '(.*?)'")
        return ConstraintViolation(
            f"The column {column or '?'} must have a value.", None, (column,) if column else ()
        )
    if number in (1062, 1586):
        key = (named_in(text, r"for key '(.*)'") or "").rpartition(".")[2]
        called = f"The constraint {key}" if key else "A unique key"
        return ConstraintViolation(
            f"{called} refuses this: a row with this key exists.", key or None
        )
    if number in (1451, 1452, 1216, 1217):
        name = named_in(text, r"CONSTRAINT `((?:[^`]|``)*)`")
        columns = named_in(text, r"FOREIGN KEY \((.*?)\)") or ""
        return ConstraintViolation(
            (
                f"{_called(name)} refuses this: the row it refers to, or that refers to it, "
                "forbids this."
            ),
            name,
            tuple(part.strip(" `") for part in columns.split(",") if part),
        )
    if number in (4025, 3819):
        name = named_in(text, r"CONSTRAINT `((?:[^`]|``)*)`") or named_in(
            text, r"constraint '(.*?)'"
        )
        name = name and name.rpartition(".")[2]
        return ConstraintViolation(f"{_called(name)} refuses this: a value isn't allowed.", name)
    if number == 1242:  # what our own ON DUPLICATE KEY UPDATE says of another key's conflict
        return ConstraintViolation(
            "Another unique constraint than that of onConflict refuses this: a row with "
            "this key exists."
        )
    return None


def _called(name: str | None) -> str:
    """The server leaves the name out where its user may not see the table."""
    return f"The constraint {name}" if name else "A constraint of the table"
