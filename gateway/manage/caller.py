"""Who manages: staff by their session, operators and tenants' admins by their tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from dynamic_databases.apps import DynamicDatabasesConfig
from dynamic_databases.models import Database
from tenants.authentication.tokens import TokenAuthenticator
from tenants.directory import Directory, process_directory
from tenants.errors import TenantProblem, Unauthenticated
from tenants.models import TenantDatabase
from tenants.principals import ADMIN_ROLE, Principal

_PERMISSION = "dynamic_databases.change_database"


class NotYours(TenantProblem):
    """The caller may not manage this."""

    def __init__(
        self, reason: str = "There is no such database, or it isn't yours to manage."
    ) -> None:
        super().__init__(reason)


@dataclass(frozen=True)
class Caller:
    """Somebody who may manage: everything, or (`tenant_pk`, `environment`) one tenant's databases."""

    name: str
    tenant_pk: int | None = None
    environment: str | None = None

    def check_operator(self) -> None:
        """Raises NotYours for a tenant's own admin."""
        if self.tenant_pk is not None:
            raise NotYours(
                "This needs an operator: a token made with --operator, or a superuser's session."
            )

    def databases(self) -> QuerySet[Database]:
        """Return the databases that the caller may manage, in the order of their names."""
        rows = Database.objects.with_baselines()
        if self.tenant_pk is None:
            return rows
        mine = TenantDatabase.objects.filter(tenant=self.tenant_pk)
        if self.environment is not None:
            mine = mine.filter(environment__name=self.environment)
        return rows.filter(pk__in=mine.values("database"))

    def database(self, name: str) -> Database:
        """Return a database that the caller may manage. Raises NotYours: unknown ones answer alike."""
        found = self.databases().filter(name=name).first()
        if found is None:
            raise NotYours
        return found


def caller_of(request: HttpRequest) -> Caller:
    """Return who asks. Raises Unauthenticated, or NotYours for a role that manages nothing."""
    if "authorization" in request.headers:
        return _by_token(request)
    user = request.user
    if not user.is_authenticated:
        raise Unauthenticated
    refused = CsrfViewMiddleware(lambda _: None).process_view(request, None, (), {})  # type: ignore[arg-type]
    if refused is not None:
        raise NotYours("The CSRF token is missing or wrong: send the header X-CSRFToken.")
    if not (user.is_active and user.is_staff and user.has_perm(_PERMISSION)):
        raise NotYours("This needs staff with the permission to change databases.")
    return Caller(user.get_username())


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
    return Caller(f"token {principal.name}", principal.tenant_pk, principal.environment)


def _principal(headers: dict[str, str], directory: Directory) -> Principal | None:
    now = dt.datetime.now(dt.UTC)
    return TokenAuthenticator().authenticate(headers, directory.current(), now)
