"""What SQL Server's errors mean, by their words."""

from __future__ import annotations

import re

from dynamic_databases.errors import (
    BadValue,
    ConstraintViolation,
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
    NO_INPUT,
    NO_SPACE,
    NOT_PERMITTED,
    REFUSED,
    REFUSED_BY_TRIGGER,
    RETRY,
    TIMED_OUT,
    TOO_DEEP,
    UNAVAILABLE,
    UNKNOWN,
)
from dynamic_databases.outcomes.server_messages import named_in

# The driver gives the server's words without its number. Microsoft's manual ("Database engine
# events and errors") lists them under the numbers in the comments.
_KINDS: tuple[tuple[str, type[StatementFailed], str], ...] = (
    (r"deadlock", Retryable, RETRY),  # 1205
    (r"snapshot isolation transaction aborted", Retryable, RETRY),  # 3960
    (r"lock request time ?out|query timeout expired|HYT00", TimedOut, TIMED_OUT),  # 1222
    (r"invalid object name|invalid column name|could not find stored", SchemaChanged, CHANGED),
    (r"(?:column|relation) \S+ does not exist", SchemaChanged, CHANGED),  # a stand-in's words
    (r"permission was denied|read-only|is not able to access", NotPermitted, NOT_PERMITTED),
    (r"the transaction ended in the trigger", RefusedByTrigger, REFUSED_BY_TRIGGER),  # 3609
    (r"divide by zero error", BadValue, DIVIDED),  # 8134
    (r"cannot update identity column|explicit value for (?:the )?identity", BadValue, NO_INPUT),
    (r"would be truncated|right truncation|arithmetic overflow|out-of-range", BadValue, BAD_VALUE),
    (
        r"could not allocate space|transaction log for database .* is full|insufficient disk space",
        NoSpace,
        NO_SPACE,
    ),  # 1105, 9002
    (r"conversion failed|error converting|operand type clash", BadValue, BAD_VALUE),
    (r"numeric value out of range|invalid character value", BadValue, BAD_VALUE),
    (
        (
            r"too many parameters|nested too deeply|ran out of internal resources|nesting "
            r"level|too complex"
        ),
        TooDeep,
        TOO_DEEP,
    ),
)
_LOST = (
    r"communication link|tcp provider|connection "
    r"(?:is |was )?(?:broken|reset|closed|dead)|forcibly closed|"
    r"login failed|cannot open database|unable to (?:connect|complete login)|08S01|08001|login "
    r"timeout|shutdown is in progress|"
    r"server was not found|not accessible|client unable to establish"
)


def classify(error: BaseException, *, writing: bool) -> StatementFailed:
    text = str(error)
    constraint = _constraint(text)
    if constraint is not None:
        return constraint
    if re.search(_LOST, text, re.IGNORECASE):
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(UNAVAILABLE)
    for pattern, kind, message in _KINDS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(message)
    return StatementFailed(REFUSED)


def _constraint(text: str) -> ConstraintViolation | None:
    column = named_in(text, r"insert the value NULL into column '(.*?)', table")
    if column is not None:
        return ConstraintViolation(f"The column {column} must have a value.", None, (column,))
    key = named_in(text, r"Violation of (?:PRIMARY|UNIQUE) KEY constraint '(.*?)'") or named_in(
        text, r"duplicate key row in object '.*?' with unique index '(.*?)'"
    )
    if key is not None:
        return ConstraintViolation(
            f"The constraint {key} refuses this: a row with this key exists.", key
        )
    # A stand-in that only speaks the protocol has words of its own.
    column = named_in(text, r"null value in column \"(.*?)\"")
    if column is not None:
        return ConstraintViolation(f"The column {column} must have a value.", None, (column,))
    conflict = re.search(
        (
            r"conflicted with the (CHECK|FOREIGN KEY|REFERENCE|SAME TABLE REFERENCE|FOREIGN KEY "
            r"SAME TABLE) constraint \"(.*?)\""
        ),
        text,
    )
    if conflict is None:
        name = named_in(text, r"violates (?:unique|foreign key|check) constraint \"(.*?)\"")
        is_one = name or "integrity constraint violation" in text.lower()
        return (
            ConstraintViolation(f"The constraint {name or '?'} refuses this.", name)
            if is_one
            else None
        )
    what = (
        "a value isn't allowed"
        if conflict.group(1) == "CHECK"
        else "the row it refers to, or that refers to it, forbids this"
    )
    name = conflict.group(2)
    return ConstraintViolation(f"The constraint {name} refuses this: {what}.", name)
