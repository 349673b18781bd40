"""What differs between two databases, and what that means for clients of the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import GraphQLSchema

from dynamic_databases.active import Alias
from dynamic_databases.catalog.capabilities import Capabilities
from dynamic_databases.catalog.compare import Difference, Indexes, differences
from dynamic_databases.catalog.indexes import read_indexes
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.registry import Entry, Registry
from gateway.conf import Config
from gateway.limits import limits_of
from schema.access import FULL_ACCESS
from schema.build import build_schema
from schema.changes import Level, SchemaChange, changes_between


@dataclass(frozen=True)
class Drift:
    """What differs from `before` to `after` (names of databases, or of a baseline)."""

    before: str
    after: str
    differences: tuple[Difference, ...] = ()
    changes: tuple[SchemaChange, ...] = ()
    error: str = ""  # why nothing can be told

    def has(self, level: Level) -> bool:
        return any(change.level is level for change in self.changes)


class DriftReader:
    """Compares databases; equal pairs of catalogs are compared once."""

    def __init__(self, registry: Registry, config: Config) -> None:
        self._registry = registry
        self._config = config
        self._changes = lru_cache(maxsize=256)(self._changes_between)

    def between(self, before: Database, after: Database) -> Drift:
        """Compare two databases as they are now, indexes included. Raises DatabaseProblem."""
        old, new = self._registry.refresh(before.label), self._registry.refresh(after.label)
        found = differences(old.catalog, new.catalog, self._indexes(before), self._indexes(after))
        changes = changes_between(self._schema(old), self._schema(new))
        return Drift(before.name, after.name, tuple(found), tuple(changes))

    def fleet(self) -> Iterator[Drift]:
        """Compare every enabled database with its baseline; one that doesn't answer says so."""
        rows = Database.objects.with_baselines().filter(enabled=True, baseline__isnull=False)
        for row in rows:
            label = str(row.baseline)
            try:
                entry = self._registry.refresh(row.label)
            except DatabaseProblem as error:
                yield Drift(label, row.name, error=str(error))
                continue
            if entry.baseline is not None:
                found, changes = self._changes(entry.baseline, entry.catalog, entry.capabilities)
                yield Drift(label, row.name, found, changes)

    def _changes_between(
        self, baseline: Catalog, catalog: Catalog, capabilities: Capabilities
    ) -> tuple[tuple[Difference, ...], tuple[SchemaChange, ...]]:
        old, new = (Entry(Alias(""), one, capabilities, None, "") for one in (baseline, catalog))
        changes = changes_between(self._schema(old), self._schema(new))
        return tuple(differences(baseline, catalog)), tuple(changes)

    def _schema(self, entry: Entry) -> GraphQLSchema:
        limits = limits_of(self._config)
        built = build_schema(entry, FULL_ACCESS, self._config.names, limits)
        found: GraphQLSchema = built.schema.graphql_schema
        return found

    def _indexes(self, database: Database) -> Indexes:
        with self._registry.connections.lease(database.label) as wrapper:
            return read_indexes(wrapper)
