"""`manage.py tenant add SLUG [--domain D] | attach SLUG ENV DATABASE | limit SLUG NAME=FIGURE … | import FILE | list`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import CommandError

from dynamic_databases.commands import ActionCommand, Answer, find_database
from dynamic_databases.errors import DatabaseProblem
from tenants.files import FIELDS, BadLine, read_lines
from tenants.limits import NAMES
from tenants.models import Tenant, TenantDatabase
from tenants.records import Outcome, environment_named, store
from tenants.snapshot import DEFAULT_ENVIRONMENT


class Command(ActionCommand):
    help = "Adds tenants, attaches databases to them, lists them."

    def add_actions(self, actions: Any) -> None:
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
        limit = actions.add_parser("limit", help="give a tenant limits of its own")
        limit.add_argument("slug")
        limit.add_argument(
            "figures",
            nargs="*",
            metavar="NAME=FIGURE",
            help=f"NAME= for the gateway's again; {', '.join(sorted(NAMES))}",
        )
        actions.add_parser("list", help="list the tenants and their databases")
        load = actions.add_parser(
            "import",
            help="add or change many: CSV with a head, or JSON lines; again changes nothing",
        )
        load.add_argument("file", type=Path, help=f"its fields: {', '.join(FIELDS)}")

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        row = Tenant(slug=options["slug"], name=options["name"], domains=options["domain"])
        row.full_clean()
        row.save()
        return {"tenant": row.slug, "state": "added"}

    def _attach(self, options: dict[str, Any]) -> dict[str, Any]:
        tenant = find_tenant(options["slug"])
        database = find_database(options["database"])
        environment = environment_named(options["environment"])
        TenantDatabase.objects.update_or_create(
            tenant=tenant, environment=environment, defaults={"database": database}
        )
        return {"tenant": tenant.slug, "environment": environment.name, "database": database.name}

    def _limit(self, options: dict[str, Any]) -> dict[str, Any]:
        tenant = find_tenant(options["slug"])
        for given in options["figures"]:
            name, equals, figure = given.partition("=")
            if not equals or not (figure.isdigit() or figure == ""):
                raise CommandError(f"{given!r} is not NAME=FIGURE, as max_rows=5000.")
            tenant.limits.pop(name, None)
            if figure or name not in NAMES:
                tenant.limits[name] = int(figure or 0)
        tenant.full_clean()
        tenant.save()
        return {"tenant": tenant.slug, "limits": tenant.limits}

    def _import(self, options: dict[str, Any]) -> Answer:
        path: Path = options["file"]
        counts: Counter[str] = Counter()
        refused: list[dict[str, Any]] = []
        try:
            total = sum(1 for _ in read_lines(path))
            for place, (line, record) in enumerate(read_lines(path), 1):
                try:
                    if isinstance(record, BadLine):
                        raise record
                    counts[store(record)] += 1
                except (BadLine, DatabaseProblem, ObjectDoesNotExist) as error:
                    refused.append({"line": line, "reason": str(error)})
                except ValidationError as error:
                    refused.append({"line": line, "reason": "; ".join(error.messages)})
                self._progress(place, total)
        except (OSError, UnicodeDecodeError, BadLine) as error:
            raise CommandError(f"{path}: {error}") from None
        return {**{outcome: counts[outcome] for outcome in Outcome}, "refused": refused}

    def _progress(self, done: int, total: int) -> None:
        """Draw a bar where somebody looks."""
        if self.stderr.isatty() and (done % 10 == 0 or done == total):
            filled = "#" * (40 * done // total)
            end = "\n" if done == total else ""
            self.stderr.write(f"\r[{filled:<40}] {done}/{total}", ending=end)

    def show(self, answer: Answer, *, as_json: bool) -> None:
        refused = answer.get("refused", []) if isinstance(answer, Mapping) else []
        if isinstance(answer, Mapping) and "refused" in answer and not as_json:
            for line in refused:
                self.stderr.write(f"line {line['line']}: {line['reason']}")
            counted = ", ".join(f"{answer[outcome]} {outcome}" for outcome in Outcome)
            self.stdout.write(f"{counted}, {len(refused)} refused")
        else:
            super().show(answer, as_json=as_json)
        if refused:
            raise CommandError(f"{len(refused)} lines were refused; the others are done.")

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
