"""Roles of tenants → `Access`: the one translation between who asks and what a schema shows."""

from __future__ import annotations

from collections.abc import Mapping

from schema.access import FULL_ACCESS, Access, TableAccess
from tenants.errors import TenantProblem
from tenants.principals import ADMIN_ROLE
from tenants.snapshot import Permission


class UnknownRole(TenantProblem):
    """A token's role was removed."""

    code = "FORBIDDEN"

    def __init__(self, role: str) -> None:
        super().__init__(f"The role {role!r} of this token no longer exists.")


def access_of(role: str, roles: Mapping[str, tuple[Permission, ...]]) -> Access:
    """Return what `role` may see and do. Raises UnknownRole."""
    if role == ADMIN_ROLE:
        return FULL_ACCESS
    if role not in roles:
        raise UnknownRole(role)
    return Access(
        frozenset(
            (p.table, TableAccess(p.select, p.insert, p.update, p.delete)) for p in roles[role]
        )
    )
