"""`manage.py token create TENANT --role R [--environment E] [--expires 90d] | list | revoke PREFIX`."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenants.authentication.tokens import digest_of, issue_token
from tenants.management.commands.tenant import find_tenant
from tenants.models import ApiToken, Environment, Role
from tenants.principals import ADMIN_ROLE

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    help = "Creates, lists and revokes API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="create a token and print it, once")
        create.add_argument("tenant")
        create.add_argument("--role", required=True, help=f"'{ADMIN_ROLE}' has everything")
        create.add_argument("--environment", help="this environment alone")
        create.add_argument(
            "--expires", help="in how long: 30m, 12h, 90d, 4w; never where left out"
        )
        create.add_argument("--name", default="", help="what it is for")
        actions.add_parser("list", help="list the tokens, without the tokens themselves")
        revoke = actions.add_parser("revoke", help="revoke a token")
        revoke.add_argument("token", help="the token or its prefix")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        answer = getattr(self, f"_{options['action']}")(options)
        if options["json"]:
            self.stdout.write(json.dumps(answer, default=str))
            return
        for line in answer if isinstance(answer, list) else [answer]:
            token = line.pop("token", None)
            self.stdout.write("  ".join(f"{name}: {value}" for name, value in line.items()))
            if token is not None:
                self.stdout.write("This is the only time that the token is shown:")
                self.stdout.write(token)

    def _create(self, options: dict[str, Any]) -> dict[str, Any]:
        tenant = find_tenant(options["tenant"])
        role = options["role"]
        roles = [ADMIN_ROLE, *Role.objects.values_list("name", flat=True)]
        if role not in roles:
            raise CommandError(f"There is no role called {role}; there are: {', '.join(roles)}.")
        environment = _environment(options["environment"])
        expires = timezone.now() + _duration(options["expires"]) if options["expires"] else None
        token = issue_token(tenant, role, environment, expires, options["name"])
        answer = {
            "tenant": tenant.slug,
            "role": role,
            "environment": environment.name if environment else "any",
        }
        return answer | {"expires": expires.isoformat() if expires else "never", "token": token}

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"prefix": row.prefix, "tenant": row.tenant.slug, "role": row.role, "name": row.name,
             "environment": row.environment.name if row.environment else "any",
             "expires": row.expires_at or "never", "revoked": row.revoked_at or "no"}
            for row in ApiToken.objects.select_related("tenant", "environment").order_by("pk")
        ]  # fmt: skip

    def _revoke(self, options: dict[str, Any]) -> dict[str, Any]:
        text = options["token"]
        rows = ApiToken.objects.filter(digest=digest_of(text)) or ApiToken.objects.filter(
            prefix=text
        )
        if len(rows) != 1:
            raise CommandError(
                "No token has this prefix."
                if not rows
                else "Several tokens have this prefix; give the token."
            )
        row = rows[0]
        row.revoked_at = row.revoked_at or timezone.now()
        row.save()
        return {"prefix": row.prefix, "state": "revoked"}


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
