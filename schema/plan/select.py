"""Selection set → `Page` and `Aggregate`, with pages nested in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql.language import SelectionNode

from dynamic_databases.catalog.types import Column, Kind
from schema.errors import BadUserInput
from schema.names.tables import CUSTOM_FIELDS, NamedTable
from schema.plan.aggregate import plan_aggregate_fields
from schema.plan.connection import nest_connection, plan_connection
from schema.plan.context import (
    ROWS,
    CollectedField,
    PlanContext,
    argument_trees,
    check_comparable,
    collect_fields,
    columns_named,
    field_of,
    given_arguments,
    operand_of,
)
from schema.plan.nodes import (
    EVERYTHING,
    Absent,
    Aggregate,
    AggregateFields,
    Assignment,
    CustomFields,
    GlobalId,
    Nested,
    NestedAggregate,
    NestedConnection,
    NodeObject,
    Nodes,
    OrderValue,
    Page,
    Selected,
    Slot,
    Typename,
    Use,
    Value,
)
from schema.plan.operands import Constant
from schema.plan.order_by import plan_order_by
from schema.plan.where import links_of, plan_where


def plan_list(context: PlanContext, field: CollectedField, parent: str, table: NamedTable) -> Page:
    """Return the page of a list field, `track(where, orderBy, limit, offset, distinctOn)`."""
    given = given_arguments(context, field, parent)
    distinct_on = _distinct_on(given, table)
    return Page(
        table=table.table,
        selection=plan_selection(context, field.selections, table),
        where=plan_where(given.get("where"), table, context.names),
        order_by=plan_order_by(given.get("orderBy"), table, context.names, distinct_on),
        limit=limit_of(given),
        offset=offset_of(given),
        distinct_on=distinct_on,
    )


def limit_of(given: Mapping[str, Any]) -> Slot:
    """Return the limit that is given; null, and none at all, are bound as the default."""
    return Slot(given.get("limit") or Constant(None), ROWS, Use.ROWS)


def offset_of(given: Mapping[str, Any]) -> Slot | None:
    offset = given.get("offset")
    return Slot(offset, ROWS, Use.OFFSET) if offset is not None else None


def plan_aggregate(
    context: PlanContext, field: CollectedField, parent: str, table: NamedTable
) -> Aggregate:
    """Return the plan of `trackAggregate(where, orderBy, …)`; without a limit, of all rows."""
    given = given_arguments(context, field, parent)
    where = plan_where(given.get("where"), table, context.names)
    distinct_on = _distinct_on(given, table)
    order_by = plan_order_by(given.get("orderBy"), table, context.names, distinct_on)
    limit = Slot(given["limit"], ROWS, Use.COUNT) if given.get("limit") is not None else None
    offset = offset_of(given)
    answer: list[AggregateFields | Nodes | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}Aggregate"))
        elif part.name == "nodes":
            selection = plan_selection(context, part.selections, table)
            rows = limit_of(given)
            page = Page(table.table, selection, where, order_by, rows, offset, distinct_on)
            answer.append(Nodes(part.key, page))
        else:
            answer.append(plan_aggregate_fields_of(context, part, table))
    is_cut = limit is not None or offset is not None or bool(distinct_on)
    order_by = order_by if is_cut else ()
    return Aggregate(table.table, tuple(answer), where, order_by, limit, offset, distinct_on)


def plan_aggregate_fields_of(
    context: PlanContext, field: CollectedField, table: NamedTable
) -> AggregateFields:
    """Return the plan of a field `aggregate`."""
    counted = field_of(context, f"{table.type}AggregateFields", "count")
    parts = [
        (
            part,
            argument_trees(context, part.nodes[0], counted) if part.name == "count" else {},
            collect_fields(context, part.selections),
        )
        for part in collect_fields(context, field.selections)
    ]
    return plan_aggregate_fields(field, parts, table)


def plan_row(context: PlanContext, selections: Sequence[SelectionNode], table: NamedTable) -> Page:
    """Return the page of one row, without saying yet which."""
    return Page(table.table, plan_selection(context, selections, table), EVERYTHING, single=True)


def plan_key(given: Mapping[str, Any], table: NamedTable) -> tuple[Assignment, ...]:
    """Return the key's columns with their operands, from arguments called as the key's fields."""
    columns = [table.table.by_name[column] for column in table.key]
    return tuple(
        Assignment(c, Slot(operand_of(given[table.field_of[c.name]]), c.type)) for c in columns
    )


def plan_selection(
    context: PlanContext,
    selections: Sequence[SelectionNode],
    table: NamedTable,
    concrete: str | None = None,
) -> tuple[Selected, ...]:
    """Return what is selected of each row of `table`; `concrete` as for `collect_fields`."""
    fields = collect_fields(context, selections, concrete)
    return tuple(_selected(context, field, table) for field in fields)


def global_id(key: str, table: NamedTable) -> GlobalId:
    columns = tuple(table.table.by_name[name] for name in table.key)
    return GlobalId(key, table.type, columns)


def columns_of(selection: Sequence[Selected]) -> tuple[Column, ...]:
    """Return the columns that rows must bring: selected ones and those nested pages hang on."""
    wanted: dict[str, Column] = {}
    for item in flattened(selection):
        if isinstance(item, Value):
            wanted[item.column.name] = item.column
        elif isinstance(item, GlobalId):
            wanted |= {column.name: column for column in item.columns}
        elif isinstance(item, CustomFields):
            wanted |= {value.column.name: value.column for value in item.values}
        elif isinstance(item, Nested | NestedAggregate):
            wanted |= {own.name: own for own, _ in item.links}
    return tuple(wanted.values())


def flattened(selection: Sequence[Selected]) -> Iterator[Selected]:
    """Yield what is selected of a row, objects of the row's own by their parts."""
    for item in selection:
        if isinstance(item, NodeObject):
            yield from flattened(item.selection)
        elif isinstance(item, NestedConnection):
            yield from item.parts
        else:
            yield item


