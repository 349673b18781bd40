"""Answers with marked cells → the answers and errors that GraphQL has for them (§6.4.4).

GraphQL's own executor goes through the answer: a cell that its type can't carry is an error, and
the null takes the place of the nearest field that may be null. Only answers with such a cell pass
here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from graphql import DocumentNode, ExecutionContext, ExecutionResult, GraphQLError, execute

from schema import exact_numbers
from schema.built_schema import BuiltSchema
from schema.errors import NotCarried
from schema.execution.node_reader import give_types
from schema.operations import CompiledOperation
from schema.plan.nodes import NodeLookup
from schema.types.reading import Answered, MarkedCell

Fragments = tuple[tuple[str, bytes], ...]
_NULL = "A value is missing where the schema declares one."


class _Context(ExecutionContext):
    """Takes variables that are coerced already."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.variable_values = self.context_value.variables


def is_marked(fragments: Fragments, marks: Sequence[bytes]) -> bool:
    """Return whether there may be such a cell: a text can be a mark of dates as well."""
    return bool(marks) and any(mark in text for _, text in fragments for mark in marks)


def propagated(
    operation: CompiledOperation,
    fragments: Fragments,
    variables: Mapping[str, Any],
    nodes: Mapping[str, NodeLookup],
) -> tuple[Fragments | None, list[NotCarried]]:
    """Return the root fields' JSON, and the errors; None where `data` itself is null.

    `nodes` are the root fields that look up rows by global ids, by response key.
    """
    trees = {key: exact_numbers.loads(text) for key, text in fragments}
    for key, lookup in nodes.items():
        give_types(lookup, trees[key], variables)
    definition = copy(operation.operation)
    definition.variable_definitions = ()
    others = (d for d in operation.document.definitions if d is not operation.operation)
    found = execute(
        operation.built.schema.graphql_schema,
        DocumentNode(definitions=(definition, *others)),
        context_value=Answered(trees, variables),
        operation_name=definition.name.value if definition.name else None,
        execution_context_class=_Context,
    )
    assert isinstance(found, ExecutionResult)  # noqa: S101 - nothing of it is awaited
    errors = [_not_carried(operation.built, error) for error in found.errors or ()]
    if found.data is None:
        return None, errors
    data = found.data
    return tuple((key, exact_numbers.dumps(data[key]).encode()) for key, _ in fragments), errors


def _not_carried(built: BuiltSchema, error: GraphQLError) -> NotCarried:
    path: Sequence[str | int] = error.path or ()
    cell = error.original_error
    if not isinstance(cell, MarkedCell):
        return NotCarried(_NULL, path)
    table = built.shown.by_type[cell.type_name]
    column = table.columns[cell.field]
    name = f"{table.table.name}.{column.name}"
    return NotCarried(
        f"{name} holds a value that {cell.scalar} can't carry. Name the column under `nullable` in"
        " the database's override file, and it is null instead.",
        path,
    )
