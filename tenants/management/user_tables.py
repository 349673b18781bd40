"""`manage.py tenant users`: where a tenant's people are, checked in the database itself."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from dynamic_databases.commands import Answer
from dynamic_databases.models import Baseline, Database
from dynamic_databases.package_settings import package_setting
from tenants.authentication.password_hashes import check_format, dummy_of, format_of
from tenants.management.user_table_checks import CheckedTable
from tenants.models import Environment, Role, Tenant, TenantDatabase, UserTable
from tenants.principals import ADMIN_ROLE
from tenants.user_tables import UserTableConfig, check_user_table


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the action takes."""
    parser.add_argument("slug", nargs="?", help="a tenant; or give --baseline")
    parser.add_argument(
        "--baseline", metavar="B", default="", help="all databases of it: crm, or crm@2"
    )
    parser.add_argument("--environment", metavar="E", help="this environment alone")
    parser.add_argument("--table", help="the user table: name, or schema.name")
    for name, text in (("username", "the name to log in by"), ("password", "the password's hash")):
        parser.add_argument(f"--{name}", metavar="COLUMN", default="", help=f"column of {text}")
    parser.add_argument(
        "--active",
        metavar="COLUMN[=VALUE]",
        default="",
        help="column that says who may log in, with the value that means yes",
    )
    parser.add_argument("--role", default="", help="the role of every person")
    parser.add_argument(
        "--role-column", metavar="COLUMN", default="", help="instead: column of the person's role"
    )
    parser.add_argument(
        "--allow-role",
        action="append",
        default=[],
        metavar="ROLE",
        help="a value that the column may have; others can't log in; repeatable",
    )
    parser.add_argument(
        "--variable",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="a session variable, as X-Gateway-User-Id=id; repeatable",
    )
    parser.add_argument(
        "--hash",
        default="django",
        metavar="FORMAT",
        help="django, bcrypt, argon2, or a path that GATEWAY_USER_HASHERS lists",
    )
    parser.add_argument(
        "--rehash",
        default="",
        metavar="FORMAT",
        help="store the hash in this format when a person logs in",
    )
    parser.add_argument("--remove", action="store_true", help="let nobody log in any more")


def set_up(tenant: Tenant | None, options: Mapping[str, Any]) -> Answer:
    """Check a user table in the databases that it is for, then store it. Raises CommandError."""
    environment = _environment(options["environment"])
    baseline = _owner(tenant, options["baseline"])
    config = _config(options)
    warnings: list[str] = []
    samples: list[str] = []
    databases = list(_databases(tenant, baseline, environment))
    if not databases:
        raise CommandError("No database in service has this user table yet: attach one first.")
    for database in databases:
        checked = CheckedTable(database, config)
        samples += checked.samples
        warnings += checked.warnings
    config = _with_dummies(config, samples)
    if not samples:
        warnings.append("The table has no hash yet that could be checked.")
    place = {"tenant": tenant, "baseline": baseline, "environment": environment}
    row = UserTable.objects.filter(**place).first() or UserTable(**place)
    row.config = config.to_json()
    row.full_clean(exclude=["place"])
    row.save()
    return {
        **_line(row),
        "checked": [database.name for database in databases],
        "warnings": list(dict.fromkeys(warnings)),
    }


def remove(tenant: Tenant | None, options: Mapping[str, Any]) -> Answer:
    """Forget a user table: nobody logs in by it, no session goes on. Raises CommandError."""
    environment = _environment(options["environment"])
    baseline = _owner(tenant, options["baseline"])
    rows = UserTable.objects.filter(tenant=tenant, baseline=baseline, environment=environment)
    row = rows.first()
    if row is None:
        raise CommandError("There is no such user table; `tenant users` lists those there are.")
    line = _line(row)
    row.delete()
    return line | {"state": "removed"}


