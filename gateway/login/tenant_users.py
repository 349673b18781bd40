"""Django's `authenticate(request, tenant="acme", username=…, password=…)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, cast

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from dynamic_databases.aliases import Alias
from dynamic_databases.apps import DynamicDatabasesConfig
from dynamic_databases.process import process_registry
from gateway.login.people import Attempt, LoginPlace, WrongPassword, log_in
from tenants.authentication.people import Person
from tenants.authentication.user_lookup import UserRow, UserTableQuery, user_table_query
from tenants.process import process_directory
from tenants.resolution import login_target
from tenants.user_tables import UserTableConfig


class TenantUser:
    """A person of a tenant's user table, as Django's code asks for users.

    It is no row of the project's own users: Django's `login()` can't keep it in a session. Give
    its caller tokens by `gateway.login.sessions.begin_session(user.person)`.
    """

    is_active = is_authenticated = True
    is_anonymous = is_staff = is_superuser = False
    backend = ""  # set by Django

    def __init__(self, person: Person) -> None:
        self.person = person
        self.pk = f"{person.tenant_pk}/{person.environment}/{person.username}"
        self.username = person.username
        self.tenant = person.tenant
        self.environment = person.environment
        self.role = person.role
        self.variables = person.variables

    def __str__(self) -> str:
        return f"{self.username} of {self.tenant}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TenantUser) and self.pk == other.pk

    def __hash__(self) -> int:
        return hash(self.pk)

    def get_username(self) -> str:
        return self.username

    @property
    def _meta(self) -> NoReturn:
        """Django's `login()` reads it first. Raises TypeError."""
        raise TypeError(
            "Django's sessions hold users of AUTH_USER_MODEL alone. Give this person tokens: "
            "gateway.login.sessions.begin_session(user.person)."
        )


class TenantUserBackend:
    """List it first in AUTHENTICATION_BACKENDS: others take any name, whatever the tenant.

    It has no `get_user`: Django takes the first backend that has one for its sessions.
    """

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        *,
        tenant: str,
        username: str | None,
        password: str | None,
        environment: str | None = None,
    ) -> TenantUser:
        """Return the person. Without an environment the tenant's default one is asked.

        Raises PermissionDenied where the password is wrong or there is no such person or tenant, so
        that no other backend is asked; LoginRefused where it isn't checked; DatabaseProblem and
        TenantProblem where the tenant's database can't be asked.
        """
        if username is None or password is None:
            raise PermissionDenied
        address = request.META.get("REMOTE_ADDR", "") if request else ""
        attempt = Attempt(_place(tenant, environment), username, password, address)
        try:
            return TenantUser(log_in(attempt, _ThreadsRows))
        except WrongPassword:
            raise PermissionDenied from None

    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> TenantUser:
        """Go the same way, in a thread."""
        user: TenantUser = await sync_to_async(self.authenticate)(request, **credentials)
        return user


@dataclass(frozen=True)
class _ThreadsRows:
    """Rows through a connection that this thread leases."""

    alias: Alias
    config: UserTableConfig

    def find(self, username: str) -> list[UserRow]:
        query = self._query()
        with process_registry().connections.lease(self.alias):
            return query.find(username)

    def store_hash(self, row: UserRow, new_hash: str) -> bool:
        query = self._query()
        with process_registry().connections.lease(self.alias):
            return query.store_hash(row, new_hash)

    def _query(self) -> UserTableQuery:
        return user_table_query(self.alias, self.config)


def _place(tenant: str, environment: str | None) -> LoginPlace:
    """Return where to log in, by what this process knows of the control tables now."""
    databases = cast("DynamicDatabasesConfig", apps.get_app_config("dynamic_databases"))
    databases.invalidator.poll_if_due()
    snapshot = process_directory().current()
    return LoginPlace.of(tenant, login_target(tenant, environment, snapshot))
