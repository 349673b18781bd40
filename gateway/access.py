"""Roles of tenants → `Access`: the one translation between who asks and what a schema shows."""

from __future__ import annotations

import json
from dataclasses import replace

from schema.access import FULL_ACCESS, Access, RowRules, TableAccess
from tenants.errors import TenantProblem
from tenants.limits import TenantLimits
from tenants.principals import ADMIN_ROLE, Principal
from tenants.resolution import ResolvedTenant
from tenants.roles import Operation, read_grants, with_inherited
from tenants.snapshot import Permission, RoleRecord, Roles


class UnknownRole(TenantProblem):
    """A token's role was removed."""

    code = "FORBIDDEN"

    def __init__(self, role: str) -> None:
        super().__init__(f"The role {role!r} of this token no longer exists.")


def access_of(role: str, roles: Roles) -> Access:
    """Return what `role` may see and do. Raises UnknownRole."""
    if role == ADMIN_ROLE:
        return FULL_ACCESS
    if role not in roles:
        raise UnknownRole(role)
    names = with_inherited(role, {name: one.inherits for name, one in roles.items()})
    own, *others = (_own_access(roles[name]) for name in names)
    return replace(own, inherits=tuple(others))


def limits_of_role(role: str, roles: Roles) -> TenantLimits:
    """Return the limits of a role's requests: its own, not those of roles it inherits from."""
    return roles[role].limits if role in roles else ()


def _own_access(role: RoleRecord) -> Access:
    return Access(frozenset((p.table, _table_access(p)) for p in role.permissions))


def _table_access(permission: Permission) -> TableAccess:
    if not permission.grants:
        p = permission
        return TableAccess(p.select, p.insert, p.update, p.delete)
    grants = read_grants(json.loads(permission.grants))
    select, insert = grants.select or Operation(), grants.insert or Operation()
    update, delete = grants.update or Operation(), grants.delete or Operation()
    rules = RowRules(
        select_rows=select.rows,
        limit=select.limit,
        aggregate=select.aggregate,
        insert_check=insert.check,
        insert_presets=insert.presets,
        update_rows=update.rows,
        update_check=update.check,
        update_presets=update.presets,
        delete_rows=delete.rows,
    )
    return TableAccess(
        select=_columns(grants.select),
        insert=_columns(grants.insert),
        update=_columns(grants.update),
        delete=grants.delete is not None,
        rules=rules,
        takes_fields=True,
    )


def _columns(operation: Operation | None) -> frozenset[str] | None:
    return None if operation is None else operation.columns


def session_of(principal: Principal, resolved: ResolvedTenant) -> dict[str, str]:
    """Return the session variables of a request: the caller's, and what the gateway knows."""
    return {
        **principal.variables,
        "x-gateway-tenant": resolved.tenant.slug,
        "x-gateway-environment": resolved.environment,
        "x-gateway-role": principal.role,
    }
