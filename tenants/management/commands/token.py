"""`manage.py token create TENANT --role R [--environment E] | list | revoke PREFIX`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from dynamic_databases.commands import ActionCommand, Answer, from_standard_input
from dynamic_databases.control_errors import UNREACHABLE, why_unavailable
from tenants.authentication.tokens import issue_token, revoke_token
from tenants.management.commands.tenant import find_tenant
from tenants.models import ApiToken, Environment, Role
from tenants.principals import ADMIN_ROLE
from tenants.session_variables import Variables, check_variables

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(ActionCommand):
    help = "Creates, lists and revokes API tokens."

    def add_actions(self, actions: Any) -> None:
        create = actions.add_parser("create", help="create a token and print it, once")
        create.add_argument("tenant", nargs="?")
        create.add_argument(
            "--operator",
            action="store_true",
            help="instead of a tenant: good for every tenant, and for /manage/graphql",
        )
        create.add_argument("--role", required=True, help=f"'{ADMIN_ROLE}' has everything")
        create.add_argument("--environment", help="this environment alone")
        create.add_argument(
            "--expires", help="in how long: 30m, 12h, 90d, 4w; never where left out"
        )
        create.add_argument("--name", default="", help="what it is for")
        create.add_argument(
            "--variable",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a session variable, as X-Gateway-User-Id=3; repeatable",
        )
        actions.add_parser("list", help="list the tokens, without the tokens themselves")
        revoke = actions.add_parser("revoke", help="revoke a token")
        revoke.add_argument(
            "token", help="its prefix, the token, or - to read one from standard input"
        )

    def show(self, answer: Answer, *, as_json: bool) -> None:
        """Print an answer; a token stands alone on the last line."""
        if as_json:
            super().show(answer, as_json=True)
            return
        for line in [answer] if isinstance(answer, Mapping) else answer:
            shown = {name: value for name, value in line.items() if name != "token"}
            self.stdout.write("  ".join(f"{name}: {value}" for name, value in shown.items()))
            if "token" in line:
                self.stdout.write("This is the only time that the token is shown:")
                self.stdout.write(line["token"])

    def _create(self, options: dict[str, Any]) -> dict[str, Any]:
        if bool(options["tenant"]) == options["operator"]:
            raise CommandError("Name a tenant, or give --operator.")
        tenant = find_tenant(options["tenant"]) if options["tenant"] else None
        role = options["role"]
        roles = [ADMIN_ROLE, *Role.objects.values_list("name", flat=True)]
        if role not in roles:
            raise CommandError(
                f"There is no role called {role}; "
                f"there are: {', '.join(roles)}. Roles are made in the admin."
            )
        environment = _environment(options["environment"])
        expires = timezone.now() + _duration(options["expires"]) if options["expires"] else None
        variables = _variables(options["variable"])
        token = issue_token(tenant, role, environment, expires, options["name"], variables)
        answer = {
            "tenant": tenant.slug if tenant else "every",
            "role": role,
            "environment": environment.name if environment else "any",
        }
        return answer | {"expires": expires.isoformat() if expires else "never", "token": token}

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "prefix": row.prefix,
                "tenant": row.tenant.slug if row.tenant else "every",
                "role": row.role,
                "name": row.name,
                "environment": row.environment.name if row.environment else "any",
                "expires": row.expires_at or "never",
                "revoked": row.revoked_at or "no",
                "variables": row.variables or {},
            }
            for row in ApiToken.objects.select_related("tenant", "environment").order_by("pk")
        ]

    def _revoke(self, options: dict[str, Any]) -> dict[str, Any]:
        text = from_standard_input(options["token"], "token")
        try:
            row = revoke_token(text)
        except UNREACHABLE as error:
            raise CommandError(
                f"Nothing was revoked: the control database {why_unavailable(error)}. "
                "Put that right, then revoke the token again."
            ) from error
        return {"prefix": row.prefix, "state": "revoked"}


def _variables(given: list[str]) -> Variables:
    """Return session variables. Raises CommandError."""
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise CommandError(f"--variable {wrong[0]}: write NAME=VALUE, as X-Gateway-User-Id=3.")
    names = [name.lower() for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise CommandError("--variable: a name is given twice; give it once.")
    try:
        return check_variables({name: value for name, _, value in pairs})
    except ValueError as error:
        raise CommandError(f"--variable: {error}") from None


def _environment(name: str | None) -> Environment | None:
    if name is None:
        return None
    environment = Environment.objects.filter(name=name).first()
    if environment is None:
        known = ", ".join(Environment.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no environment called {name}; there are: {known}.")
    return environment


def _duration(text: str) -> dt.timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    if match is None:
        raise CommandError(
            f"--expires {text}: write a number and one of m, h, d, w: 30m, 12h, 90d, 4w."
        )
    return dt.timedelta(**{_UNITS[match[2]]: int(match[1])})
