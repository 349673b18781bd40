"""A document of someone who holds a tenant's schema → its answer, through their middleware.

The database answers the whole document first, as for the server. Middleware sees the fields of
that answer; a mutation's before its COMMIT, so that an error of the middleware undoes it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.apps import apps
from graphql import (
    DocumentNode,
    ExecutionContext,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
    OperationDefinitionNode,
    SourceLocation,
    execute,
    print_ast,
)
from graphql.execution.values import get_argument_values

from dynamic_databases.aliases import Alias
from dynamic_databases.errors import DatabaseProblem, SchemaChanged
from dynamic_databases.process import process_registry
from schema.apps import SchemaConfig
from schema.build.resolvers import BINDING, Binding
from schema.errors import AnswerTooLarge, BadUserInput, NotCarried, OperationProblem
from schema.execution.node_reader import give_types
from schema.execution.runner import Answer, Fragments, Runner
from schema.global_ids import SCOPE, scope_of
from schema.mount_source import Mount, mount_source
from schema.mounted_source import run_on_source
from schema.names.changes import fields_changed, what_is_gone
from schema.operations import CompiledOperation, Prepared
from schema.plan.session_variables import given_session
from schema.types.lazy import BoundSchema, LazySchema
from schema.types.reading import MarkedCell

_MOUNT = "mount"  # in the extensions of a schema that is bound


@dataclass(frozen=True)
class MountedDocument:
    """What Graphene's `execute` is given."""

    text: str
    root_value: Any = None
    context_value: Any = None
    variable_values: Mapping[str, Any] | None = None
    operation_name: str | None = None
    middleware: MiddlewareManager | Iterable[Any] | None = None
    execution_context_class: type[ExecutionContext] | None = None
    coerced_variables: dict[str, Any] | None = None  # where they are read already

    @property
    def middlewares(self) -> tuple[Any, ...]:
        given = self.middleware
        return given.middlewares if isinstance(given, MiddlewareManager) else tuple(given or ())


class TenantExecutionContext(ExecutionContext):
    """Has GraphQL's own `execute` run a tenant's schema as `TenantSchema.execute` does."""

    def execute_operation(self, operation: OperationDefinitionNode, root_value: Any) -> Any:
        mount: Mount | None = self.schema.extensions.get(_MOUNT)
        if mount is None:  # it goes through an answer
            return super().execute_operation(operation, root_value)
        document = DocumentNode(definitions=(operation, *self.fragments.values()))
        result = run_document(
            lambda: mount,
            MountedDocument(
                print_ast(document) if operation.loc is None else operation.loc.source.body,
                root_value,
                self.context_value,
                operation_name=operation.name.value if operation.name else None,
                middleware=self.middleware_manager,
                coerced_variables=self.variable_values,
            ),
        )
        self.collected_errors.errors.extend(result.errors or ())
        return result.data


class _Undone(Exception):
    """Middleware refused a mutation: what it did is rolled back."""

    def __init__(self, result: ExecutionResult) -> None:
        super().__init__("Middleware refused the mutation.")
        self.result = result


def bound_schema(mount: Mount) -> GraphQLSchema:
    """Return a schema whose resolvers ask the mount's database."""
    types = cast("LazySchema", mount.schema.built.schema.graphql_schema)
    binding = Binding(mount.alias, lambda error: _errors(error)[0])
    return BoundSchema(types, {BINDING: binding, _MOUNT: mount})


def run_document(find: Callable[[], Mount], document: MountedDocument) -> ExecutionResult:
    """Return the answer to a document on what `find` finds; its errors are in the answer."""
    try:
        return _Execution(find(), document).result()
    except _Undone as undone:
        return undone.result
    except (DatabaseProblem, OperationProblem) as error:
        return ExecutionResult(None, _errors(error))


