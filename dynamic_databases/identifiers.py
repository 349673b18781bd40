"""Quote one name for one vendor, doubling the vendor's own quote, or say why it can't be done.

Django's `quote_name` leaves embedded quotes alone and takes a name that already starts and ends
with a quote as it is; the names made here use that second door, so they are safe as `db_table`
and `db_column` too.
"""

from __future__ import annotations

from dynamic_databases.errors import DatabaseProblem

_QUOTES = {
    "sqlite": ('"', '"'),
    "postgresql": ('"', '"'),
    "mysql": ("`", "`"),
    "microsoft": ("[", "]"),
}


class Unquotable(DatabaseProblem):
    """A name that no quoting makes safe."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The name {name!r} can't be used: {reason}.")
        self.name = name
        self.reason = reason


def quote(name: str, vendor: str) -> str:
    """Return `name` quoted for `vendor` (Django's `connection.vendor`). Raises Unquotable."""
    if not name:
        raise Unquotable(name, "it is empty")
    if "\0" in name:
        raise Unquotable(name, "it holds a NUL character")
    start, end = _QUOTES[vendor]
    return f"{start}{name.replace(end, end * 2)}{end}"


def quote_table(schema: str, name: str, vendor: str) -> str:
    """Return a table's name quoted, with its schema's if it has one. Raises Unquotable."""
    return f"{quote(schema, vendor)}.{quote(name, vendor)}" if schema else quote(name, vendor)


def quote_for_orm(name: str, vendor: str) -> str:
    """Quote a name as Django wants it in `db_table` and `db_column`.

    A `%` is doubled because every statement passes through the driver's parameter style; a plain
    name stays as it is, so that what people see in `_meta.db_table` is the name they know.
    """
    quoted = quote(name, vendor)
    start, end = _QUOTES[vendor]
    if start not in name and end not in name and "%" not in name:
        return name
    return quoted.replace("%", "%%")
