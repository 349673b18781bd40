"""One operation → `Plan`: each root field to the planner of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphql.language import OperationDefinitionNode, OperationType

from schema.names.tables import NamedTable
from schema.plan.connection import plan_connection
from schema.plan.context import CollectedField, PlanContext, collect_fields, given_arguments
from schema.plan.group_by import plan_group_by
from schema.plan.node_lookup import plan_node
from schema.plan.nodes import (
    Action,
    Aggregate,
    AllOf,
    Compare,
    Connection,
    Introspect,
    Op,
    Page,
    Plan,
    Root,
    Typename,
)
from schema.plan.select import plan_aggregate, plan_key, plan_list, plan_row, plan_selection
from schema.plan.where import check_table
from schema.plan.write import (
    plan_delete,
    plan_delete_by_pk,
    plan_insert,
    plan_insert_one,
    plan_save,
    plan_update,
    plan_update_by_pk,
    plan_update_many,
)

RootPlanner = Callable[[PlanContext, CollectedField, NamedTable], Action]


@dataclass(frozen=True)
class RootField:
    """What a root field of the schema stands for; the schema keeps one per field name."""

    table: NamedTable
    planner: RootPlanner
    nullable: bool


def plan_rows(context: PlanContext, field: CollectedField, table: NamedTable) -> Page:
    return plan_list(context, field, "Query", table)


def plan_aggregate_rows(
    context: PlanContext, field: CollectedField, table: NamedTable
) -> Aggregate:
    return plan_aggregate(context, field, "Query", table)


def plan_pages(context: PlanContext, field: CollectedField, table: NamedTable) -> Connection:
    return plan_connection(context, field, "Query", table, plan_selection)


def plan_by_pk(context: PlanContext, field: CollectedField, table: NamedTable) -> Page:
    given = given_arguments(context, field, "Query")
    row = plan_row(context, field.selections, table)
    where = AllOf(tuple(Compare(a.column, Op.EQ, a.slot) for a in plan_key(given, table)))
    return Page(row.table, row.selection, where, single=True)


FieldsOfTable = tuple[dict[str, RootField], dict[str, RootField]]
_KEPT = "_root_fields"


def root_fields_of(table: NamedTable) -> FieldsOfTable:
    """Return the query and the mutation fields that a table has for this access.

    They are kept with the table, which may be in many schemas.
    """
    known: FieldsOfTable | None = table.__dict__.get(_KEPT)
    if known is None:
        known = table.__dict__[_KEPT] = _root_fields_of(table)
    return known


def _root_fields_of(table: NamedTable) -> FieldsOfTable:
    queries = {table.field: RootField(table, plan_rows, nullable=False)}
    if table.has_aggregate:
        queries[f"{table.field}Aggregate"] = RootField(table, plan_aggregate_rows, nullable=False)
    if table.has_aggregate and table.comparable:
        queries[f"{table.field}GroupBy"] = RootField(table, plan_group_by, nullable=False)
    if table.has_connection:
        queries[f"{table.field}Connection"] = RootField(table, plan_pages, nullable=False)
    mutations: dict[str, RootField] = {}
    if not table.key:
        return queries, mutations
    queries[f"{table.field}ByPk"] = RootField(table, plan_by_pk, nullable=True)
    if table.is_insertable:
        mutations[f"insert{table.type}"] = RootField(table, plan_insert, nullable=True)
        mutations[f"insert{table.type}One"] = RootField(table, plan_insert_one, nullable=True)
    if table.updatable:
        mutations[f"update{table.type}"] = RootField(table, plan_update, nullable=True)
        mutations[f"update{table.type}Many"] = RootField(table, plan_update_many, nullable=True)
        mutations[f"update{table.type}ByPk"] = RootField(table, plan_update_by_pk, nullable=True)
        mutations[f"save{table.type}"] = RootField(table, plan_save, nullable=True)
    if table.deletable:
        mutations[f"delete{table.type}"] = RootField(table, plan_delete, nullable=True)
        mutations[f"delete{table.type}ByPk"] = RootField(table, plan_delete_by_pk, nullable=True)
    return queries, mutations


def plan_operation(
    context: PlanContext, operation: OperationDefinitionNode, fields: dict[str, RootField]
) -> Plan:
    """Return the plan of one operation over `fields`, the root fields of its type."""
    roots: list[Root] = []
    writes = operation.operation is OperationType.MUTATION
    for collected in collect_fields(context, operation.selection_set.selections):
        if collected.name in ("__schema", "__type", "_empty"):
            roots.append(Root(collected.key, nullable=False, action=Introspect(collected.key)))
        elif collected.name == "__typename":
            name = "Mutation" if writes else "Query"
            roots.append(Root(collected.key, nullable=False, action=Typename(collected.key, name)))
        elif collected.name in ("node", "nodes") and collected.name not in fields:
            action = plan_node(context, collected)
            roots.append(Root(collected.key, nullable=not action.many, action=action))
        else:
            field = fields[collected.name]
            check_table(field.table)
            roots.append(
                Root(collected.key, field.nullable, field.planner(context, collected, field.table))
            )
    return Plan(tuple(roots), writes, tuple(dict.fromkeys(context.absent)))