class _Execution:
    """One document on one database."""

    def __init__(self, mount: Mount, document: MountedDocument) -> None:
        self._mount = mount
        self._document = document
        self._operation = mount.schema.operations.compile(document.text, document.operation_name)
        coerced = document.coerced_variables
        self._variables = (
            self._operation.variables(document.variable_values or {})
            if coerced is None
            else coerced
        )
        self._prepared = self._operation.prepare(self._variables)
        self._reviewed: ExecutionResult | None = None

    def result(self) -> ExecutionResult:
        """Raises DatabaseProblem, OperationProblem, and _Undone."""
        answer = self._answer()
        if self._reviewed is not None:
            return self._reviewed
        errors = [one for key, error in answer.errors for one in _errors(error, [key])] or None
        if answer.is_null:
            return ExecutionResult(None, errors)
        if not self._has_middleware:
            data = {key: json.loads(text) for key, text in answer.fragments}
            return ExecutionResult(data, errors)
        found = self._through_middleware(answer.fragments)
        return ExecutionResult(found.data, [*(errors or ()), *(found.errors or ())] or None)

    @property
    def _has_middleware(self) -> bool:
        document = self._document
        return bool(document.middlewares) or document.execution_context_class is not None

    def _answer(self) -> Answer:
        """Return what the database answers. Raises AnswerTooLarge."""
        operation, prepared = self._operation, self._prepared
        if prepared.is_constant:
            return _constant(operation, prepared, self._variables)
        alias, registry = self._mount.alias, process_registry()
        runner = Runner(
            alias,
            partial(registry.models, alias),
            self._mount.limits,
            cast("SchemaConfig", apps.get_app_config("schema")).cursors,
            max_bytes=self._mount.answer_bytes,
            review=self._review if self._has_middleware else None,
            session=given_session(self._document.context_value),
        )

        def run(source: Alias) -> Answer:
            with registry.connections.lease(source) as wrapper:
                on_source = replace(runner, source=source)
                return on_source.run(wrapper, operation, prepared, self._variables)

        try:
            answer = run_on_source(registry, alias, prepared.plan, run)
        except SchemaChanged as error:
            entry = registry.refresh(alias)
            changed = fields_changed(self._mount.schema.built.names, entry.catalog)
            raise what_is_gone(error, changed, is_mutation=operation.is_mutation) from error
        if answer.size_bytes > self._mount.answer_bytes and not answer.wrote:
            raise AnswerTooLarge(self._mount.answer_bytes)
        return answer

    def _review(self, fragments: Fragments) -> None:
        """Show a mutation's answer to the middleware, before COMMIT. Raises _Undone."""
        result = self._through_middleware(fragments)
        if any(not isinstance(error.original_error, MarkedCell) for error in result.errors or ()):
            raise _Undone(ExecutionResult(None, result.errors))
        self._reviewed = result

    def _through_middleware(self, fragments: Fragments) -> ExecutionResult:
        """Have GraphQL's own executor go through an answer, with the document's middleware."""
        document, operation = self._document, self._operation
        trees = {key: json.loads(text) for key, text in fragments}
        for root in self._prepared.roots:
            if root.node is not None:
                scoped = {**self._variables, SCOPE: scope_of(self._mount.alias)}
                give_types(root.node.plan, trees[root.root.key], scoped)
        definition = copy(operation.operation)
        definition.variable_definitions = ()  # they are coerced already
        others = (one for one in operation.document.definitions if one is not operation.operation)
        found = execute(
            operation.built.schema.graphql_schema,
            DocumentNode(definitions=(definition, *others)),
            document.root_value,
            document.context_value,
            operation_name=definition.name.value if definition.name else None,
            middleware=MiddlewareManager(_answering(trees), *document.middlewares),
            execution_context_class=_with_variables(
                document.execution_context_class or ExecutionContext, self._variables
            ),
        )
        if inspect.isawaitable(found):
            found = async_to_sync(_awaited)(found)
        return found


def _with_variables(
    base: type[ExecutionContext], variables: dict[str, Any]
) -> type[ExecutionContext]:
    """Return a kind of context that takes variables which are coerced already."""

    def __init__(self: ExecutionContext, *arguments: Any, **named: Any) -> None:  # noqa: N807 - it is one
        base.__init__(self, *arguments, **named)
        self.variable_values = variables

    return type(base.__name__, (base,), {"__init__": __init__})


async def _awaited(found: Awaitable[ExecutionResult]) -> ExecutionResult:
    return await found


def _answering(trees: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the innermost middleware, which gives the root fields that are answered already."""

    def resolve(resolver: Any, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.path.prev is not None or info.field_name.startswith("__"):
            return resolver(source, info, **arguments)
        field = info.parent_type.fields[info.field_name]
        if arguments != get_argument_values(field, info.field_nodes[0], info.variable_values):
            raise BadUserInput(
                f"Middleware changed the arguments of {info.field_name}, which is answered already;"
                " change the document's variables instead."
            )
        return trees[str(info.path.key)]

    return resolve


def _constant(
    operation: CompiledOperation, prepared: Prepared, variables: Mapping[str, Any]
) -> Answer:
    """Return the answer that the schema alone gives."""
    roots = prepared.plan.roots
    known = tuple((root.key, operation.constant(root.action, variables)) for root in roots)
    return Answer(known, asked=False)


def _errors(error: Exception, path: list[str | int] | None = None) -> list[GraphQLError]:
    """Return an error as the server describes it, with the exception that it was."""
    if isinstance(error, NotCarried):
        path = list(error.path)
    return [_error(error, one, path) for one in mount_source().describe(error)]


def _error(
    error: Exception, described: Mapping[str, Any], path: list[str | int] | None
) -> GraphQLError:
    made = GraphQLError(
        described["message"],
        path=described.get("path", path),
        original_error=error,
        extensions=described["extensions"],
    )
    made.locations = [SourceLocation(**one) for one in described.get("locations", ())] or None
    return made
