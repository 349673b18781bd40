"""People of a tenant's own user table, as values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dynamic_databases.aliases import Alias
from tenants.authentication.user_lookup import UserRow
from tenants.user_tables import UserTableConfig


@dataclass(frozen=True)
class Person:
    """Somebody who was found in a user table and may log in, by what its row said.

    `state` is a digest of the row's password hash and of the configuration: a session ends where
    it changes.
    """

    tenant_pk: int
    tenant: str  # the slug
    environment: str
    alias: Alias
    username: str  # as the database holds it
    role: str
    variables: Mapping[str, str] = field(default_factory=dict)
    state: str = field(default="", repr=False)

    def with_state(self, state: str) -> Person:
        return replace(self, state=state)


def state_of(config: UserTableConfig, alias: Alias, password_hash: str) -> str:
    """Return the digest that a session is bound to."""
    text = f"{config.digest}/{alias}/{password_hash}"
    return hashlib.sha256(text.encode()).hexdigest()


def person_of(
    row: UserRow,
    config: UserTableConfig,
    tenant_pk: int,
    tenant: str,
    environment: str,
    alias: Alias,
) -> Person | None:
    """Return the person of a row; None where it isn't active or has no role that is allowed."""
    role = config.role_of(row.role)
    if role is None or not config.is_active(row.active):
        return None
    state = state_of(config, alias, row.password)
    return Person(tenant_pk, tenant, environment, alias, row.username, role, row.variables, state)