def show_all(tenant: Tenant | None, options: Mapping[str, Any]) -> Answer:
    """Return the user tables of a tenant or a baseline, or all of them."""
    rows = UserTable.objects.select_related("tenant", "environment").order_by("pk")
    if tenant is not None:
        rows = rows.filter(tenant=tenant)
    if options["baseline"]:
        rows = rows.filter(baseline=options["baseline"])
    return [_line(row) for row in rows]


def _line(row: UserTable) -> dict[str, Any]:
    owner = {"tenant": row.tenant.slug} if row.tenant else {"baseline": row.baseline}
    shown = {name: value for name, value in row.config.items() if name != "dummies"}
    environment = row.environment.name if row.environment else "any"
    return {**owner, "environment": environment, **shown}


def _environment(name: str | None) -> Environment | None:
    if name is None:
        return None
    found = Environment.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Environment.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no environment called {name}; there are: {known}.")
    return found


def _owner(tenant: Tenant | None, baseline: str) -> str:
    """Return the baseline that is meant; empty for a tenant. Raises CommandError."""
    if (tenant is None) != bool(baseline):
        raise CommandError("Name a tenant, or give --baseline.")
    if baseline:
        Baseline.objects.named(baseline)
    return baseline


def _config(options: Mapping[str, Any]) -> UserTableConfig:
    """Return what the options say. Raises CommandError."""
    active, _, active_value = options["active"].partition("=")
    try:
        config = check_user_table(
            {
                **{name: options[name] for name in ("table", "username", "password")},
                **{name: options[name] for name in ("role", "role_column", "hash", "rehash")},
                "active": active,
                "active_value": active_value,
                "allowed_roles": options["allow_role"],
                "variables": _variables(options["variable"]),
            }
        )
        for name in config.formats:
            check_format(name, package_setting("GATEWAY_USER_HASHERS"))
    except ValueError as error:
        raise CommandError(f"{str(error).rstrip('.')}.") from None
    roles = {ADMIN_ROLE, *Role.objects.values_list("name", flat=True)}
    if unknown := [role for role in config.roles if role not in roles]:
        known = ", ".join(sorted(roles))
        raise CommandError(f"There is no role called {unknown[0]}; there are: {known}.")
    return config


def _variables(given: list[str]) -> dict[str, str]:
    """Return session variables and their columns. Raises ValueError."""
    found: dict[str, str] = {}
    for pair in given:
        name, _, column = pair.partition("=")
        if not column:
            raise ValueError(f"--variable {pair}: write it as X-Gateway-User-Id=COLUMN")
        if name in found:
            raise ValueError(f"--variable {name} is given twice")
        found[name] = column
    return found


def _with_dummies(config: UserTableConfig, samples: list[str]) -> UserTableConfig:
    """Return the configuration with a hash of each format that costs what the table's cost.

    Raises CommandError where a format's library is missing or its class can't be imported.
    """
    dummies: list[str] = []
    for name in config.formats:
        try:
            hash_format = format_of(name)
            own = next(filter(hash_format.matches, samples), "")
            dummies.append(dummy_of(own or hash_format.make(secrets.token_urlsafe())))
        except (ImportError, ValueError) as error:
            raise CommandError(f"Hashes of the format {name} can't be checked: {error}.") from None
    return replace(config, dummies=tuple(dummies))


def _databases(
    tenant: Tenant | None, baseline: str, environment: Environment | None
) -> Iterator[Database]:
    """Yield the databases to check: each of a tenant's, the first of a baseline's."""
    if tenant is None:
        having = Database.objects.filter(enabled=True)
        label, _, version = baseline.partition("@")
        having = having.filter(baseline__name=label)
        yield from (having.filter(baseline__version=version) if version else having)[:1]
        return
    attached = TenantDatabase.objects.filter(tenant=tenant, database__enabled=True)
    if environment is not None:
        attached = attached.filter(environment=environment)
    yield from {row.database.pk: row.database for row in attached}.values()
