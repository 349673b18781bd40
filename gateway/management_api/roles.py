"""Roles in the management schema: what `manage.py role` does, by the same functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene
from django.core.exceptions import ValidationError
from graphene.types.generic import GenericScalar

from gateway.management_api.caller import Caller
from gateway.reports.role_check import Explanation
from gateway.reports.tenant_roles import check_roles, explain_role
from tenants import role_changes
from tenants.models import Role
from tenants.role_files import grants_of, read_roles, role_text, store_roles
from tenants.roles import OPERATIONS

_Text = graphene.String(required=True)
_Texts = graphene.List(graphene.NonNull(graphene.String), default_value=[])
RoleOperation = graphene.Enum("RoleOperation", [(name, name) for name in OPERATIONS])


class ManagedPermission(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """What a role may do with a table."""

    table = graphene.String(required=True)
    grants = GenericScalar(required=True, description="As a file of roles has it.")


class ManagedRole(graphene.ObjectType):  # type: ignore[misc]
    """A role."""

    name = graphene.String(required=True)
    inherits = graphene.List(graphene.NonNull(graphene.String), required=True)
    limits = GenericScalar(required=True)
    permissions = graphene.List(graphene.NonNull(ManagedPermission), required=True)

    @staticmethod
    def resolve_inherits(row: Role, _info: Any) -> list[str]:
        return row.inherits or []

    @staticmethod
    def resolve_limits(row: Role, _info: Any) -> dict[str, int]:
        return row.limits or {}

    @staticmethod
    def resolve_permissions(row: Role, _info: Any) -> list[dict[str, Any]]:
        return [{"table": one.table, "grants": grants_of(one)} for one in row.permissions.all()]


class RoleProblem(graphene.ObjectType):  # type: ignore[misc]
    """What a role names that a database doesn't have."""

    place = graphene.String(required=True, description="tenant/environment")
    role = graphene.String(required=True)
    table = graphene.String(required=True)
    problem = graphene.String(required=True)


class RoleExplanation(graphene.ObjectType):  # type: ignore[misc]
    """What a role sees of a table."""

    columns = graphene.List(graphene.NonNull(graphene.String), required=True)
    sql = graphene.String(required=True)
    parameters = GenericScalar(required=True)
    rows = GenericScalar(description="Some that are seen. Staff who are no superusers get null.")

    @staticmethod
    def resolve_parameters(found: Explanation, _info: Any) -> list[str]:
        return [str(one) for one in found.parameters]

    @staticmethod
    def resolve_rows(found: Explanation, info: Any) -> list[Any] | None:
        caller: Caller = info.context.caller
        may_read = caller.user is None or getattr(caller.user, "is_superuser", False)
        return list(found.rows) if may_read else None


class RoleQuery(graphene.ObjectType):  # type: ignore[misc]
    """What roles there are, and what they mean."""

    roles = graphene.List(graphene.NonNull(ManagedRole), required=True, names=_Texts)
    export_roles = graphene.String(
        required=True, names=_Texts, description="A file for `manage.py role import`."
    )
    check_roles = graphene.List(
        graphene.NonNull(RoleProblem),
        required=True,
        names=_Texts,
        tenants=graphene.List(graphene.NonNull(graphene.String)),
        environment=graphene.String(),
    )
    explain_role = graphene.Field(
        RoleExplanation,
        required=True,
        role=_Text,
        table=_Text,
        tenant=_Text,
        environment=graphene.String(),
        session=GenericScalar(description='Session variables, as {X_Gateway_User_Id: "7"}.'),
    )

    @staticmethod
    def resolve_roles(_root: None, info: Any, names: list[str]) -> list[Role]:
        _check(info)
        return role_changes.roles_named(names)

    @staticmethod
    def resolve_export_roles(_root: None, info: Any, names: list[str]) -> str:
        _check(info)
        return role_text(role_changes.roles_named(names))

    @staticmethod
    def resolve_check_roles(
        _root: None,
        info: Any,
        names: list[str],
        tenants: Sequence[str] | None = None,
        environment: str | None = None,
    ) -> list[dict[str, str]]:
        _check(info)
        roles = [role.name for role in role_changes.roles_named(names)]
        try:
            _, found = check_roles(roles, tenants, environment)
        except LookupError as error:
            raise ValidationError(str(error)) from None
        return found

    @staticmethod
    def resolve_explain_role(
        _root: None,
        info: Any,
        role: str,
        table: str,
        tenant: str,
        environment: str | None = None,
        session: Any = None,
    ) -> Explanation:
        _check(info)
        try:
            variables = {name.replace("_", "-"): str(v) for name, v in dict(session or {}).items()}
            return explain_role(role, table, tenant, environment, variables)
        except (LookupError, TypeError, ValueError) as error:
            raise ValidationError(str(error)) from None


class RoleMutation(graphene.ObjectType):  # type: ignore[misc]
    """What operators change of roles."""

    add_role = graphene.Field(
        ManagedRole, required=True, name=_Text, inherits=_Texts, limits=GenericScalar()
    )
    grant_role = graphene.Field(
        ManagedRole,
        required=True,
        description="Permit an operation on a table, instead of what the role had of it.",
        role=_Text,
        table=_Text,
        operation=RoleOperation(required=True),
        permission=GenericScalar(required=True, description='As {columns: "*", limit: 50}.'),
    )
    revoke_role = graphene.Field(
        ManagedRole,
        required=True,
        description="Take an operation on a table from a role; all of them where none is named.",
        role=_Text,
        table=_Text,
        operation=RoleOperation(),
    )
    remove_role = graphene.Field(graphene.Boolean, required=True, name=_Text)
    import_roles = graphene.Field(
        graphene.List(graphene.NonNull(ManagedRole)),
        required=True,
        description="Store the roles of a YAML file: all, or none.",
        file=_Text,
    )

    @staticmethod
    def resolve_add_role(
        _root: None, info: Any, name: str, inherits: list[str], limits: Any = None
    ) -> Role:
        _check(info)
        return role_changes.add_role(name, inherits, limits)

    @staticmethod
    def resolve_grant_role(
        _root: None, info: Any, role: str, table: str, operation: Any, permission: Any
    ) -> Role:
        _check(info)
        role_changes.grant(role, table, operation.value, permission)
        return _role(role)

    @staticmethod
    def resolve_revoke_role(
        _root: None, info: Any, role: str, table: str, operation: Any = None
    ) -> Role:
        _check(info)
        role_changes.revoke(role, table, operation and operation.value)
        return _role(role)

    @staticmethod
    def resolve_remove_role(_root: None, info: Any, name: str) -> bool:
        _check(info)
        role_changes.remove_role(name)
        return True

    @staticmethod
    def resolve_import_roles(_root: None, info: Any, file: str) -> list[Role]:
        _check(info)
        roles = read_roles(file)
        store_roles(roles)
        return role_changes.roles_named(roles) if roles else []


def _role(name: str) -> Role:
    (role,) = role_changes.roles_named([name])
    return role


def _check(info: Any) -> None:
    """Raises NotYours where the operation is not the caller's."""
    info.context.caller.check(info.field_name)
