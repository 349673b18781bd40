"""What operators change of stored roles, one thing at a time: by a command, or by the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from tenants.models import ApiToken, Role, TablePermission
from tenants.role_files import grants_of, store_grants
from tenants.roles import OPERATIONS, BadGrants, read_grants, read_role


class NoSuchRole(ObjectDoesNotExist):
    """There is no role of this name; the message names those that there are."""


def roles_named(names: Iterable[str] = ()) -> list[Role]:
    """Return the roles of these names, or all, sorted. Raises NoSuchRole."""
    found = {role.name: role for role in Role.objects.prefetch_related("permissions")}
    names = list(names)
    if unknown := [name for name in names if name not in found]:
        known = ", ".join(sorted(found)) or "none"
        raise NoSuchRole(f"There is no role called {unknown[0]}; there are: {known}.")
    return [found[name] for name in sorted(names or found)]


def add_role(
    name: str, inherits: Iterable[str] = (), limits: Mapping[str, int] | None = None
) -> Role:
    """Store a role that permits what it inherits. Raises BadGrants, ValidationError."""
    given = read_role(name, {"inherits": list(inherits), "limits": limits or {}})
    role = Role(name=name, inherits=list(given.inherits) or None, limits=dict(given.limits) or None)
    role.full_clean()
    role.save()
    return role


def grant(name: str, table: str, operation: str, permission: object) -> dict[str, Any]:
    """Permit a role an operation on a table, instead of what it had of it; return all of it now.

    Raises BadGrants, NoSuchRole.
    """
    with transaction.atomic():
        role = _locked(name)
        grants = _grants(role, table) | {operation: permission}
        store_grants(role, table, read_grants(grants, f"{name}.{table}"))
    return grants


def revoke(name: str, table: str, operation: str | None = None) -> dict[str, Any]:
    """Take an operation on a table from a role, or all of them; return what is left of it.

    Raises BadGrants where there is nothing to take, NoSuchRole.
    """
    with transaction.atomic():
        role = _locked(name)
        grants = _grants(role, table)
        taken = OPERATIONS if operation is None else (operation,)
        left = {key: value for key, value in grants.items() if key not in taken}
        if left == grants:
            what = f"{operation} of {table}" if operation else f"nothing of {table}"
            raise BadGrants("", f"The role {name} has {'no ' if operation else ''}{what}.")
        if left:
            store_grants(role, table, read_grants(left))
        else:
            role.permissions.get(table=table).delete()
    return left


def remove_role(name: str) -> None:
    """Remove a role. Raises BadGrants while a token has it or a role inherits from it."""
    with transaction.atomic():
        role = _locked(name)
        tokens = ApiToken.objects.filter(role=name, revoked_at=None).count()
        if tokens:
            raise BadGrants("", f"{tokens} tokens have the role {name}; revoke them first.")
        heirs = [one.name for one in Role.objects.all() if name in (one.inherits or ())]
        if heirs:
            raise BadGrants(
                "", f"{', '.join(sorted(heirs))} inherits from {name}; change it first."
            )
        role.delete()


def role_facts(role: Role) -> dict[str, Any]:
    """Return what lists show of a role: names and numbers."""
    return {
        "role": role.name,
        "tables": role.permissions.count(),
        "inherits": role.inherits or [],
        "limits": role.limits or {},
        "tokens": ApiToken.objects.filter(role=role.name, revoked_at=None).count(),
    }


def _locked(name: str) -> Role:
    """Return a role that others can't change until the transaction ends. Raises NoSuchRole."""
    (role,) = roles_named([name])
    Role.objects.select_for_update().get(pk=role.pk)
    return role


def _grants(role: Role, table: str) -> dict[str, Any]:
    row = TablePermission.objects.filter(role=role, table=table).first()
    return grants_of(row) if row is not None else {}
