"""`manage.py load_schema [TENANT …]`: builds tenants' schemas once and tells what can't be served.

A server builds them for itself before its first request where GATEWAY_WARM names tenants, or `*`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dynamic_databases.aliases import Alias
from dynamic_databases.commands import GatewayCommand
from dynamic_databases.process import process_registry
from gateway.background.warmup import EVERY, Warmed, warm
from gateway.limits import limits_of
from gateway.reports.bounded_reads import bounded_reads_of
from schema.access import FULL_ACCESS
from schema.build.cache import SchemaCache
from tenants.process import process_directory


class Command(GatewayCommand):
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

        registry = process_registry()
        reads = bounded_reads_of(registry.connections)

        def build(alias: Alias) -> None:
            schemas.get(registry.entry(alias), FULL_ACCESS, limits)

        async def build_in_time(alias: Alias) -> None:
            await reads.read(alias, partial(build, alias), config.catalog_deadline_ms / 1000)

        async def build_all() -> list[Warmed]:
            found = []
            async for one in warm(snapshot, options["tenants"] or [EVERY], build_in_time):
                found.append(one)
                if not options["json"]:
                    outcome = one.error or f"{one.ms} ms"
                    self.stdout.write(f"{one.tenant}/{one.environment}: {outcome}")
            return found

        found = asyncio.run(build_all())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found]))
        else:
            self.stdout.write(f"{len(found)} databases, {len(schemas)} schemas")
        failed = [f"{one.tenant}/{one.environment}" for one in found if one.error]
        if failed:
            raise CommandError(f"These can't be served now: {', '.join(failed)}")
