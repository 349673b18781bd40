"""One person's row of a tenant's user table: found by name with one statement."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from dynamic_databases import outcomes
from dynamic_databases.aliases import Alias
from dynamic_databases.errors import UnknownTable
from dynamic_databases.process import process_registry
from tenants.errors import TenantProblem
from tenants.user_tables import UserTableConfig

_LONGEST_VALUE = 1000  # characters of a session variable: it travels in a header


class UserTableUnusable(TenantProblem):
    """The user table isn't what the configuration says; `why` is for the operator alone."""

    code = "TENANT_UNAVAILABLE"

    def __init__(self, why: str) -> None:
        super().__init__("Nobody can log in to this tenant now: its operator must put that right.")
        self.why = why


@dataclass(frozen=True)
class UserRow:
    """What a row says of a person, as the database holds it."""

    username: str
    password: str = field(repr=False)
    active: Any = None
    role: Any = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UserTableQuery:
    """Reads and writes the rows of one user table; make it before a connection is leased."""

    alias: Alias
    vendor: str
    config: UserTableConfig
    model: type[models.Model]
    attributes: Mapping[str, str]  # column → attribute of the model

    def find(self, username: str) -> list[UserRow]:
        """Return the rows of a name as the database compares it: two at most.

        Raises the errors of `dynamic_databases.outcomes`, UserTableUnusable.
        """
        columns = self.config.columns
        named = models.Q((f"{self.attributes[self.config.username]}__exact", username))
        rows = self._rows().filter(named)
        names = [self.attributes[column] for column in columns]
        with outcomes.translated(self.vendor, writing=False):
            found = [dict(zip(columns, row, strict=True)) for row in rows.values_list(*names)[:2]]
        return [self._row(cells) for cells in found]

    def store_hash(self, row: UserRow, new_hash: str) -> bool:
        """Store a new hash where the old one is still there; return whether it was.

        Raises the errors of `dynamic_databases.outcomes`.
        """
        name, password = (
            self.attributes[column] for column in (self.config.username, self.config.password)
        )
        same = models.Q((f"{name}__exact", row.username)) & models.Q(
            (f"{password}__exact", row.password)
        )
        with outcomes.translated(self.vendor, writing=True):
            return self._rows().filter(same).update(**{password: new_hash}) == 1

    def some_hashes(self) -> list[str]:
        """Return the hash of one row that has one; none where no row has."""
        password = self.attributes[self.config.password]
        rows = self._rows().exclude(**{password: ""}).exclude(**{f"{password}__isnull": True})
        return [str(found) for found in rows.values_list(password, flat=True)[:1]]

    def _rows(self) -> models.QuerySet[models.Model]:
        return self.model._base_manager.using(self.alias).order_by()

    def _row(self, cells: Mapping[str, Any]) -> UserRow:
        config = self.config
        username, password = cells[config.username], cells[config.password]
        if not isinstance(username, str) or not isinstance(password, str | None):
            raise UserTableUnusable("the columns of name and password must hold texts")
        given = {name: cells[column] for name, column in config.variables}
        return UserRow(
            username,
            (password or "").rstrip(),  # CHAR columns are padded
            cells.get(config.active),
            cells.get(config.role_column),
            {name: _variable(name, cell) for name, cell in given.items() if cell is not None},
        )


def user_table_query(alias: Alias, config: UserTableConfig) -> UserTableQuery:
    """Return the query of a user table. Its catalog is read here if it isn't known.

    Raises UserTableUnusable where the table or a column isn't there.
    """
    registry = process_registry()
    try:
        model = registry.model(alias, config.table)
    except UnknownTable as error:
        raise UserTableUnusable(str(error)) from error
    known = model.attribute_of_column
    if missing := [column for column in config.columns if column not in known]:
        raise UserTableUnusable(
            f"the table {config.table} has no column {missing[0]}; it has {', '.join(known)}"
        )
    attributes = {name: known[name] for name in config.columns}
    return UserTableQuery(alias, registry.entry(alias).catalog.vendor, config, model, attributes)


def _variable(name: str, cell: Any) -> str:
    """Return a cell as the text of a session variable, as the API spells values of its type."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        text = json.dumps(cell, default=str)
    else:
        text = cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)
    if isinstance(cell, bytes | memoryview) or len(text) > _LONGEST_VALUE:
        raise UserTableUnusable(f"the column of {name} holds what is no session variable")
    return text