def order_values(selection: Sequence[Selected]) -> Iterator[OrderValue]:
    """Yield the order values that a page's rows bring."""
    return (item for item in selection if isinstance(item, OrderValue))


def _selected(context: PlanContext, field: CollectedField, table: NamedTable) -> Selected:
    if field.name == "__typename":
        return Typename(field.key, table.type)
    if field.name in table.columns:
        return _column(context, field, table)
    if field.name == CUSTOM_FIELDS and table.has_custom_fields:
        return _custom_fields(context, field, table)
    if field.name in table.id_fields:
        return global_id(field.key, table)
    if field.name in table.connections:
        return _connection(context, field, table)
    return _related(context, field, table)


def _connection(context: PlanContext, field: CollectedField, table: NamedTable) -> NestedConnection:
    relation = table.connections[field.name]
    target = context.names.tables[relation.target]
    links = links_of(relation, table, context.names)
    connection = plan_connection(context, field, table.type, target, plan_selection)
    return nest_connection(field.key, connection, links, context.limits)


def _related(
    context: PlanContext, field: CollectedField, table: NamedTable
) -> Nested | NestedAggregate:
    is_aggregate = field.name in table.aggregates
    relation = table.aggregates[field.name] if is_aggregate else table.relations[field.name]
    target = context.names.tables[relation.target]
    links = links_of(relation, table, context.names)
    if is_aggregate:
        return NestedAggregate(field.key, plan_aggregate(context, field, table.type, target), links)
    many = relation.many
    plan = (
        plan_list(context, field, table.type, target)
        if many
        else plan_row(context, field.selections, target)
    )
    return Nested(field.key, plan, links)


def _column(context: PlanContext, field: CollectedField, table: NamedTable) -> Value | Absent:
    column = table.columns[field.name]
    if column.name not in table.absent:
        return Value(field.key, column, _path(context, field, table, column))
    context.absent.append(f"{table.table.name}.{column.name}")
    return Absent(field.key)


def _path(
    context: PlanContext, field: CollectedField, table: NamedTable, column: Column
) -> Slot | None:
    """Return the slot of `path`, which columns of JSON take."""
    if column.type.kind is not Kind.JSON or not field.nodes[0].arguments:
        return None
    path = given_arguments(context, field, table.type).get("path")
    return None if path is None else Slot(path, column.type, Use.JSON_PATH)


def _custom_fields(context: PlanContext, field: CollectedField, table: NamedTable) -> CustomFields:
    """Return the dynamic columns by their names in the database, or as the client names them."""
    arguments = {a.name.value: a.value for a in field.nodes[0].arguments}
    given = context.arguments.names(arguments["names"]) if "names" in arguments else None
    if given is None:
        return CustomFields(field.key, tuple(Value(c.name, c) for c in table.custom.values()))
    values = []
    for name in dict.fromkeys(given):
        if name not in table.custom_by_spelling:
            known = ", ".join(c.name for c in table.custom.values()) or "none"
            raise BadUserInput(f"{table.type} has no custom field {name!r}; it has: {known}.")
        values.append(Value(name, table.custom[table.custom_by_spelling[name]]))
    return CustomFields(field.key, tuple(values))


def _distinct_on(given: Mapping[str, Any], table: NamedTable) -> tuple[Column, ...]:
    columns = columns_named(given.get("distinctOn"), table)
    check_comparable("distinctOn", columns, table)
    return columns
