"""`manage.py database add NAME URL | list | test NAME | remove NAME`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.registry import process_registry


class Command(BaseCommand):
    help = "Registers, lists, tests and removes databases."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="register a database and connect to it once")
        add.add_argument("name")
        add.add_argument(
            "url",
            help="postgresql://…, mysql://…, mssql://…, sqlite:///… or a SQL Server connection string",
        )
        add.add_argument("--no-test", action="store_true", help="don't connect now")
        actions.add_parser("list", help="list the databases")
        actions.add_parser("test", help="connect and read the catalog").add_argument("name")
        actions.add_parser("remove", help="forget a database; its data stays").add_argument("name")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        answer = getattr(self, f"_{options['action']}")(options)
        if options["json"]:
            self.stdout.write(json.dumps(answer, default=str))
        else:
            for line in answer if isinstance(answer, list) else [answer]:
                self.stdout.write("  ".join(f"{value}" for value in line.values()))

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        if "://" in options["name"]:
            raise CommandError("The name comes first: database add NAME URL")
        try:
            with transaction.atomic():
                row = Database.objects.from_url(options["name"], options["url"])
                return {"name": row.name, "alias": row.label} | (
                    {} if options["no_test"] else _test(row)
                )
        except IntegrityError:
            raise CommandError(f"There is a database called {options['name']} already.") from None
        except DatabaseProblem as error:
            raise CommandError(f"{error} Nothing was registered.") from None

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "name": row.name,
                "alias": row.label,
                "state": "enabled" if row.enabled else "disabled",
                "config": row.shown_config(),
            }
            for row in Database.objects.all()
        ]

    def _test(self, options: dict[str, Any]) -> dict[str, Any]:
        row = _find(options["name"])
        if not row.enabled:
            raise CommandError(f"{row.name} is disabled.")
        try:
            return {"name": row.name, "alias": row.label} | _test(row)
        except DatabaseProblem as error:
            raise CommandError(f"{row.name}: {error}") from None

    def _remove(self, options: dict[str, Any]) -> dict[str, Any]:
        row = _find(options["name"])
        row.delete()
        return {"name": options["name"], "state": "removed"}


def _test(row: Database) -> dict[str, Any]:
    catalog = process_registry().refresh(row.label).catalog
    skipped = [f"{thing.name}: {thing.reason}" for thing in catalog.skipped]
    answer: dict[str, Any] = {"tables": f"{len(catalog.tables)} tables"}
    return answer | ({"skipped": f"not served: {'; '.join(skipped)}"} if skipped else {})


def _find(name: str) -> Database:
    row = Database.objects.filter(name=name).first()
    if row is None:
        known = ", ".join(Database.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no database called {name}; there are: {known}.")
    return row
