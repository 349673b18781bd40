"""Asks a database what clients ask first: a list, a row, each relation, an aggregate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.apps import apps
from graphql import GraphQLObjectType

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.types import Column
from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.registry import Registry
from schema.access import FULL_ACCESS
from schema.apps import SchemaConfig
from schema.build.builder import build_schema
from schema.built_schema import BuiltSchema
from schema.errors import OperationProblem
from schema.execution.blocking import drive
from schema.execution.round_trips import request, rows_of
from schema.execution.runner import Runner
from schema.limits import Limits
from schema.names.tables import NamedTable
from schema.operations import OperationCache
from schema.sql.compile import Compiler
from tenants.principals import ADMIN_ROLE

_ROWS = 3  # that are looked at in each list
_COUNTED_ROWS = 100_000  # of each table, whose cells are looked at


@dataclass
class TableReport:
    """What one table answered; `failed` says of each kind of query that didn't why."""

    name: str
    answered: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """What a database serves, and what it doesn't, with the reasons."""

    tables: list[TableReport]
    skipped: dict[str, str]
    replicas: dict[str, str]  # why one isn't read from, empty where it may be

    @property
    def failures(self) -> int:
        unused = sum(1 for problem in self.replicas.values() if problem)
        return unused + sum(len(table.failed) for table in self.tables)


def check(registry: Registry, alias: Alias, names: Mapping[str, str], limits: Limits) -> Report:
    """Walk a database's tables and relations. Raises DatabaseProblem if it can't be read."""
    entry = registry.refresh(alias)
    built = build_schema(entry, FULL_ACCESS, names, limits)
    asker = _Asker(registry, alias, built, limits)
    tables = [_check_table(asker, table) for table in built.names.tables.values()]
    skipped = {thing.name: thing.reason for thing in entry.catalog.skipped}
    return Report(tables, skipped, _check_replicas(registry, alias))


def _check_replicas(registry: Registry, alias: Alias) -> dict[str, str]:
    found: dict[str, str] = {}
    for replica in registry.replicas.of(alias):
        found[replica] = ""
        try:
            registry.replicas.catch_up(replica)
        except DatabaseProblem as error:
            found[replica] = explain(error)
    return found


class _Asker:
    """Runs documents on one database as a request does."""

    def __init__(
        self, registry: Registry, alias: Alias, built: BuiltSchema, limits: Limits
    ) -> None:
        self.built = built
        self._registry = registry
        self._alias = alias
        self._limits = limits
        self._operations = OperationCache(built, limits, 1)
        cursors = cast("SchemaConfig", apps.get_app_config("schema")).cursors
        self._runner = Runner(
            alias,
            lambda: registry.models(alias),
            limits,
            cursors,
            session={"x-gateway-role": ADMIN_ROLE},
        )

    def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Return the data of the only root field. Raises DatabaseProblem or OperationProblem."""
        operation = self._operations.compile(document, None)
        values = operation.variables(dict(variables or {}))
        prepared = operation.prepare(values)
        with self._registry.connections.lease(self._alias) as wrapper:
            answer = self._runner.run(wrapper, operation, prepared, values)
        for _, error in answer.errors:
            raise error
        return json.loads(answer.fragments[0][1])

    def lost_cells(self, table: NamedTable) -> dict[Column, int]:
        """Return how many cells of each column hold what its type can't carry."""
        compiler = Compiler(self.built.key.capabilities, self._limits)
        found = compiler.lost_cells(table.table, _COUNTED_ROWS)
        if found is None:
            return {}
        columns, statement = found
        with self._registry.connections.lease(self._alias) as wrapper:
            (row,) = drive(wrapper, rows_of(request(statement, {})), compiler.dialect.begin)
        return {c: int(count) for c, count in zip(columns, row, strict=True) if int(count)}


def _check_table(asker: _Asker, table: NamedTable) -> TableReport:
    report = TableReport(str(table.table.name))
    rows: list[Any] = []
    for what, document in _documents(table):
        found = _tried(asker, report, what, document, {})
        if what == "list":
            rows = found or []
    if not table.key:
        report.notes.append("it has no key: nothing is by key")
    elif rows:
        document, variables = _by_key(asker.built, table, rows[0])
        row = _tried(asker, report, "by key", document, variables)
        if "by key" not in report.failed and row is None:
            report.failed["by key"] = "a row of the list isn't found by its key"
    else:
        report.notes.append("it has no row: nothing was asked by key")
    _check_cells(asker, report, table)
    return report


def _check_cells(asker: _Asker, report: TableReport, table: NamedTable) -> None:
    """Tell the cells that are answered as null, or as an error where a value is declared."""
    try:
        found = asker.lost_cells(table)
    except DatabaseProblem as error:
        if not report.failed:  # a view that can't be read has failed
            report.failed["cells"] = str(error)
        return
    for column, count in found.items():
        text = (
            f"{count} of its first {_COUNTED_ROWS:,} rows hold in {column.name} what"
            f" {column.type.name} is not answered as; see `types` and `nullable` of the override"
        )
        if column.answers_null:
            report.notes.append(f"{text}: null is answered")
        else:
            report.failed[f"cells of {column.name}"] = text


def _tried(
    asker: _Asker, report: TableReport, what: str, document: str, variables: Mapping[str, Any]
) -> Any:
    try:
        found = asker.ask(document, variables)
    except (DatabaseProblem, OperationProblem) as error:
        report.failed[what] = str(error)
        return None
    report.answered.append(what)
    return found


def _documents(table: NamedTable) -> Iterator[tuple[str, str]]:
    """Yield each kind of query and its document."""
    yield "list", f"{{ {table.field}(limit: {_ROWS}) {{ {' '.join(table.columns)} }} }}"
    yield "aggregate", f"{{ {table.field}Aggregate {{ aggregate {{ count }} }} }}"
    for name, relation in table.relations.items():
        rows = f"(limit: {_ROWS})" if relation.many else ""
        yield (
            f"nested {name}",
            f"{{ {table.field}(limit: {_ROWS}) {{ {name}{rows} {{ __typename }} }} }}",
        )


def _by_key(
    built: BuiltSchema, table: NamedTable, row: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    query = cast("GraphQLObjectType", built.schema.graphql_schema.query_type)
    arguments = query.fields[f"{table.field}ByPk"].args
    declared = ", ".join(f"${name}: {argument.type}" for name, argument in arguments.items())
    given = ", ".join(f"{name}: ${name}" for name in arguments)
    document = f"query({declared}) {{ {table.field}ByPk({given}) {{ __typename }} }}"
    return document, {name: row[name] for name in arguments}
