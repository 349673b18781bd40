"""`manage.py drift TENANT [--from E] --to E | --fleet`: differences, and the clients they break."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dynamic_databases.commands import GatewayCommand
from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.process import process_registry
from gateway.reports.bounded_reads import PER_SERVER
from gateway.reports.drift import Drift, DriftReader, with_baseline
from schema.build.schema_diff import Level
from tenants.management.commands.tenant import find_tenant

_MAX_SECONDS = 3600
_FAIL_ON = {
    "breaking": (Level.BREAKING,),
    "dangerous": (Level.BREAKING, Level.DANGEROUS),
    "any": tuple(Level),
    "nothing": (),
}


class Command(GatewayCommand):
    help = (
        "Compares a tenant's environments, or every database with its baseline. "
        "Exits with 1 where it breaks clients."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", nargs="?")
        parser.add_argument(
            "--from",
            dest="before",
            help="the environment that clients know; the tenant's default where left out",
        )
        parser.add_argument("--to", dest="after", help="the environment that they would meet")
        parser.add_argument("--fleet", action="store_true", help="every database with its baseline")
        parser.add_argument(
            "--timeout",
            type=_seconds,
            default=30.0,
            help="the seconds that a database may take to be read, 30 unless given",
        )
        parser.add_argument("--fail-on", choices=list(_FAIL_ON), default="breaking")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        reader = DriftReader(process_registry(), settings.GATEWAY)
        found = (
            _fleet(reader, options["timeout"]) if options["fleet"] else [_between(reader, options)]
        )
        levels = _FAIL_ON[options["fail_on"]]
        bad = [
            drift.after
            for drift in self._printed(found, as_json=options["json"])
            if drift.error or any(drift.has(level) for level in levels)
        ]
        if bad and levels:
            raise CommandError(f"Clients break, or a database can't be asked: {', '.join(bad)}")

    def _printed(self, drifts: Iterable[Drift], *, as_json: bool) -> Iterator[Drift]:
        """Yield the drifts, each printed as soon as it is known."""
        before = "["
        for drift in drifts:
            if as_json:
                self.stdout.write(before + json.dumps(asdict(drift)), ending="")
                before = ",\n"
            else:
                for line in lines_of(drift):
                    self.stdout.write(line)
            self.stdout.flush()
            yield drift
        if as_json:
            self.stdout.write("]" if before != "[" else "[]")


def _fleet(reader: DriftReader, seconds: float) -> Iterator[Drift]:
    """Compare all databases, as many at a time as one server is asked: each has all its seconds."""
    rows = iter(with_baseline())
    while few := list(islice(rows, PER_SERVER)):
        yield from reader.fleet(few, seconds)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _MAX_SECONDS:
        raise ArgumentTypeError(f"{text} is no number of seconds above 0, up to {_MAX_SECONDS}.")
    return seconds


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
    if not options["tenant"] or not options["after"]:
        raise CommandError(
            "Write drift TENANT [--from ENVIRONMENT] --to ENVIRONMENT, or drift --fleet."
        )
    tenant = find_tenant(options["tenant"])
    before = options["before"] or tenant.default_stage
    databases = {a.environment.name: a.database for a in tenant.attachments.all()}
    pair = []
    for name in (before, options["after"]):
        if name not in databases:
            known = ", ".join(databases) or "none"
            raise CommandError(f"{tenant.slug} has no database in {name}; it has: {known}.")
        if not databases[name].enabled:
            raise CommandError(f"{tenant.slug}'s database in {name} is disabled: it isn't asked.")
        pair.append(databases[name])
    try:
        old, new = pair
        return reader.between(old, new, options["timeout"])
    except DatabaseProblem as error:
        raise CommandError(explain(error)) from None
