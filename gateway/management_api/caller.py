"""Who manages: staff by their session, operators and tenants' admins by their tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from dynamic_databases.apps import DynamicDatabasesConfig
from dynamic_databases.models import Database
from gateway.form_origin import foreign_origin
from gateway.management_api.rules import RULES, Reach
from tenants.authentication.tokens import TokenAuthenticator
from tenants.directory import Directory
from tenants.errors import TenantProblem, Unauthenticated
from tenants.models import Tenant, TenantDatabase
from tenants.principals import ADMIN_ROLE, Principal
from tenants.process import process_directory


class NotYours(TenantProblem):
    """The caller may not manage this."""

    def __init__(
        self, reason: str = "There is no such database, or it isn't yours to manage."
    ) -> None:
        super().__init__(reason)


@dataclass(frozen=True)
class Caller:
    """Somebody who may manage.

    `tenant_pk` and `environment` bound a token (None: any); `user` is a session's, whose
    permissions are Django's. A token has all permissions inside its bounds.
    """

    name: str
    tenant_pk: int | None = None
    environment: str | None = None
    user: AbstractBaseUser | None = None

    @property
    def is_bound(self) -> bool:
        """Return whether something exists that the caller may not see."""
        return self.tenant_pk is not None or self.environment is not None

    def check(self, operation: str) -> None:
        """Raise NotYours unless the caller may run an operation, such as `addTenant`."""
        rule = RULES.get(operation)
        if rule is None:
            raise NotYours(f"Nobody may run {operation}: it has no rule.")
        if rule.reach is not Reach.DATABASE and self.tenant_pk is not None:
            raise NotYours(
                "This needs an operator: a token made with --operator, or a superuser's session."
            )
        if rule.reach is Reach.INSTALLATION and self.environment is not None:
            raise NotYours(
                f"This token is for the environment {self.environment} alone. "
                f"{operation} concerns all environments: it needs an operator's token without one."
            )
        self.check_permissions(*rule.permissions)

    def check_permissions(self, *permissions: str) -> None:
        """Raise NotYours unless a session's user has these permissions of Django."""
        if self.user is None:
            return
        missing = [one for one in permissions if not self.user.has_perm(one)]  # type: ignore[attr-defined]
        if missing:
            raise NotYours(f"This needs the permission {', '.join(missing)}.")

    def check_environment(self, name: str) -> None:
        """Raise NotYours for an environment that the token isn't for."""
        if self.environment not in (None, name):
            raise NotYours(f"This token is for the environment {self.environment} alone.")

    def attachments(self) -> QuerySet[TenantDatabase]:
        """Return the attachments inside the caller's bounds."""
        rows = TenantDatabase.objects.all()
        if self.tenant_pk is not None:
            rows = rows.filter(tenant=self.tenant_pk)
        if self.environment is not None:
            rows = rows.filter(environment__name=self.environment)
        return rows

    def databases(self) -> QuerySet[Database]:
        """Return the databases that the caller may see, in the order of their names."""
        rows = Database.objects.with_baselines()
        return rows.filter(pk__in=self.attachments().values("database")) if self.is_bound else rows

    def tenants(self) -> QuerySet[Tenant]:
        """Return the tenants that the caller may see; for a bound operator those attached there."""
        if self.tenant_pk is not None:
            return Tenant.objects.filter(pk=self.tenant_pk)
        rows = Tenant.objects.all()
        return rows.filter(pk__in=self.attachments().values("tenant")) if self.is_bound else rows

    def database(self, name: str) -> Database:
        """Return a database that the caller may see. Raises NotYours: unknown ones answer alike."""
        found = self.databases().filter(name=name).first()
        if found is None:
            raise NotYours
        return found

    def database_to_change(self, name: str) -> Database:
        """Return a database that is the caller's alone.

        Raises NotYours for one that another tenant or environment has as well.
        """
        found = self.database(name)
        if self.is_bound:
            inside = self.attachments().values("pk")
            if TenantDatabase.objects.filter(database=found).exclude(pk__in=inside).exists():
                raise NotYours(
                    "This database is attached in another environment or for another tenant too: "
                    "changing it needs a token with rights for all of them."
                )
        return found

    def tenant(self, slug: str) -> Tenant:
        """Return a tenant that the caller may see. Raises NotYours: unknown ones answer alike."""
        found = self.tenants().filter(slug=slug).first()
        if found is None:
            raise NotYours("There is no such tenant, or it isn't yours to manage.")
        return found


def caller_of(request: HttpRequest) -> Caller:
    """Return the caller. Raises Unauthenticated, or NotYours for a role that manages nothing."""
    if "authorization" in request.headers:
        return _by_token(request)
    user = request.user
    if not user.is_authenticated:
        raise Unauthenticated
    refused = CsrfViewMiddleware(lambda _: None).process_view(request, None, (), {})  # type: ignore[arg-type]
    if refused is not None:
        wrong = "The CSRF token is missing or wrong: send the header X-CSRFToken."
        raise NotYours(" ".join(foreign_origin(request)) or wrong)
    if not (user.is_active and user.is_staff):
        raise NotYours("This needs a user of the staff.")
    return Caller(user.get_username(), user=user)


def _by_token(request: HttpRequest) -> Caller:
    headers = {"authorization": request.headers["authorization"]}
    directory = process_directory()
    try:
        principal = _principal(headers, directory)
    except Unauthenticated:
        # It may have been made a moment ago: look before saying no, a few times per second.
        if not directory.may_ask_again():
            raise
        cast(
            "DynamicDatabasesConfig", apps.get_app_config("dynamic_databases")
        ).invalidator.poll_now()
        principal = _principal(headers, directory)
    if principal is None:
        raise Unauthenticated
    if principal.role != ADMIN_ROLE:
        raise NotYours("This needs the role admin.")
    own = None
    if principal.tenant_pks is not None:  # a stored token has one tenant, or all
        (own,) = principal.tenant_pks
    return Caller(f"token {principal.name}", own, principal.environment)


def _principal(headers: dict[str, str], directory: Directory) -> Principal | None:
    now = dt.datetime.now(dt.UTC)
    return TokenAuthenticator().authenticate(headers, directory.current(), now)
