"""The beginnings of SQL Server's messages by their numbers, and what each kind of them means.

Source: Microsoft's manual, "Database engine events and errors", and for Azure SQL "Troubleshoot
connection errors". Numbers are for the reader: the driver gives the words alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dynamic_databases.errors import (
    BadValue,
    DatabaseFailed,
    NoSpace,
    NotPermitted,
    RefusedByTrigger,
    Retryable,
    SchemaChanged,
    ServerBusy,
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)
from dynamic_databases.outcomes.messages import (
    BAD_VALUE,
    BUSY,
    CHANGED,
    DIVIDED,
    FAILED,
    NO_INPUT,
    NO_SPACE,
    NOT_NOW,
    NOT_PERMITTED,
    NOT_SUPPORTED,
    REFUSED_BY_TRIGGER,
    RETRY,
    TIMED_OUT,
    TOO_DEEP,
    UNAVAILABLE,
)


class Meaning(NamedTuple):
    """What messages with these beginnings, patterns by number, mean."""

    kind: type[StatementFailed]
    message: str
    beginnings: Mapping[int, str]


# The session is over: a write that was sent may have happened.
LOST: Mapping[int, str] = {
    596: r"Cannot continue the execution because the session is in the kill state",
    6005: r"SHUTDOWN is in progress",
    40197: r"The service has encountered an error processing your request",
    40549: r"Session is terminated because you have a long.running transaction",
    40550: r"The session has been terminated because",
    40613: r"Database '.*' on server '.*' is not currently available",
}
SERVER: tuple[Meaning, ...] = (
    Meaning(
        Retryable,
        RETRY,
        {
            1205: r"Transaction \(Process ID \d+\) was deadlocked on",
            3960: r"Snapshot isolation transaction aborted",
            3961: r"Snapshot isolation transaction failed in database",
            41301: r"A previous transaction that the current transaction took a dependency on",
            41302: r"The current transaction attempted to update a record",
            41305: r"The current transaction failed to commit",
        },
    ),
    Meaning(
        TimedOut,
        TIMED_OUT,
        {
            1222: r"Lock request time ?out period exceeded",
            8645: r"A time ?out occurred while waiting for memory resources",
        },
    ),
    Meaning(
        SchemaChanged,
        CHANGED,
        {
            207: r"Invalid column name",
            208: r"Invalid object name",
            2812: r"Could not find stored procedure",
            4413: r"Could not use view or function",
        },
    ),
    Meaning(
        NotPermitted,
        NOT_PERMITTED,
        {
            229: r"The [A-Z ]+ permission was denied on the",
            262: r"[A-Z ]+ permission (?:was )?denied in database",
            916: r"The server principal .* is not able to access the database",
            1088: r"Cannot find the object .* because it does not exist or you do not have perm",
            3906: r"Failed to update database .* because the database is read-only",
            33504: r"The attempted operation failed because the target object .* block predicate",
        },
    ),
    Meaning(
        RefusedByTrigger,
        REFUSED_BY_TRIGGER,
        {
            266: r"Transaction count after EXECUTE indicates a mismatching number",
            550: r"The attempted insert or update failed because the target view",
            3609: r"The transaction ended in the trigger",
            3616: r"An error was raised during trigger execution",
            3902: r"The COMMIT TRANSACTION request has no corresponding BEGIN",
            3930: r"The current transaction cannot be committed and cannot support",
        },
    ),
    Meaning(BadValue, DIVIDED, {8134: r"Divide by zero error encountered"}),
    Meaning(
        BadValue,
        NO_INPUT,
        {
            271: r"The column .* cannot be modified because it is either a computed column",
            272: r"Cannot update a timestamp column",
            273: r"Cannot insert an explicit value into a timestamp column",
            360: r"The target column list of an INSERT, UPDATE, or MERGE statement cannot contain",
            544: r"Cannot insert explicit value for identity column",
            8101: r"An explicit value for the identity column",
            8102: r"Cannot update identity column",
            13536: r"Cannot insert an explicit value into a GENERATED ALWAYS column",
            13537: r"Cannot update GENERATED ALWAYS columns",
        },
    ),
    Meaning(
        BadValue,
        BAD_VALUE,
        {
            206: r"Operand type clash",
            220: r"Arithmetic overflow error",
            241: r"Conversion failed when converting",
            242: r"The conversion of an? \S+ data type to an? \S+ data type resulted in an out-of",
            257: r"Implicit conversion from data type",
            517: r"Adding a value to an? '.*' column caused an overflow",
            2628: r"String or binary data would be truncated",
            6522: r"A \.NET Framework error occurred during execution of user-defined routine",
            8023: r"The incoming tabular data stream \(TDS\) remote procedure call",
            8114: r"Error converting data type",
            9420: r"XML parsing: ",
            13609: r"JSON text is not properly formatted",
        },
    ),
    Meaning(
        BadValue,
        NOT_SUPPORTED,
        {
            305: r"The (?:text|xml|XML)\b.* data types? cannot be compared or sorted",
            402: r"The data types .* are incompatible in the",
            468: r"Cannot resolve the collation conflict between",
            8116: r"Argument data type",
            8117: r"Operand data type",
        },
    ),
    Meaning(
        TooDeep,
        TOO_DEEP,
        {
            191: r"Some part of your SQL statement is nested too deeply",
            217: r"Maximum stored procedure, function, trigger, or view nesting level exceeded",
            8003: r"The incoming request has too many parameters",
            8621: r"The query processor ran out of",
            8631: r"Internal error: (?:Server stack limit|An expression services limit)",
            8632: r"The query (?:has been canceled because|is too complex)",
        },
    ),
    Meaning(
        NoSpace,
        NO_SPACE,
        {
            1101: r"Could not allocate (?:space|a new page)",
            9002: r"The transaction log for database",
            40544: r"The database '.*' has reached its size quota",
        },
    ),
    Meaning(
        ServerBusy,
        BUSY,
        {
            701: r"There is insufficient system memory in resource pool",
            8651: r"Could not perform the operation because the requested memory grant",
            10928: r"Resource ID: ?\d+\. The .* (?:limit|minimum guarantee)",
            40501: r"The service is currently busy",
            49918: r"Cannot process (?:request|create or update request)\.",
        },
    ),
    Meaning(
        BadValue,
        NOT_NOW,
        {3952: r"Snapshot isolation transaction failed accessing database"},
    ),
    Meaning(
        DatabaseFailed,
        FAILED,
        {
            605: r"Attempt to fetch logical page",
            823: r"The operating system returned error",
            824: r"SQL Server detected a logical consistency-based I/O error",
            8630: r"Internal Query Processor Error",
        },
    ),
    Meaning(
        Unavailable,
        UNAVAILABLE,
        {
            922: r"Database '.*' is being recovered",
            942: r"Database '.*' cannot be opened",
            976: r"The target database\b.* in an availability group and is currently",
            983: r"Unable to access (?:the )?(?:availability )?database",
            3908: r"Could not run BEGIN TRANSACTION in database",
            4060: r"Cannot open (?:database|server) [\"']",
            18452: r"Login failed(?: for user '|\. The login is from)",
        },
    ),
)
# What the driver says by itself, or calls an SQLSTATE: class 08 and 40003, HYT00, 40001, 22.
DRIVER_LOST = (
    r"Communication link failure|Client unable to establish|Server rejected the connection|"
    r"Connection failure during|Connection not open|Connection timeout|Statement completion|"
    r"(?:TCP|SSL|Named Pipes|Shared Memory) Provider|Login timeout|Unable to (?:connect|complete)|"
    r"A network-related or instance-specific|Server is not found|"
    r"(?:The )?connection (?:is|was) (?:broken|closed|reset|dead|no longer)|"
    r"Session Provider|SMux Provider|An existing connection was forcibly closed"
)
DRIVER: tuple[tuple[str, type[StatementFailed], str], ...] = (
    (r"(?:Query )?timeout expired", TimedOut, TIMED_OUT),
    (r"Serialization failure|deadlock detected", Retryable, RETRY),
    (
        (
            r"(?:String data, )?right truncation|Numeric value out of range|"
            r"Invalid character value|Datetime field overflow"
        ),
        BadValue,
        BAD_VALUE,
    ),
    # A stand-in that only speaks the protocol has words of its own.
    (r"(?:column|relation) \S+ does not exist", SchemaChanged, CHANGED),
    (r"permission denied for|cannot execute \w+ in a read-only", NotPermitted, NOT_PERMITTED),
    (r"canceling statement due to", TimedOut, TIMED_OUT),
)
