"""Roles as YAML files: read, stored in one transaction, and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from django.db import transaction

from tenants.models import Role, TablePermission
from tenants.principals import ADMIN_ROLE, ANONYMOUS
from tenants.roles import ROLE_NAME, BadGrants, Grants, read_grants

_LONGEST = 1_000_000
_LATER = ("inherits", "limits")
RoleTables = Mapping[str, Mapping[str, Grants]]  # by role and table


class _Loader(yaml.SafeLoader):
    """YAML of texts, numbers, booleans, lists and objects, whose keys stand once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if not isinstance(key, str):
                raise BadGrants(_line(node.value[place][0]), f"{key!r} is no text; write quotes.")
            if key in keys[:place]:
                raise BadGrants(_line(node.value[place][0]), f"{key} stands twice.")
        return super().construct_mapping(node, deep)


# A date is the text that it is written as.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_roles(text: str) -> dict[str, dict[str, Grants]]:
    """Return the permissions of a file by role and table. Raises BadGrants with the place."""
    if len(text) > _LONGEST:
        raise BadGrants("", f"The file is longer than {_LONGEST} characters.")
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a loader of plain values
    except (yaml.YAMLError, RecursionError) as error:
        raise BadGrants("", f"The file is no YAML: {error}") from None
    if not isinstance(content, dict) or set(content) != {"roles"}:
        raise BadGrants("", "The file is an object with the key roles, and no other.")
    roles = _mapping(content["roles"], "roles")
    return {name: _tables(name, role) for name, role in roles.items()}


def store_roles(roles: RoleTables) -> list[dict[str, Any]]:
    """Store roles as these files say them: all, or none. Return what changed of each.

    A table that a role's file doesn't have is not permitted any more. Other roles stay.
    """
    with transaction.atomic():
        return [_store_role(name, tables) for name, tables in roles.items()]


def role_text(roles: list[Role]) -> str:
    """Return stored roles as the text of a file."""
    content = {
        role.name: {"tables": {row.table: grants_of(row) for row in role.permissions.all()}}
        for role in roles
    }
    return yaml.safe_dump({"roles": content}, sort_keys=False, allow_unicode=True, width=100)


def grants_of(row: TablePermission) -> dict[str, Any]:
    """Return a stored permission as a file says it."""
    if row.grants is not None:
        return dict(row.grants)
    found: dict[str, Any] = {}
    if row.select_columns is not None:
        found["select"] = {"columns": _columns(row.select_columns), "aggregate": True}
    if row.insert_columns is not None:
        found["insert"] = {"columns": _columns(row.insert_columns)}
    if row.update_columns is not None:
        found["update"] = {"columns": _columns(row.update_columns)}
    return found | ({"delete": {}} if row.can_delete else {})


def _tables(name: str, role: Any) -> dict[str, Grants]:
    place = f"roles.{name}"
    if name in (ADMIN_ROLE, ANONYMOUS) or not ROLE_NAME.fullmatch(name):
        raise BadGrants(place, "is no name of a role; admin has everything and can't be given.")
    given = _mapping(role, place)
    for key in given:
        if key in _LATER:
            raise BadGrants(f"{place}.{key}", "is not supported; write the tables out.")
        if key != "tables":
            raise BadGrants(f"{place}.{key}", "is unknown; there is: tables.")
    tables = _mapping(given.get("tables", {}), f"{place}.tables")
    return {table: read_grants(one, f"{place}.tables.{table}") for table, one in tables.items()}


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadGrants(place, "write an object.")
    return value


def _store_role(name: str, tables: Mapping[str, Grants]) -> dict[str, Any]:
    role, is_new = Role.objects.get_or_create(name=name)
    rows = {row.table: row for row in role.permissions.all()}
    removed = [table for table in rows if table not in tables]
    for table in removed:
        rows[table].delete()
    changed = [
        table
        for table, grants in tables.items()
        if table not in rows or rows[table].grants != grants.value
    ]
    for table in changed:
        row = rows.get(table) or TablePermission(role=role, table=table)
        row.grants = tables[table].value
        row.select_columns = row.insert_columns = row.update_columns = None
        row.can_delete = False
        row.full_clean()
        row.save()
    return {"role": name, "new": is_new, "changed": changed, "removed": removed}


def _columns(names: list[str]) -> Any:
    return "*" if names == ["*"] else names


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}"
