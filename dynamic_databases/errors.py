"""Everything that can be wrong with a registered database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from dynamic_databases.aliases import Alias


class DatabaseProblem(Exception):
    """Base of this package's errors; `code` is the GraphQL error code that it becomes."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"


class InvalidConfig(DatabaseProblem):
    """A configuration that is refused; `key` names the part that is wrong."""

    code = "BAD_USER_INPUT"

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


class StillInUse(DatabaseProblem):
    """A database that something hangs on isn't removed unless that is forced."""

    code = "CONSTRAINT_VIOLATION"

    def __init__(self, name: str, dependents: list[str]) -> None:
        super().__init__(
            f"{name} is in use, and these would go or fail without it: {'; '.join(dependents)}. "
            "Remove these first, or force it."
        )
        self.dependents = dependents


class NotRegistered(DatabaseProblem, LookupError):
    """No database goes by this alias now: it was never registered, is disabled or was removed."""

    code = "TENANT_UNAVAILABLE"

    def __init__(self, alias: Alias) -> None:
        super().__init__(f"No registered database goes by {alias}; it may have been removed.")
        self.alias = alias


class ControlTableRefused(DatabaseProblem):
    """Something would create a table of the project itself in a registered database."""

    def __init__(self, alias: Alias) -> None:
        super().__init__(
            f"{alias!r} is a registered database, "
            "which belongs to a customer: no migration runs there, "
            "and no table of this project is created. Use a database of settings.DATABASES."
        )


class NoActiveDatabase(DatabaseProblem):
    """A dynamic model was used where nothing says which database is meant."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"No database is active for the dynamic model {model}. Use Database.get_model(…), "
            ".using(alias), or dynamic_databases.active.use_database(alias)."
        )
        self.model = model


class UnknownTable(DatabaseProblem, LookupError):
    """The catalog holds no table of that name."""

    def __init__(self, table: str, known: list[str]) -> None:
        some = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
        super().__init__(f"There is no table {table!r} in this database. It has: {some or 'none'}.")
        self.table = table


class KeylessTable(DatabaseProblem):
    """A row of a table without a key can't be written by key."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"The table {table!r} has no key: its rows can be read, not saved one by one."
        )
        self.table = table


class ColumnRefused(DatabaseProblem):
    """A change of a table's columns that isn't made; nothing happened."""

    code = "BAD_USER_INPUT"


class DriverMissing(DatabaseProblem):
    """A database of an engine whose driver isn't installed here; all others work."""

    code = "TENANT_UNAVAILABLE"

    def __init__(self, engine: str, remedy: str) -> None:
        super().__init__(f"The driver of the engine {engine} can't be loaded here: {remedy}.")
        self.engine = engine


class EditConflict(DatabaseProblem):
    """The row changed underneath; `fields` maps each field that did to (state read, state now)."""

    code = "CONFLICT"

    def __init__(self, table: str, fields: Mapping[str, tuple[object, object]]) -> None:
        super().__init__(f"The row of {table!r} was changed by someone else: {', '.join(fields)}.")
        self.table = table
        self.fields = fields


class StatementFailed(DatabaseProblem):
    """A statement that a database refused, already classed by `dynamic_databases.outcomes`.

    Where the message is the database's own words, `general` is what is said without them.
    """

    def __init__(self, message: str, general: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.general = general


class ConstraintViolation(StatementFailed):
    """A constraint of the database refused a write; `constraint` is its name where known."""

    code = "CONSTRAINT_VIOLATION"

    def __init__(
        self, message: str, constraint: str | None = None, columns: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.constraint = constraint
        self.columns = columns


class RefusedByTrigger(StatementFailed):
    """A trigger or a routine of the database refused a write."""

    code = "CONSTRAINT_VIOLATION"


class BadValue(StatementFailed):
    """A value that the column's type can't hold."""

    code = "BAD_USER_INPUT"


class Unavailable(StatementFailed):
    """The database is down, refuses the log-in, or cut the connection before anything was done."""

    code = "TENANT_UNAVAILABLE"


class NotPermitted(StatementFailed):
    """The database's own rights, or its read-only state, refuse this."""

    code = "FORBIDDEN"


class CannotConnect(Unavailable):
    """No connection could be opened: nothing was asked."""


class UnexpectedAnswer(Unavailable):
    """The server answered a question about its catalog with what can't be understood."""

    def __init__(self) -> None:
        super().__init__("The database server gives answers that can't be understood.")


class ServerTooOld(Unavailable):
    """A version of a server that isn't served; `oldest` is the first that is."""

    def __init__(self, server: str, version: str, oldest: str) -> None:
        super().__init__(
            f"This is {server} {version or 'of an unknown version'}; the gateway serves {oldest} "
            "and later. Upgrade the server."
        )


class CatalogTooLarge(Unavailable):
    """The database has more tables or columns than are served; `setting` names the bound."""

    def __init__(self, what: str, limit: int, setting: str) -> None:
        super().__init__(
            f"The database has more than {limit} {what}, the maximum ({setting}); "
            "register a user who may see fewer of them."
        )
        self.setting = setting


class ServerBusy(StatementFailed):
    """The server has as many connections of the gateway's as it may have; nothing was asked."""

    code = "OVERLOADED"


class NoSpace(StatementFailed):
    """The database can't store any more; it still answers, and nothing was done."""

    code = "TENANT_UNAVAILABLE"


class DatabaseFailed(StatementFailed):
    """The database fails at the statement by itself, other statements may succeed."""

    code = "TENANT_UNAVAILABLE"


class TimedOut(StatementFailed):
    """The statement was ended at its deadline."""

    code = "TIMEOUT"


class SchemaChanged(StatementFailed):
    """A table or column of the catalog is gone; `changed` are the fields that this changed."""

    code = "SCHEMA_CHANGED"

    def __init__(self, message: str, changed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.changed = changed


class ColumnRetyped(SchemaChanged):
    """A column has another type than a plan of the server's was made for."""


class Retryable(StatementFailed):
    """A deadlock or a serialization failure: nothing was done, trying again may succeed."""

    code = "CONFLICT"


class OutcomeUnknown(StatementFailed):
    """The connection was lost after a write was sent: it may or may not have happened."""

    code = "OUTCOME_UNKNOWN"


class TooDeep(StatementFailed):
    """A statement that nests deeper, or is larger, than its database can take."""

    code = "QUERY_TOO_COMPLEX"
