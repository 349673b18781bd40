"""Roles as YAML files: read, stored in one transaction, and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from django.db import transaction

from tenants.models import Role, TablePermission
from tenants.roles import BadGrants, Grants, RoleGrants, check_inheritance, read_role

_LONGEST = 1_000_000


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


def read_roles(text: str) -> dict[str, RoleGrants]:
    """Return the roles of a file by name. Raises BadGrants with the place."""
    if len(text) > _LONGEST:
        raise BadGrants("", f"The file is longer than {_LONGEST} characters.")
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a loader of plain values
    except (yaml.YAMLError, RecursionError) as error:
        raise BadGrants("", f"The file is no YAML: {error}") from None
    if not isinstance(content, dict) or set(content) != {"roles"}:
        raise BadGrants("", "The file is an object with the key roles, and no other.")
    if not isinstance(content["roles"], dict):
        raise BadGrants("roles", "write an object.")
    return {name: read_role(name, one, f"roles.{name}") for name, one in content["roles"].items()}


def store_roles(roles: Mapping[str, RoleGrants]) -> list[dict[str, Any]]:
    """Store roles as these files say them: all, or none. Return what changed of each.

    A table that a role's file doesn't have is not permitted any more. Other roles stay. Raises
    BadGrants where a role would inherit from one that isn't there, or from itself.
    """
    with transaction.atomic():
        changes = [_store_role(name, role) for name, role in roles.items()]
        stored = Role.objects.values_list("name", "inherits")
        check_inheritance({name: parents or () for name, parents in stored}, "roles")
        return changes


def role_text(roles: list[Role]) -> str:
    """Return stored roles as the text of a file."""
    content = {role.name: _content(role) for role in roles}
    return yaml.safe_dump({"roles": content}, sort_keys=False, allow_unicode=True, width=100)


def _content(role: Role) -> dict[str, Any]:
    own = {"inherits": role.inherits, "limits": role.limits}
    tables = {row.table: grants_of(row) for row in role.permissions.all()}
    return {name: value for name, value in own.items() if value} | {"tables": tables}


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


def _store_role(name: str, given: RoleGrants) -> dict[str, Any]:
    role, is_new = Role.objects.get_or_create(name=name)
    own = {"inherits": list(given.inherits) or None, "limits": dict(given.limits) or None}
    more = [name for name, value in own.items() if value != (getattr(role, name) or None)]
    if more:
        role.inherits, role.limits = own["inherits"], own["limits"]
        role.save()
    tables = given.tables
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
        store_grants(role, table, tables[table])
    return {"role": name, "new": is_new, "changed": [*more, *changed], "removed": removed}


def store_grants(role: Role, table: str, grants: Grants) -> None:
    """Store what a role may do with a table, instead of what it could."""
    row = role.permissions.filter(table=table).first() or TablePermission(role=role, table=table)
    row.grants = grants.value
    row.select_columns = row.insert_columns = row.update_columns = None
    row.can_delete = False
    row.full_clean()
    row.save()


def _columns(names: list[str]) -> Any:
    return "*" if names == ["*"] else names


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}"
