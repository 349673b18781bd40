"""`manage.py tenant …`: adds tenants, attaches databases, sets environments and limits.

tenant add SLUG [--name N] [--domain D] [--default-environment E]
tenant attach SLUG ENVIRONMENT DATABASE
tenant environment SLUG [ENVIRONMENT]      the one that is asked where none is named
tenant environments [ENVIRONMENT …]        all of them, or their order
tenant limit SLUG NAME=FIGURE …
tenant users [SLUG | --baseline B] --table T --username C --password C --role R …
tenant import FILE
tenant list
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import CommandError

from dynamic_databases.commands import ActionCommand, Answer, find_database
from dynamic_databases.errors import DatabaseProblem
from tenants.import_files import FIELDS, BadLine, read_lines
from tenants.limits import NAMES
from tenants.management.user_tables import add_arguments, remove, set_up, show_all
from tenants.models import Environment, Tenant, TenantDatabase
from tenants.provisioning import Outcome, environment_named, order_environments, upsert_tenant
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
        add.add_argument(
            "--default-environment",
            metavar="E",
            help=f"asked where a request names none; {DEFAULT_ENVIRONMENT} where left out",
        )
        attach = actions.add_parser("attach", help="give a tenant a database in an environment")
        attach.add_argument("slug")
        attach.add_argument(
            "environment", help=f"{DEFAULT_ENVIRONMENT}, testing, development or any other name"
        )
        attach.add_argument("database")
        default = actions.add_parser(
            "environment", help="show or set the environment that is asked where none is named"
        )
        default.add_argument("slug")
        default.add_argument("environment", nargs="?")
        stages = actions.add_parser(
            "environments", help="list the environments, or set their order"
        )
        stages.add_argument("order", nargs="*", metavar="ENVIRONMENT", help="the first comes first")
        limit = actions.add_parser("limit", help="give a tenant limits of its own")
        limit.add_argument("slug")
        limit.add_argument(
            "figures",
            nargs="*",
            metavar="NAME=FIGURE",
            help=f"NAME= for the gateway's again; {', '.join(sorted(NAMES))}",
        )
        users = actions.add_parser("users", help="let people of a tenant's own table log in")
        add_arguments(users)
        actions.add_parser("list", help="list the tenants and their databases")
        load = actions.add_parser(
            "import",
            help="add or change many: CSV with a head, or JSON lines; again changes nothing",
        )
        load.add_argument("file", type=Path, help=f"its fields: {', '.join(FIELDS)}")

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        row = Tenant(slug=options["slug"], name=options["name"], domains=options["domain"])
        if options["default_environment"]:
            row.default_environment = environment_named(options["default_environment"])
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
        answer = {
            "tenant": tenant.slug,
            "environment": environment.name,
            "database": database.name,
        }
        return answer | _note(tenant)

    def _environment(self, options: dict[str, Any]) -> dict[str, Any]:
        tenant = find_tenant(options["slug"])
        if options["environment"]:
            tenant.default_environment = environment_named(options["environment"])
            tenant.full_clean()
            tenant.save()
        return {"tenant": tenant.slug, "default_environment": tenant.default_stage} | _note(tenant)

    def _environments(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        if options["order"]:
            order_environments(options["order"])
        return [
            {"environment": name} for name in Environment.objects.values_list("name", flat=True)
        ]

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

    def _users(self, options: dict[str, Any]) -> Answer:
        tenant = find_tenant(options["slug"]) if options["slug"] else None
        if options["remove"]:
            return remove(tenant, options)
        return set_up(tenant, options) if options["table"] else show_all(tenant, options)

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
                    counts[upsert_tenant(record)] += 1
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
                "default_environment": row.default_stage,
                "databases": {a.environment.name: a.database.name for a in row.attachments.all()},
            }
            for row in Tenant.objects.select_related("default_environment").prefetch_related(
                "attachments__environment", "attachments__database"
            )
        ]


def _note(tenant: Tenant) -> dict[str, str]:
    """Return what to know of a tenant whose default environment has no database in service."""
    stage = tenant.default_stage
    in_service = tenant.attachments.filter(environment__name=stage, database__enabled=True)
    if in_service.exists():
        return {}
    return {
        "note": f"requests that name no environment ask {stage}, where this tenant has no database "
        f"in service; attach one, or set another: tenant environment {tenant.slug} NAME"
    }


def find_tenant(slug: str) -> Tenant:
    """Return the tenant or raise a CommandError that lists those there are."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)[:20]) or "none"
        raise CommandError(f"There is no tenant called {slug}; there are: {known}.")
    return tenant
