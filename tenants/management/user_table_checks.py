"""A user table looked at in one database: can people log in by it, and who may see the hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from dynamic_databases import outcomes
from dynamic_databases.catalog.types import Kind, Table
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from tenants.authentication.password_hashes import UnreadableHash, format_of
from tenants.authentication.user_lookup import UserTableUnusable, user_table_query
from tenants.models import Role, TablePermission
from tenants.principals import ADMIN_ROLE
from tenants.role_files import grants_of
from tenants.roles import with_inherited
from tenants.user_tables import UserTableConfig

_EVERY = "*"


class CheckedTable:
    """A user table that was looked at in one database: a hash of it, and what to be warned of.

    Raises CommandError where nobody could log in by it.
    """

    def __init__(self, database: Database, config: UserTableConfig) -> None:
        self._database, self._config = database, config
        registry = process_registry()
        found = registry.current(database.label).catalog.find(config.table)
        self.warnings: list[str] = []
        if found is not None:
            self._check_columns(found)
        self.samples = self._samples()
        self._check_samples()

    def _check_columns(self, table: Table) -> None:
        config = self._config
        for name in (config.username, config.password):
            column = table.by_name.get(name)
            if column is not None and column.type.kind is not Kind.TEXT:
                raise CommandError(
                    f"The column {name} of {table.name} is {column.type.name}: it must be a text."
                )
        if not table.is_unique((config.username,)):
            self.warnings.append(
                f"{table.name}.{config.username} is not unique: who shares a name can't log in."
            )
        readers = [role for role in config.roles if _may_read(role, table, config.password)]
        if readers:
            self.warnings.append(
                f"The role {', '.join(readers)} may read {table.name}.{config.password}, "
                "the hashes of all passwords: leave the column out of its permission."
            )

    def _samples(self) -> list[str]:
        """Return the hash of one row that has one, where there is any."""
        label = self._database.label
        try:
            query = user_table_query(label, self._config)
        except UserTableUnusable as error:
            raise CommandError(f"{self._database.name}: {error.why}.") from None
        with (
            process_registry().connections.lease(label),
            outcomes.translated(query.vendor, writing=False),
        ):
            return query.some_hashes()

    def _check_samples(self) -> None:
        for sample in self.samples:
            formats = [format_of(name) for name in self._config.formats]
            fitting = next((one for one in formats if one.matches(sample)), formats[0])
            try:
                fitting.read(sample)
            except UnreadableHash as error:
                names = " or ".join(self._config.formats)
                raise CommandError(
                    f"{self._database.name}: a hash in {self._config.table}."
                    f"{self._config.password} can't be read as {names}: {error}."
                ) from None


def _may_read(role: str, table: Table, column: str) -> bool:
    """Return whether a role may select a column."""
    if role == ADMIN_ROLE:
        return True
    inherits = {
        name: parents or () for name, parents in Role.objects.values_list("name", "inherits")
    }
    names = with_inherited(role, inherits) if role in inherits else []
    return any(_permits(name, table, column) for name in names)


def _permits(role: str, table: Table, column: str) -> bool:
    by_table = {
        _folded(row.table): _selected(grants_of(row))
        for row in TablePermission.objects.filter(role__name=role)
    }
    spelled = {_folded(str(table.name)), _folded(table.name.name)}
    own = [names for name, names in by_table.items() if name in spelled]
    permitted = own or [by_table.get(_EVERY, frozenset())]
    return any({_EVERY, _folded(column)} & names for names in permitted)


def _selected(grants: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(_folded(name) for name in grants.get("select", {}).get("columns", ()))


def _folded(name: str) -> str:
    """Return a name that `pass_word` and the API's `passWord` share; a warning may err so."""
    return name.replace("_", "").casefold()
