"""`manage.py tenant add SLUG [--domain D] | attach SLUG ENV DATABASE | list`."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dynamic_databases.models import Database
from tenants.models import DEFAULT_ENVIRONMENT, Environment, Tenant, TenantDatabase


class Command(BaseCommand):
    help = "Adds tenants, attaches databases to them, lists them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add a tenant")
        add.add_argument("slug")
        add.add_argument("--name", default="")
        add.add_argument(
            "--domain",
            action="append",
            default=[],
            help="a domain name that finds the tenant; repeatable",
        )
        attach = actions.add_parser("attach", help="give a tenant a database in an environment")
        attach.add_argument("slug")
        attach.add_argument(
            "environment", help=f"{DEFAULT_ENVIRONMENT}, testing, development or any other name"
        )
        attach.add_argument("database")
        actions.add_parser("list", help="list the tenants and their databases")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            answer = getattr(self, f"_{options['action']}")(options)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            for line in answer if isinstance(answer, list) else [answer]:
                self.stdout.write("  ".join(_text(value) for value in line.values()))

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        row = Tenant(slug=options["slug"], name=options["name"], domains=options["domain"])
        row.full_clean()
        row.save()
        return {"tenant": row.slug, "state": "added"}

    def _attach(self, options: dict[str, Any]) -> dict[str, Any]:
        tenant = find_tenant(options["slug"])
        database = Database.objects.filter(name=options["database"]).first()
        if database is None:
            raise CommandError(
                f"There is no database called {options['database']}; `manage.py database list` shows them."
            )
        environment = Environment.objects.filter(name=options["environment"]).first()
        if environment is None:
            environment = Environment(name=options["environment"])
            environment.full_clean()
            environment.save()
        TenantDatabase.objects.update_or_create(
            tenant=tenant, environment=environment, defaults={"database": database}
        )
        return {"tenant": tenant.slug, "environment": environment.name, "database": database.name}

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "tenant": row.slug,
                "state": "active" if row.active else "inactive",
                "databases": {a.environment.name: a.database.name for a in row.attachments.all()},
            }
            for row in Tenant.objects.prefetch_related(
                "attachments__environment", "attachments__database"
            )
        ]


def find_tenant(slug: str) -> Tenant:
    """Return the tenant or raise a CommandError that lists those there are."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)[:20]) or "none"
        raise CommandError(f"There is no tenant called {slug}; there are: {known}.")
    return tenant


def _text(value: Any) -> str:
    return (
        ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
    )
