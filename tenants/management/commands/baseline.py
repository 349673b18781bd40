"""`manage.py baseline capture DATABASE --name B | list | show B | assign | unassign | remove`.

B is a name (`crm`: its newest version) or a version of it (`crm@2`).
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db.models import Count, ProtectedError

from dynamic_databases.commands import ActionCommand, Answer, find_database
from dynamic_databases.models import Baseline, Database
from tenants.management.commands.tenant import find_tenant


class Command(ActionCommand):
    help = "Stores the catalog that several databases share; columns beyond it are dynamic."

    def add_actions(self, actions: Any) -> None:
        capture = actions.add_parser("capture", help="store what a database has now")
        capture.add_argument("database")
        capture.add_argument("--name", required=True, help="a further version where it exists")
        actions.add_parser("list", help="list the baselines and how many databases have them")
        actions.add_parser("show", help="show tables and columns").add_argument("baseline")
        for name, text in (
            ("assign", "give databases this baseline"),
            ("unassign", "take their baseline from databases"),
        ):
            action = actions.add_parser(name, help=text)
            if name == "assign":
                action.add_argument("baseline", help="crm, or crm@2")
            action.add_argument("databases", nargs="*", metavar="DATABASE")
            action.add_argument(
                "--tenant",
                action="append",
                default=[],
                help="all databases of this tenant, and those attached later; repeatable",
            )
        actions.add_parser("remove", help="forget a baseline that no one has").add_argument(
            "baseline"
        )

    def _capture(self, options: dict[str, Any]) -> Answer:
        row = Baseline.capture(find_database(options["database"]), options["name"])
        columns = sum(len(table.columns) for table in row.catalog.tables)
        return {
            "baseline": str(row),
            "tables": f"{len(row.catalog.tables)} tables",
            "columns": f"{columns} columns",
        }

    def _list(self, _options: dict[str, Any]) -> Answer:
        rows = Baseline.objects.annotate(used=Count("databases"))
        return [
            {
                "baseline": str(row),
                "captured": row.created_at.isoformat(timespec="seconds"),
                "databases": f"{row.used} databases",
            }
            for row in rows
        ]

    def _show(self, options: dict[str, Any]) -> Answer:
        row = Baseline.objects.named(options["baseline"])
        if options["json"]:
            return row.catalog.to_json()
        return [
            {
                "table": f"{table.name}:",
                "columns": [f"{c.name} {c.type.name}" for c in table.columns],
            }
            for table in row.catalog.tables
        ]

    def _assign(self, options: dict[str, Any]) -> Answer:
        return self._set(Baseline.objects.named(options["baseline"]), options)

    def _unassign(self, options: dict[str, Any]) -> Answer:
        return self._set(None, options)

    def _remove(self, options: dict[str, Any]) -> Answer:
        row = Baseline.objects.named(options["baseline"])
        label = str(row)
        try:
            row.delete()
        except ProtectedError:
            raise CommandError(f"{label} is assigned to databases or tenants.") from None
        return {"baseline": label, "state": "removed"}

    def _set(self, baseline: Baseline | None, options: dict[str, Any]) -> Answer:
        databases = {row.pk: row for row in map(find_database, options["databases"])}
        for tenant in map(find_tenant, options["tenant"]):
            tenant.baseline = baseline
            tenant.save()
            databases |= {
                row.pk: row for row in Database.objects.filter(attachments__tenant=tenant)
            }
        if not databases and not options["tenant"]:
            raise CommandError("Name at least one database, or --tenant.")
        for row in databases.values():
            row.baseline = baseline
            row.save()
        label = str(baseline) if baseline else "none"
        return [{"database": row.name, "baseline": label} for row in databases.values()]
