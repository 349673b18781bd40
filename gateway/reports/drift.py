"""What differs between two databases, and what that means for clients of the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

from django.db.models import QuerySet

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.capabilities import Capabilities
from dynamic_databases.catalog.diff import Difference, Indexes, differences
from dynamic_databases.catalog.indexes import read_indexes
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.registry import Entry, Registry
from gateway.config import Config
from gateway.limits import limits_of
from gateway.rendering.schema_process import SchemaProcess
from gateway.reports.bounded_reads import NotReached, bounded_reads_of
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.build.rendering import Comparison
from schema.build.schema_diff import Level, SchemaChange, changes_between, changes_of
from schema.built_schema import BuiltSchema

Compare = Callable[[BuiltSchema, BuiltSchema], list[SchemaChange]]


@dataclass(frozen=True)
class Drift:
    """What differs from `before` to `after` (names of databases, or of a baseline)."""

    before: str
    after: str
    differences: tuple[Difference, ...] = ()
    changes: tuple[SchemaChange, ...] = ()
    error: str = ""  # why there is no result
    is_reached: bool = True  # in the time that there was

    def has(self, level: Level) -> bool:
        return any(change.level is level for change in self.changes)


def with_baseline() -> QuerySet[Database]:
    """Return the enabled databases that have a baseline, by name."""
    rows = Database.objects.with_baselines().filter(enabled=True, baseline__isnull=False)
    return rows.order_by("name")


def compare_here(old: BuiltSchema, new: BuiltSchema) -> list[SchemaChange]:
    """Compare two schemas in this thread: seconds of the interpreter where they are large."""
    return changes_between(old.schema.graphql_schema, new.schema.graphql_schema)


def compare_in(rendering: SchemaProcess) -> Compare:
    """Return what compares large schemas in a process.

    It goes on after the deadline of a page: the next look at the page finds the types made.
    """

    def compare(old: BuiltSchema, new: BuiltSchema) -> list[SchemaChange]:
        return changes_of(rendering.render(Comparison(), old, new))

    return compare


class DriftReader:
    """Compares databases, each under a deadline; equal pairs of catalogs are compared once."""

    def __init__(self, registry: Registry, config: Config, compare: Compare = compare_here) -> None:
        self._registry = registry
        self._config = config
        self._compare = compare
        self._reads = bounded_reads_of(registry.connections)
        self._changes = lru_cache(maxsize=256)(self._changes_between)

    def between(self, before: Database, after: Database, seconds: float) -> Drift:
        """Compare two databases as they are now, indexes included. Raises DatabaseProblem."""
        work = partial(self._between, before, after)
        (found,) = self._reads.run([(after.label, work)], seconds)
        if isinstance(found, DatabaseProblem):
            raise found
        return found

    def fleet(self, rows: Iterable[Database], seconds: float) -> list[Drift]:
        """Compare databases with their baselines, those whose catalog is known here first.

        One that doesn't answer says so, and so does one that wasn't reached in `seconds` for them
        all.
        """
        known_first = sorted(rows, key=lambda row: self._registry.peek(row.label) is None)
        jobs = [(row.label, partial(self._from_baseline, row)) for row in known_first]
        found = zip(known_first, self._reads.run(jobs, seconds), strict=True)
        return [
            Drift(
                str(row.baseline),
                row.name,
                error=explain(one),
                is_reached=not isinstance(one, NotReached),
            )
            if isinstance(one, DatabaseProblem)
            else one
            for row, one in found
        ]

    def _between(self, before: Database, after: Database) -> Drift:
        old, new = self._registry.refresh(before.label), self._registry.refresh(after.label)
        found = differences(old.catalog, new.catalog, self._indexes(before), self._indexes(after))
        changes = self._compare(self._schema(old), self._schema(new))
        return Drift(before.name, after.name, tuple(found), tuple(changes))

    def _from_baseline(self, row: Database) -> Drift:
        entry = self._registry.current(row.label)
        if entry.baseline is None:
            return Drift(str(row.baseline), row.name, error="It has no baseline any more.")
        found, changes = self._changes(entry.baseline, entry.catalog, entry.capabilities)
        return Drift(str(row.baseline), row.name, found, changes)

    def _changes_between(
        self, baseline: Catalog, catalog: Catalog, capabilities: Capabilities
    ) -> tuple[tuple[Difference, ...], tuple[SchemaChange, ...]]:
        old, new = (Entry(Alias(""), one, capabilities, None, "") for one in (baseline, catalog))
        changes = self._compare(self._schema(old), self._schema(new))
        return tuple(differences(baseline, catalog)), tuple(changes)

    def _schema(self, entry: Entry) -> BuiltSchema:
        return build_schema(entry, FULL_ACCESS, self._config.names, limits_of(self._config))

    def _indexes(self, database: Database) -> Indexes:
        with self._registry.connections.lease(database.label) as wrapper:
            return read_indexes(wrapper)
