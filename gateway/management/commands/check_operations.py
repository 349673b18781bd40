"""`manage.py check_operations FOLDER`: which saved queries would break on which tenants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dynamic_databases.catalog.types import Catalog
from dynamic_databases.commands import GatewayCommand
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.process import process_registry
from dynamic_databases.registry import Entry
from gateway.access import UnknownRole, access_of
from gateway.limits import limits_of
from gateway.reports.saved_operations import Broken, SavedDocument, broken_by, read_documents
from schema.build.builder import build_schema, schema_key
from schema.errors import NoBaseline
from tenants.errors import out_of_service
from tenants.principals import ADMIN_ROLE
from tenants.process import process_directory
from tenants.snapshot import DirectoryEntry, Snapshot


class Command(GatewayCommand):
    help = (
        "Validates saved GraphQL documents against tenants' schemas. Exits with 1 where one breaks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="with .graphql and .gql files, at any depth")
        parser.add_argument("--tenant", action="append", help="this tenant alone; repeatable")
        parser.add_argument("--environment", help="this environment alone")
        parser.add_argument("--role", default=ADMIN_ROLE, help="as this role")
        parser.add_argument("--common", action="store_true", help="against the baselines' schemas")
        parser.add_argument(
            "--without",
            action="append",
            default=[],
            metavar="TABLE.COLUMN",
            help="as if this column were dropped already; repeatable",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not _is_folder(folder):
            raise CommandError(f"{folder} is no folder.")
        documents = read_documents(folder)
        if not documents:
            raise CommandError(f"There is no .graphql or .gql file below {folder}.")
        found = list(_checked(documents, options))
        if not found:
            raise CommandError("No tenant has a database there: nothing was checked.")
        broken = [one for one in found if one["broken"] or one["error"]]
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            self._print(documents, found, broken)
        if broken:
            places = ", ".join(f"{one['tenant']}/{one['environment']}" for one in broken)
            raise CommandError(f"Documents break on: {places}")

    def _print(self, documents: list[SavedDocument], found: list[Any], broken: list[Any]) -> None:
        for one in broken:
            where = f"{one['tenant']}/{one['environment']}"
            if one["error"]:
                self.stdout.write(f"{where}: {one['error']}")
            for path, messages in one["broken"].items():
                self.stdout.write(f"{where}: {path}")
                for message in messages:
                    self.stdout.write(f"  {message}")
        self.stdout.write(
            f"{len(documents)} documents on {len(found)} databases: {len(broken)} "
            "databases break some"
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # its name is too long
        return False


def _checked(documents: list[SavedDocument], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return what each database breaks; databases of equal schemas are checked once."""
    snapshot = process_directory().current()
    config = settings.GATEWAY
    try:
        access = access_of(options["role"], snapshot.roles)
    except UnknownRole as error:
        raise CommandError(str(error)) from None
    known: dict[object, list[Broken]] = {}
    for tenant in _chosen(snapshot, options["tenant"]):
        for environment, alias in tenant.expected_environments():
            if options["environment"] not in (None, environment):
                continue
            place = {"tenant": tenant.slug, "environment": environment, "broken": {}, "error": ""}
            if alias is None:
                yield place | {"error": out_of_service(tenant.environments)}
                continue
            try:
                entry = _without(process_registry().refresh(alias), options["without"])
                key = schema_key(entry, access, common=options["common"])
                if key not in known:
                    built = build_schema(
                        entry, access, config.names, limits_of(config), common=options["common"]
                    )
                    known[key] = broken_by(built.schema.graphql_schema, documents)
            except (DatabaseProblem, NoBaseline) as error:
                yield place | {"error": str(error)}
                continue
            yield place | {"broken": {b.path: list(b.messages) for b in known[key]}}


def _chosen(snapshot: Snapshot, names: list[str] | None) -> list[DirectoryEntry]:
    """Return the active tenants of these names, or all. Raises CommandError for an unknown name."""
    if names is None:
        return list(snapshot.tenants)
    found = {name: snapshot.tenant(name) for name in names}
    if unknown := [name for name, entry in found.items() if entry is None]:
        raise CommandError(f"There is no active tenant called {', '.join(unknown)}.")
    return list(filter(None, found.values()))


def _without(entry: Entry, columns: list[str]) -> Entry:
    """Return an entry as if columns were dropped."""
    catalog = entry.catalog
    for text in columns:
        table, _, column = text.rpartition(".")
        catalog = _dropped(catalog, table, column)
    return replace(entry, catalog=catalog)


def _dropped(catalog: Catalog, name: str, column: str) -> Catalog:
    found = catalog.find(name)
    if found is None or column not in found.by_name:
        return catalog
    columns = tuple(c for c in found.columns if c.name != column)
    keys = tuple(k for k in found.foreign_keys if column not in k.columns)
    changed = replace(found, columns=columns, foreign_keys=keys)
    return replace(catalog, tables=tuple(changed if t is found else t for t in catalog.tables))
