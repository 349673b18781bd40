"""What clients are answered for each kind of failure, the same for every vendor."""

from __future__ import annotations

UNAVAILABLE = "The database can't be reached."
UNKNOWN = "The connection was lost after the write was sent: it may or may not have happened."
TIMED_OUT = "The database didn't finish in time; nothing was changed."
NOT_PERMITTED = "The database doesn't permit this to the gateway's user."
REFUSED_BY_POLICY = "A policy of the database (row-level security) refuses this row."
SETTING_REFUSED = "The database doesn't take a setting of this session, such as its role."
CHANGED = "A table or column that this query needs is no longer there."
RETYPED = "A column that this query needs has another type now; ask again."
NO_FUNCTION = (
    "A view, trigger, generated column, default, "
    "check or index of this database calls a function that "
    "the gateway doesn't offer to it."
)
BAD_VALUE = "A value doesn't fit the type of its column."
REFUSED = "The database refused the statement."
TOO_DEEP = (
    "The query nests deeper, or is larger, than this database can take; ask for less at a time."
)
BUSY = "The database server is busy; nothing was changed, try again later."
NO_SPACE = "The database has no space left; nothing was changed."
RETRY = (
    "The database ended this because of others writing at the same time; "
    "nothing was changed, try again."
)
NOT_SUPPORTED = "The database has no such operation for these values."
NO_INPUT = "A column takes no value: the database alone gives it."
SEVERAL = "The database gave several rows where one is wanted: a key isn't unique there."
DIVIDED = "A view, trigger, generated column or check of this database divides by zero."
NOT_NOW = "The database's state doesn't permit this now."
BROKEN_TRIGGER = (
    "A trigger or routine of this database names a table or column that isn't there; "
    "nothing was written."
)
REFUSED_BY_TRIGGER = "A trigger or routine of the database refuses this."
FAILED = "The database failed at this; its log says why."
TAKEN_BY_RULE = (
    "A rule of the database (DO INSTEAD) takes this write and returns no row, so that it can't be "
    "answered; nothing was written. A rule that returns its rows, or a trigger, can take it."
)
