"""Roles against the catalog of a tenant's database: what names nothing, and what is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dynamic_databases.catalog.types import Kind
from dynamic_databases.process import process_registry
from dynamic_databases.registry import Entry
from schema.access import EVERY, FULL_ACCESS, Access, TableAccess, ambiguous_names
from schema.answer_size import ANSWER_BYTES, DEFAULT_BYTES
from schema.build.builder import build_schema
from schema.build.permissions import plan_access
from schema.execution.cursors import Cursors
from schema.execution.runner import Runner
from schema.global_ids import SCOPE
from schema.limits import Limits
from schema.names.catalog_names import names_of
from schema.names.tables import NamedTable, Names
from schema.operations import OperationCache
from schema.plan.session_variables import SESSION

_SAMPLE_ROWS = 5


@dataclass(frozen=True)
class Problem:
    """What is wrong with a role's permission of a table."""

    table: str
    text: str


@dataclass(frozen=True)
class Explanation:
    """What a role sees of a table: the statement of a list of its rows, and some of them."""

    columns: tuple[str, ...]
    sql: str
    parameters: tuple[Any, ...]
    rows: tuple[Mapping[str, Any], ...]


def problems_of(entry: Entry, access: Access, overrides: Mapping[str, str]) -> list[Problem]:
    """Return what a role's permissions name that a database doesn't have."""
    overrides = {**overrides, **dict(entry.catalog.names)}
    names = names_of(entry.catalog, FULL_ACCESS, overrides)
    planned = plan_access(entry.catalog, access, overrides)
    return [
        *(Problem(table, text) for table, text in planned.problems),
        *_unknown(access, names),
    ]


def explain(
    entry: Entry,
    access: Access,
    overrides: Mapping[str, str],
    limits: Limits,
    table: str,
    session: Mapping[str, str],
) -> Explanation:
    """Return what the role sees of a table. Raises LookupError where it sees nothing of it.

    Raises OperationProblem for a session variable that is missing or doesn't fit.
    """
    built = build_schema(entry, access, overrides, limits)
    named = _table(built.names, table)
    if named is None:
        seen = ", ".join(sorted(one.field for one in built.names.tables.values())) or "nothing"
        raise LookupError(f"The role sees no table called {table}; it sees: {seen}.")
    shown = [
        field for field, column in named.columns.items() if column.type.kind is not Kind.BINARY
    ]
    query = f"{{ {named.field}(limit: {_SAMPLE_ROWS}) {{ {' '.join(shown) or '__typename'} }} }}"
    operation = OperationCache(built, limits, 1).compile(query, None)
    prepared = operation.prepare({})
    registry = process_registry()
    runner = Runner(
        entry.alias,
        lambda: registry.models(entry.alias),
        limits,
        Cursors(["explained, never sent"]),
        session=session,
    )
    statement = prepared.roots[0].read
    known = {SESSION: session, ANSWER_BYTES: DEFAULT_BYTES, SCOPE: ""}
    parameters = statement.parameters(known) if statement is not None else []
    with registry.connections.lease(entry.alias) as wrapper:
        answer = runner.run(wrapper, operation, prepared, {})
    if answer.errors:
        raise answer.errors[0][1]
    return Explanation(
        tuple(named.columns),
        statement.sql if statement is not None else "by the ORM, in several statements",
        tuple(parameters),
        tuple(orjson.loads(answer.fragments[0][1])),
    )


def _unknown(access: Access, names: Names) -> Iterator[Problem]:
    for name, own in sorted(access.tables):
        if name == EVERY:
            continue
        table = _table(names, name) if own.takes_fields else _exactly(names, name)
        if table is None:
            yield Problem(name, "the database has no such table.")
            continue
        other = names.by_field.get(name, table)
        if own.takes_fields and other is not table:
            yield Problem(
                name,
                f"it means two tables: write {str(other.table.name)!r} for what the API calls so, "
                f"or {table.field!r} for what the database calls so.",
            )
            continue
        yield from _unknown_columns(name, own, table)


def _unknown_columns(name: str, own: TableAccess, table: NamedTable) -> Iterator[Problem]:
    given = _named_columns(own)
    ambiguous = ambiguous_names(table.field_of) if own.takes_fields else frozenset()
    for column in sorted(given & ambiguous):
        yield Problem(
            name,
            f"{column!r} means two columns: write {table.columns[column].name!r} for what the API "
            f"calls so, or {table.field_of[column]!r} for what the database calls so.",
        )
    for column in sorted(_named_columns(own.in_columns(table.field_of)) - set(table.field_of)):
        yield Problem(name, f"it has no column {column!r}.")


def _named_columns(access: TableAccess) -> set[str]:
    found: set[str] = set()
    for columns in (access.select, access.insert, access.update):
        found |= columns or frozenset()
    return found - {EVERY}


def _table(names: Names, name: str) -> NamedTable | None:
    return _exactly(names, name) or names.by_field.get(name)


def _exactly(names: Names, name: str) -> NamedTable | None:
    return next((one for key, one in names.tables.items() if str(key) == name), None)
