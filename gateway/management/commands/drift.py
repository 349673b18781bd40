"""`manage.py drift TENANT --from E --to E | --fleet`: what differs, and which clients that breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.registry import process_registry
from gateway.drift import Drift, DriftReader
from schema.changes import Level
from tenants.management.commands.tenant import find_tenant

_FAIL_ON = {
    "breaking": (Level.BREAKING,),
    "dangerous": (Level.BREAKING, Level.DANGEROUS),
    "any": tuple(Level),
    "nothing": (),
}


class Command(BaseCommand):
    help = "Compares a tenant's environments, or every database with its baseline. Exits with 1 where it breaks clients."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", nargs="?")
        parser.add_argument("--from", dest="before", help="the environment that clients know")
        parser.add_argument("--to", dest="after", help="the environment that they would meet")
        parser.add_argument("--fleet", action="store_true", help="every database with its baseline")
        parser.add_argument("--fail-on", choices=list(_FAIL_ON), default="breaking")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        reader = DriftReader(process_registry(), settings.GATEWAY)
        found = list(reader.fleet()) if options["fleet"] else [_between(reader, options)]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(drift) for drift in found]))
        else:
            for drift in found:
                for line in lines_of(drift):
                    self.stdout.write(line)
        levels = _FAIL_ON[options["fail_on"]]
        bad = [d.after for d in found if d.error or any(d.has(level) for level in levels)]
        if bad and levels:
            raise CommandError(f"Clients break, or a database can't be asked: {', '.join(bad)}")


def lines_of(drift: Drift) -> Iterator[str]:
    """Return a drift as text: what differs in the tables, then what it means for clients."""
    if drift.error:
        yield f"{drift.before} → {drift.after}: {drift.error}"
        return
    size = f"{len(drift.differences)} differences" if drift.differences else "no difference"
    yield f"{drift.before} → {drift.after}: {size}"
    yield from (f"  {difference}" for difference in drift.differences)
    yield from (f"  {change.level}: {change.message}" for change in drift.changes)


def _between(reader: DriftReader, options: dict[str, Any]) -> Drift:
    if not options["tenant"] or not options["before"] or not options["after"]:
        raise CommandError(
            "Write drift TENANT --from ENVIRONMENT --to ENVIRONMENT, or drift --fleet."
        )
    tenant = find_tenant(options["tenant"])
    databases = {a.environment.name: a.database for a in tenant.attachments.all()}
    pair: list[Database] = []
    for name in (options["before"], options["after"]):
        if name not in databases:
            known = ", ".join(databases) or "none"
            raise CommandError(f"{tenant.slug} has no database in {name}; it has: {known}.")
        pair.append(databases[name])
    try:
        return reader.between(*pair)
    except DatabaseProblem as error:
        raise CommandError(str(error)) from None
