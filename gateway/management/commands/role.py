"""`manage.py role import FILE | export | list | show | remove | check | explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from dynamic_databases.aliases import Alias
from dynamic_databases.commands import ActionCommand, Answer
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.process import process_registry
from gateway.access import UnknownRole, access_of
from gateway.limits import limits_of
from gateway.reports.role_check import explain, problems_of
from schema.errors import OperationProblem
from tenants.models import ApiToken, Role
from tenants.process import process_directory
from tenants.role_files import read_roles, role_text, store_roles
from tenants.roles import BadGrants
from tenants.session_variables import check_variables
from tenants.snapshot import DirectoryEntry, Snapshot


class Command(ActionCommand):
    help = "Roles as code: imports, exports, checks and explains what roles may do."

    def add_actions(self, actions: Any) -> None:
        given = actions.add_parser("import", help="store the roles of a YAML file: all or none")
        given.add_argument("file", type=Path)
        export = actions.add_parser("export", help="print roles as such a file")
        export.add_argument("role", nargs="*", help="these alone")
        actions.add_parser("list", help="list roles with the number of their tables")
        show = actions.add_parser("show", help="print one role as a file")
        show.add_argument("role")
        remove = actions.add_parser("remove", help="remove a role that no token has")
        remove.add_argument("role")
        check = actions.add_parser(
            "check", help="find what roles name that databases don't have; exits with 1 then"
        )
        check.add_argument("role", nargs="*", help="these alone")
        check.add_argument("--tenant", action="append", help="this tenant alone; repeatable")
        check.add_argument("--environment", help="this environment alone")
        explained = actions.add_parser("explain", help="show what a role sees of a table, as SQL")
        explained.add_argument("role")
        explained.add_argument("table", help="as the API or the database calls it")
        explained.add_argument("--tenant", required=True)
        explained.add_argument("--environment", help="the tenant's default where left out")
        explained.add_argument(
            "--as",
            dest="session",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a session variable, as user-id=7; repeatable",
        )

    def show(self, answer: Answer, *, as_json: bool) -> None:
        """Print an answer; a file as it is."""
        if not as_json and isinstance(answer, Mapping) and "file" in answer:
            self.stdout.write(str(answer["file"]), ending="")
            return
        super().show(answer, as_json=as_json)

    def _import(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return store_roles(read_roles(options["file"].read_text()))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} can't be read: {error}") from None
        except BadGrants as error:
            raise CommandError(f"Nothing was stored: {error}") from None

    def _export(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"file": role_text(_roles(options["role"]))}

    def _show(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"file": role_text(_roles([options["role"]]))}

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "role": role.name,
                "tables": role.permissions.count(),
                "tokens": ApiToken.objects.filter(role=role.name, revoked_at=None).count(),
            }
            for role in _roles([])
        ]

    def _remove(self, options: dict[str, Any]) -> dict[str, Any]:
        (role,) = _roles([options["role"]])
        tokens = ApiToken.objects.filter(role=role.name, revoked_at=None).count()
        if tokens:
            raise CommandError(f"{tokens} tokens have the role {role.name}; revoke them first.")
        role.delete()
        return {"role": options["role"], "state": "removed"}

    def _check(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        snapshot = process_directory().current()
        roles = [role.name for role in _roles(options["role"])]
        places = list(_places(snapshot, options["tenant"], options["environment"]))
        if not places:
            raise CommandError("No tenant has a database there: nothing was checked.")
        found = [
            line
            for tenant, stage, alias in places
            for line in _problems(f"{tenant.slug}/{stage}", alias, roles, snapshot)
        ]
        if found:
            self.show(found, as_json=options["json"])
            raise CommandError(
                f"{len(found)} problems; a table with a wrong rule is not permitted."
            )
        return [{"roles": len(roles), "databases": len(places), "problems": 0}]

    def _explain(self, options: dict[str, Any]) -> dict[str, Any]:
        snapshot = process_directory().current()
        tenant, stage, alias = _place(snapshot, options["tenant"], options["environment"])
        try:
            found = explain(
                process_registry().entry(alias),
                access_of(options["role"], snapshot.roles),
                settings.GATEWAY.names,
                limits_of(settings.GATEWAY),
                options["table"],
                _session(options["session"])
                | {
                    "x-gateway-tenant": tenant.slug,
                    "x-gateway-environment": stage,
                    "x-gateway-role": options["role"],
                },
            )
        except (UnknownRole, LookupError, OperationProblem) as error:
            raise CommandError(str(error)) from None
        return {
            "columns": ", ".join(found.columns),
            "sql": found.sql,
            "parameters": json.dumps(found.parameters, default=str),
            "rows": [json.dumps(row, default=str) for row in found.rows],
        }


def _roles(names: list[str]) -> list[Role]:
    """Return the roles of these names, or all. Raises CommandError for one that isn't there."""
    found = {role.name: role for role in Role.objects.prefetch_related("permissions")}
    if unknown := [name for name in names if name not in found]:
        known = ", ".join(sorted(found)) or "none"
        raise CommandError(f"There is no role called {unknown[0]}; there are: {known}.")
    return [found[name] for name in sorted(names or found)]


_Place = tuple[DirectoryEntry, str, Alias]


def _places(snapshot: Snapshot, names: list[str] | None, stage: str | None) -> Iterator[_Place]:
    """Yield the databases of these tenants, or of all. Raises CommandError."""
    entries = snapshot.tenants if names is None else [snapshot.tenant(name) for name in names]
    for entry in entries:
        if entry is None:
            raise CommandError(f"There is no active tenant called {', '.join(names or ())}.")
        for environment, alias in entry.environments.items():
            if stage in (None, environment):
                yield entry, environment, alias


def _place(snapshot: Snapshot, name: str, stage: str | None) -> _Place:
    """Return a tenant's database in an environment, or in its default. Raises CommandError."""
    for place in _places(snapshot, [name], stage):
        if stage is not None or place[1] == place[0].default_environment:
            return place
    raise CommandError(f"{name} has no database in {stage or 'its default environment'}.")


def _problems(
    place: str, alias: Alias, roles: list[str], snapshot: Snapshot
) -> Iterator[dict[str, str]]:
    try:
        entry = process_registry().refresh(alias)
    except DatabaseProblem as error:
        yield {"place": place, "role": "", "table": "", "problem": str(error)}
        return
    for role in roles:
        for one in problems_of(entry, access_of(role, snapshot.roles), settings.GATEWAY.names):
            yield {"place": place, "role": role, "table": one.table, "problem": one.text}


def _session(given: list[str]) -> dict[str, str]:
    """Return session variables: `user-id=7` is short for `X-Gateway-User-Id=7`."""
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise CommandError(f"--as {wrong[0]}: write NAME=VALUE, as user-id=7.")
    full = {n if n.lower().startswith("x-") else f"X-Gateway-{n}": value for n, _, value in pairs}
    try:
        return dict(check_variables(full))
    except ValueError as error:
        raise CommandError(f"--as: {error}") from None
