"""The snapshot as JSON values, one per tenant, token and role, and back, for a restart.

Tokens are in it as their hashes, databases as their keys. A value is a list: what it is, then what
it says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dynamic_databases.aliases import Alias
from tenants.snapshot import DirectoryEntry, Permission, RoleRecord, Snapshot, TokenRecord

_TENANT, _TOKEN, _ROLE, _ENVIRONMENT = "tenant", "token", "role", "environment"


def values_of(snapshot: Snapshot, key_of: Callable[[Alias], int | None]) -> Iterator[list[Any]]:
    """Yield all that `snapshot` holds; `key_of` gives the key of an alias's database."""
    for name in snapshot.environments:
        yield [_ENVIRONMENT, name]
    for entry in snapshot.by_pk.values():
        databases = {name: key_of(alias) for name, alias in entry.environments.items()}
        yield [_TENANT, vars(entry) | {"environments": databases}]
    for key, digest in snapshot.digests.items():
        token = vars(snapshot.tokens[digest])
        expires_at = token["expires_at"]
        yield [
            _TOKEN,
            key,
            digest,
            token | {"expires_at": expires_at.isoformat() if expires_at is not None else None},
        ]
    for name, role in snapshot.roles.items():
        permissions = [_permission_values(one) for one in role.permissions]
        more = [role.inherits, role.limits] if role.inherits or role.limits else []
        yield [_ROLE, name, permissions, *more]


def snapshot_of(values: Iterable[list[Any]], alias_of: Callable[[int], Alias]) -> Snapshot:
    """Return the snapshot that `values_of` took apart."""
    environments: list[str] = []
    entries: list[DirectoryEntry] = []
    tokens: list[tuple[int, str, TokenRecord]] = []
    roles: dict[str, RoleRecord] = {}
    for kind, *rest in values:
        if kind == _ENVIRONMENT:
            environments.append(rest[0])
        elif kind == _TENANT:
            entries.append(_entry(rest[0], alias_of))
        elif kind == _TOKEN:
            tokens.append((rest[0], rest[1], _token(rest[2])))
        elif kind == _ROLE:
            roles[rest[0]] = _role(*rest[1:])
    state = Snapshot().with_environments(environments).with_tenants((), entries)
    return state.with_tokens((), tokens).with_roles(roles)


def _entry(value: Mapping[str, Any], alias_of: Callable[[int], Alias]) -> DirectoryEntry:
    databases = value["environments"].items()
    return DirectoryEntry(
        **{
            **value,
            "environments": {name: alias_of(key) for name, key in databases},
            "limits": tuple((name, figure) for name, figure in value["limits"]),
            "domains": tuple(value["domains"]),
            "attachments": tuple(value["attachments"]),
            "disabled": tuple(value["disabled"]),
        }
    )


def _token(value: Mapping[str, Any]) -> TokenRecord:
    text = value["expires_at"]
    expires_at = dt.datetime.fromisoformat(text) if text is not None else None
    variables = tuple((name, text) for name, text in value.get("variables", ()))
    return TokenRecord(**{**value, "expires_at": expires_at, "variables": variables})


def _role(
    permissions: list[Any], inherits: Iterable[str] = (), limits: Iterable[list[Any]] = ()
) -> RoleRecord:
    return RoleRecord(
        tuple(_permission(one) for one in permissions),
        tuple(inherits),
        tuple((name, figure) for name, figure in limits),
    )


def _permission_values(one: Permission) -> list[Any]:
    columns = (
        sorted(names) if names is not None else None
        for names in (one.select, one.insert, one.update)
    )
    return [one.table, *columns, one.delete, *([one.grants] if one.grants else [])]


def _permission(value: list[Any]) -> Permission:
    table, select, insert, update, delete, *grants = value
    columns = (_columns(select), _columns(insert), _columns(update))
    return Permission(table, *columns, delete, *grants)


def _columns(names: list[str] | None) -> frozenset[str] | None:
    return frozenset(names) if names is not None else None
