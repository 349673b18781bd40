"""Resolvers for `schema.execute(…)`: they run the planned field, then read it by response key.

The gateway doesn't pass here. People who hold a `BuiltSchema` do, with the active database
(`use_database`) or `context_value={"alias": …}`. Each root field is read, or written in its own
transaction, when GraphQL's executor comes to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import orjson
from django.apps import apps
from graphql import GraphQLResolveInfo
from graphql.language import DocumentNode

from dynamic_databases.active import active_alias
from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.errors import NoActiveDatabase
from dynamic_databases.process import process_registry
from schema.built_schema import BuiltSchema
from schema.execution.runner import Runner
from schema.global_ids import decode_id, scope_of
from schema.limits import Limits
from schema.memory_budget import MemoryBudget
from schema.operations import CompiledOperation
from schema.plan.nodes import NodeLookup
from schema.types.reading import TYPE_KEY
from schema.types.roots import RootType

if TYPE_CHECKING:
    from schema.apps import SchemaConfig


def with_resolvers(built: BuiltSchema, limits: Limits) -> None:
    """Give the root fields of a schema their resolver; the others read what that gives."""
    schema = built.schema.graphql_schema

    def resolve_root(_source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
        return _run_root(built, limits, info)

    for root in (schema.query_type, schema.mutation_type):
        if isinstance(root, RootType):
            root.fields.resolve_with(resolve_root)


def _run_root(built: BuiltSchema, limits: Limits, info: GraphQLResolveInfo) -> Any:
    """Plan the whole operation, run the one root field that is asked for."""
    document = DocumentNode(definitions=(info.operation, *info.fragments.values()))
    operation = CompiledOperation(built, document, info.operation, limits, MemoryBudget())
    whole = operation.prepare(info.variable_values)
    roots = tuple(root for root in whole.roots if root.root.key == info.path.key)
    prepared = replace(whole, roots=roots)
    alias = _alias(info)
    registry = process_registry()
    with registry.connections.lease(alias) as wrapper:
        cursors = cast("SchemaConfig", apps.get_app_config("schema")).cursors
        runner = Runner(alias, lambda: registry.models(alias), limits, cursors)
        answer = runner.run(wrapper, operation, prepared, info.variable_values)
    if answer.errors:
        raise answer.errors[0][1]
    tree = orjson.loads(answer.fragments[0][1]) if answer.fragments else None
    if roots and roots[0].node is not None:
        _tell_types(roots[0].node.plan, tree, info.variable_values, alias)
    return tree


def _tell_types(lookup: NodeLookup, tree: Any, variables: dict[str, Any], alias: Alias) -> None:
    """Give each row that a global id found the type that the id names."""
    given = lookup.id.read(variables)
    pairs = zip(given, tree, strict=True) if lookup.many else [(given, tree)]
    for node_id, row in pairs:
        if row is not None:
            row[TYPE_KEY] = decode_id(str(node_id), scope_of(alias))[0]


def _alias(info: GraphQLResolveInfo) -> Alias:
    given = info.context.get("alias") if isinstance(info.context, dict) else None
    alias = given or active_alias()
    if alias is None:
        raise NoActiveDatabase(info.parent_type.name)
    return as_alias(str(alias))
