"""`manage.py role`: what roles may do, stored, shown, checked and explained."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from dynamic_databases.commands import ActionCommand, Answer
from gateway.reports.tenant_roles import check_roles, explain_role
from schema.errors import OperationProblem
from tenants import role_changes
from tenants.errors import TenantProblem
from tenants.role_files import read_roles, role_text, store_roles
from tenants.roles import OPERATIONS, BadGrants

_NOTHING_STORED = "Nothing was stored: {}"


class Command(ActionCommand):
    help = "Roles as code: adds, grants, imports, exports, checks and explains what roles may do."

    def add_actions(self, actions: Any) -> None:
        _add_changes(actions)
        given = actions.add_parser("import", help="store the roles of a YAML file: all or none")
        given.add_argument("file", type=Path)
        export = actions.add_parser("export", help="print roles as such a file")
        export.add_argument("role", nargs="*", help="these alone")
        actions.add_parser("list", help="list roles with the number of their tables")
        show = actions.add_parser("show", help="print one role as a file")
        show.add_argument("role")
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

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except BadGrants as error:
            raise CommandError(_NOTHING_STORED.format(error)) from None

    def show(self, answer: Answer, *, as_json: bool) -> None:
        """Print an answer; a file as it is."""
        if not as_json and isinstance(answer, Mapping) and "file" in answer:
            self.stdout.write(str(answer["file"]), ending="")
            return
        super().show(answer, as_json=as_json)

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        limits = {name: _number(name, text) for name, text in _pairs(options["limit"], "--limit")}
        return role_changes.role_facts(
            role_changes.add_role(options["role"], options["inherits"], limits)
        )

    def _grant(self, options: dict[str, Any]) -> dict[str, Any]:
        names = ("columns", "rows", "check", "presets", "limit", "aggregate")
        permission = {name: options[name] for name in names if options[name] is not None}
        role, table, operation = options["role"], options["table"], options["operation"]
        grants = role_changes.grant(role, table, operation, permission)
        return {"role": role, "table": table, "grants": json.dumps(grants)}

    def _revoke(self, options: dict[str, Any]) -> dict[str, Any]:
        role, table = options["role"], options["table"]
        grants = role_changes.revoke(role, table, options["operation"])
        return {"role": role, "table": table, "grants": json.dumps(grants)}

    def _import(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return store_roles(read_roles(options["file"].read_text()))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} can't be read: {error}") from None

    def _export(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"file": role_text(role_changes.roles_named(options["role"]))}

    def _show(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"file": role_text(role_changes.roles_named([options["role"]]))}

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [role_changes.role_facts(role) for role in role_changes.roles_named()]

    def _remove(self, options: dict[str, Any]) -> dict[str, Any]:
        role_changes.remove_role(options["role"])
        return {"role": options["role"], "state": "removed"}

    def _check(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        roles = [role.name for role in role_changes.roles_named(options["role"])]
        try:
            databases, found = check_roles(roles, options["tenant"], options["environment"])
        except LookupError as error:
            raise CommandError(str(error)) from None
        if found:
            self.show(found, as_json=options["json"])
            raise CommandError(
                f"{len(found)} problems; a table with a wrong rule is not permitted."
            )
        return [{"roles": len(roles), "databases": databases, "problems": 0}]

    def _explain(self, options: dict[str, Any]) -> dict[str, Any]:
        session = dict(_pairs(options["session"], "--as"))
        role, table = options["role"], options["table"]
        try:
            found = explain_role(role, table, options["tenant"], options["environment"], session)
        except (TenantProblem, LookupError, OperationProblem) as error:
            raise CommandError(str(error)) from None
        except ValueError as error:
            raise CommandError(f"--as: {error}") from None
        return {
            "columns": ", ".join(found.columns),
            "sql": found.sql,
            "parameters": json.dumps(found.parameters, default=str),
            "rows": [json.dumps(row, default=str) for row in found.rows],
        }


def _add_changes(actions: Any) -> None:
    """Add the parsers of what changes one role."""
    add = actions.add_parser("add", help="add a role that permits what it inherits")
    add.add_argument("role")
    add.add_argument("--inherits", action="append", default=[], metavar="ROLE", help="repeatable")
    add.add_argument(
        "--limit", action="append", default=[], metavar="NAME=N", help="as max_depth=8; repeatable"
    )
    grant = actions.add_parser("grant", help="permit an operation on a table, as a file does")
    grant.add_argument("role")
    grant.add_argument("table", help='as the API or the database calls it, or "*"')
    grant.add_argument("operation", choices=OPERATIONS)
    grant.add_argument("--columns", type=_columns, help='id,name or "*"')
    for name in ("rows", "check", "presets"):
        grant.add_argument(f"--{name}", type=_json, metavar="JSON")
    grant.add_argument("--limit", type=int, help="rows of a list at most")
    grant.add_argument("--aggregate", action="store_true", default=None)
    revoke = actions.add_parser("revoke", help="take an operation on a table from a role")
    revoke.add_argument("role")
    revoke.add_argument("table")
    revoke.add_argument("operation", nargs="?", choices=OPERATIONS, help="all where it is left out")
    remove = actions.add_parser("remove", help="remove a role that no token has")
    remove.add_argument("role")


def _columns(text: str) -> str | list[str]:
    return text if text == "*" else [name.strip() for name in text.split(",")]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no JSON: {error}") from None


def _pairs(given: list[str], option: str) -> list[tuple[str, str]]:
    """Return NAME=VALUE taken apart. Raises CommandError."""
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise CommandError(f"{option} {wrong[0]}: write NAME=VALUE.")
    return [(name, value) for name, _, value in pairs]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise CommandError(f"--limit {name}={text}: write a whole number.")
    return int(text)
