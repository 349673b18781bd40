"""`manage.py load_schema [TENANT …]`: builds tenants' schemas once and tells what can't be served.

A server builds them for itself before its first request where GATEWAY_WARM names tenants, or `*`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dynamic_databases.registry import process_registry
from gateway.limits import limits_of
from gateway.warming import EVERY, warm
from schema.access import FULL_ACCESS
from schema.cache import SchemaCache
from tenants.directory import process_directory


class Command(BaseCommand):
    help = "Reads catalogs and builds schemas, to see that every tenant can be served."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenants", nargs="*", metavar="TENANT", help="all where left out")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        snapshot = process_directory().current()
        unknown = [name for name in options["tenants"] if snapshot.tenant(name) is None]
        if unknown:
            raise CommandError(f"There is no active tenant called {', '.join(unknown)}.")
        config = settings.GATEWAY
        schemas = SchemaCache(
            config.schema_cache_bytes, config.operation_cache_entries, config.names
        )
        limits = limits_of(config)

        def build(alias: str) -> None:
            schemas.get(process_registry().entry(alias), FULL_ACCESS, limits)

        found = []
        for one in warm(snapshot, options["tenants"] or [EVERY], build):
            found.append(one)
            if not options["json"]:
                told = one.error or f"{one.ms} ms"
                self.stdout.write(f"{one.tenant}/{one.environment}: {told}")
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found]))
        else:
            self.stdout.write(f"{len(found)} databases, {len(schemas)} schemas")
        failed = [f"{one.tenant}/{one.environment}" for one in found if one.error]
        if failed:
            raise CommandError(f"These can't be served now: {', '.join(failed)}")
