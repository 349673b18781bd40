"""Resolvers for `schema.execute(…)`: they run the planned field, then read it by response key.

The gateway doesn't pass here. People who hold a `BuiltSchema` do, with the active database
(`use_database`) or `context_value={"alias": …}`, and so does graphene-django's view, with a schema
that is bound to a database. Each root field is read, or written in its own transaction, when
GraphQL's executor comes to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import orjson
from django.apps import apps
from graphql import GraphQLError, GraphQLResolveInfo
from graphql.language import DocumentNode

from dynamic_databases.active import active_alias
from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.errors import DatabaseProblem, NoActiveDatabase
from dynamic_databases.process import process_registry
from schema.built_schema import BuiltSchema
from schema.errors import BadUserInput, OperationProblem
from schema.execution.node_reader import give_types
from schema.execution.routing import routed_alias
from schema.execution.runner import Runner
from schema.global_ids import SCOPE, scope_of
from schema.limits import Limits
from schema.memory_budget import MemoryBudget
from schema.operations import CompiledOperation
from schema.plan.session_variables import given_session
from schema.types.reading import Answered
from schema.types.roots import RootType

if TYPE_CHECKING:
    from schema.apps import SchemaConfig

_SEVERAL = (
    "A mutation of several fields is one transaction, which GraphQL's own executor can't run: give "
    "it execution_context_class=schema.mounting.TenantExecutionContext."
)
BINDING = "binding"  # in the extensions of a schema that is bound to a database


@dataclass(frozen=True)
class Binding:
    """The database of a schema, and how its errors are described to clients."""

    alias: Alias
    described: Callable[[Exception], GraphQLError]


def with_resolvers(built: BuiltSchema, limits: Limits) -> None:
    """Give the root fields of a schema their resolver; the others read what that gives."""
    schema = built.schema.graphql_schema

    def resolve_root(_source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
        if isinstance(info.context, Answered):
            return info.context.trees[str(info.path.key)]
        binding: Binding | None = info.schema.extensions.get(BINDING)
        if binding is None:
            return _run_root(built, limits, info, _alias(info))
        try:
            return _run_root(built, limits, info, binding.alias, alone=True)
        except (DatabaseProblem, OperationProblem) as error:
            raise binding.described(error) from error

    for root in (schema.query_type, schema.mutation_type):
        if isinstance(root, RootType):
            root.fields.resolve_with(resolve_root)


def _run_root(
    built: BuiltSchema,
    limits: Limits,
    info: GraphQLResolveInfo,
    alias: Alias,
    *,
    alone: bool = False,
) -> Any:
    """Plan the whole operation, run the one root field that is asked for.

    With `alone` a mutation of several fields is refused: it would be several transactions.
    """
    document = DocumentNode(definitions=(info.operation, *info.fragments.values()))
    operation = CompiledOperation(built, document, info.operation, limits, MemoryBudget())
    whole = operation.prepare(info.variable_values)
    roots = tuple(root for root in whole.roots if root.root.key == info.path.key)
    if alone and operation.is_mutation and len(whole.roots) > 1:
        raise BadUserInput(_SEVERAL)
    prepared = replace(whole, roots=roots)
    registry = process_registry()
    source = routed_alias(registry, alias, prepared.plan)
    with registry.connections.lease(source) as wrapper:
        cursors = cast("SchemaConfig", apps.get_app_config("schema")).cursors
        session = given_session(info.context)
        runner = Runner(
            alias,
            lambda: registry.models(alias),
            limits,
            cursors,
            session=session,
            source=source,
        )
        answer = runner.run(wrapper, operation, prepared, info.variable_values)
    if answer.errors:
        raise answer.errors[0][1]
    tree = orjson.loads(answer.fragments[0][1]) if answer.fragments else None
    if roots and roots[0].node is not None:
        scoped = {**info.variable_values, SCOPE: scope_of(alias)}
        give_types(roots[0].node.plan, tree, scoped)
    return tree


def _alias(info: GraphQLResolveInfo) -> Alias:
    given = info.context.get("alias") if isinstance(info.context, dict) else None
    alias = given or active_alias()
    if alias is None:
        raise NoActiveDatabase(info.parent_type.name)
    return as_alias(str(alias))
