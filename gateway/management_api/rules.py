"""Who may run which management operation: Django's permissions and the token's bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """What an operation touches."""

    DATABASE = "database"  # databases or tenants inside the caller's bounds
    ENVIRONMENT = "environment"  # the same, for operators only
    INSTALLATION = "installation"  # what belongs to no environment, for unbound operators only


@dataclass(frozen=True)
class Rule:
    """The permissions that a session needs, and what the operation touches."""

    reach: Reach
    permissions: tuple[str, ...]


_CHANGE = Rule(Reach.DATABASE, ("dynamic_databases.change_database",))
_VIEW = Rule(Reach.DATABASE, ("dynamic_databases.view_database",))
_VIEW_ROLES = Rule(Reach.INSTALLATION, ("tenants.view_role", "tenants.view_tablepermission"))
# What a role may do are rows of a table of their own; inheriting gives them as well.
_CHANGE_ROLES = (
    "tenants.change_role",
    *(f"tenants.{what}_tablepermission" for what in ("add", "change", "delete")),
)

# Every field of Query and Mutation has a rule: one without is refused.
RULES: Mapping[str, Rule] = {
    "databases": _VIEW,
    "database": _VIEW,
    "baselines": Rule(Reach.INSTALLATION, ("dynamic_databases.view_baseline",)),
    "tenants": Rule(Reach.DATABASE, ("tenants.view_tenant",)),
    "addColumn": _CHANGE,
    "renameColumn": _CHANGE,
    "widenColumn": _CHANGE,
    "dropColumn": _CHANGE,
    "refreshSchema": _CHANGE,
    "registerDatabase": Rule(Reach.INSTALLATION, ("dynamic_databases.add_database",)),
    "removeDatabase": Rule(
        Reach.ENVIRONMENT,
        ("dynamic_databases.delete_database", "tenants.delete_tenantdatabase"),
    ),
    "enableDatabase": Rule(Reach.ENVIRONMENT, ("dynamic_databases.change_database",)),
    "addTenant": Rule(Reach.INSTALLATION, ("tenants.add_tenant",)),
    "setDefaultEnvironment": Rule(Reach.INSTALLATION, ("tenants.change_tenant",)),
    "attachDatabase": Rule(
        Reach.ENVIRONMENT,
        ("tenants.add_tenantdatabase", "tenants.change_tenantdatabase"),
    ),
    "revokeToken": Rule(Reach.INSTALLATION, ("tenants.change_apitoken",)),
    "roles": _VIEW_ROLES,
    "exportRoles": _VIEW_ROLES,
    "checkRoles": Rule(Reach.INSTALLATION, ("tenants.view_role", "tenants.view_tenant")),
    "explainRole": Rule(Reach.INSTALLATION, ("tenants.view_role", "tenants.view_tenant")),
    "addRole": Rule(Reach.INSTALLATION, ("tenants.add_role", *_CHANGE_ROLES)),
    "grantRole": Rule(Reach.INSTALLATION, _CHANGE_ROLES),
    "revokeRole": Rule(Reach.INSTALLATION, _CHANGE_ROLES),
    "removeRole": Rule(Reach.INSTALLATION, ("tenants.delete_role",)),
    "importRoles": Rule(Reach.INSTALLATION, ("tenants.add_role", *_CHANGE_ROLES)),
    "captureBaseline": Rule(Reach.INSTALLATION, ("dynamic_databases.add_baseline",)),
    "assignBaseline": Rule(Reach.INSTALLATION, ("dynamic_databases.change_database",)),
}

# Fields inside an answer that show rows of a further table.
CHANGES = "dynamic_databases.view_columnchange"
ATTACHMENTS = "tenants.view_tenantdatabase"
ADD_ENVIRONMENT = "tenants.add_environment"
