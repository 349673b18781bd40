"""Query text → parsed, validated and planned once; planned again only for another shape of variables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSchema, parse, validate
from graphql.language import (
    DocumentNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    OperationType,
)

from dynamic_databases.beside import Awaited, beside_traffic, give_way, giving_way, in_turns
from dynamic_databases.catalog.capabilities import JsonWay
from schema.arguments import (
    Arguments,
    VariableReader,
    VariableShape,
    check_depth,
    coerce_variables,
    shape_of,
    variable_readers,
)
from schema.bounded import Bounded
from schema.built import BuiltSchema
from schema.cost import check_cost, is_fixed
from schema.custom_fields import structural_variables
from schema.errors import BadUserInput, InvalidDocument, TooComplex
from schema.introspection import introspect
from schema.limits import Limits
from schema.one_at_a_time import OneAtATime
from schema.plan.context import PlanContext
from schema.plan.nodes import (
    Aggregate,
    Connection,
    GroupBy,
    Introspect,
    NodeLookup,
    Page,
    Plan,
    Root,
    Typename,
)
from schema.plan.operation import plan_operation
from schema.sql.compile import Compiler
from schema.sql.compiled import CompiledConnection, CompiledNode, CompiledWrite
from schema.sql.statement import Statement
from schema.validation.rules import rules_of

_PARSED, _VALID = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"


@dataclass(frozen=True)
class PreparedRoot:
    """A root field with its statement: None where it is read the portable way or is no statement."""

    root: Root
    read: Statement | None = None
    write: CompiledWrite | None = None
    connection: CompiledConnection | None = None
    node: CompiledNode | None = None


@dataclass(frozen=True)
class Prepared:
    """An operation for one shape of its variables, ready to run."""

    plan: Plan
    roots: tuple[PreparedRoot, ...]
    compiler: Compiler
    exact: bool  # reads are one JSON text of the server's
    has_fixed_cost: bool  # it was checked once; else it depends on the variables

    @cached_property
    def introspects(self) -> bool:
        return any(isinstance(root.root.action, Introspect) for root in self.roots)

    @cached_property
    def is_constant(self) -> bool:
        """Return whether the schema alone answers it: no database is asked."""
        return all(isinstance(root.root.action, Introspect | Typename) for root in self.roots)

    @cached_property
    def is_portable(self) -> bool:
        """Return whether something is read by the ORM, which blocks."""
        return any(_is_portable(root, exact=self.exact) for root in self.roots)


class CompiledOperation:
    """One operation of a valid document; keeps what it prepared, by the variables' shape."""

    def __init__(
        self,
        built: BuiltSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        limits: Limits,
        max_shapes: int = 64,
    ) -> None:
        self.built = built
        self.document = document
        self.operation = operation
        self._limits = limits
        self._fragments = {
            n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)
        }
        self._readers: tuple[VariableReader, ...] = variable_readers(
            built.schema.graphql_schema,
            operation.variable_definitions,
            structural_variables((operation, *self._fragments.values())),
            suggests=limits.suggestions,
        )
        self._prepared: Bounded[VariableShape, Prepared] = Bounded(max_shapes)
        self._preparing: OneAtATime[VariableShape] = OneAtATime()
        self._introspected: dict[str, bytes] = {}
        self._introspecting = threading.Lock()

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION

    def variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables coerced. Raises BadUserInput, or TooComplex where they nest too deep."""
        check_depth(given, self._limits.max_input_depth)
        return coerce_variables(self._readers, given)

    def prepare(self, variables: Mapping[str, Any]) -> Prepared:
        """Return the operation for this shape of variables, planned and compiled once per shape.

        Raises TooComplex where it may come to read too many rows.
        """
        shape = shape_of(self._readers, variables)
        known = self._prepared.get(shape)
        if known is None:
            with self._preparing.turn(shape) as awaited:
                known = self._prepared.get(shape)
                if known is None:
                    with giving_way(awaited):
                        known = self._prepare(variables)
                    self._prepared.put(shape, known)
        return self._affordable(known, variables)

    def peek(self, variables: Mapping[str, Any]) -> Prepared | None:
        """Return the operation for this shape of variables where it is prepared already.

        Raises as `prepare` does.
        """
        known = self._prepared.get(shape_of(self._readers, variables))
        return known and self._affordable(known, variables)

    def plan(self, variables: Mapping[str, Any]) -> Plan:
        """Return the plan alone: what will be read and written."""
        arguments = Arguments(self._readers, variables)
        names = self.built.names
        context = PlanContext(
            self.built.schema.graphql_schema, names, self._fragments, arguments, self._limits
        )
        fields = self.built.mutations if self.is_mutation else self.built.queries
        return plan_operation(context, self.operation, fields)

    def constant(self, action: object, variables: Mapping[str, Any]) -> bytes:
        """Return the JSON of a root field that needs no database."""
        if isinstance(action, Typename):
            return orjson.dumps(action.name)
        if isinstance(action, Introspect):
            return self.introspect(action.key, variables)
        raise TypeError(f"{action} needs a database")

    def introspect(self, key: str, variables: Mapping[str, Any]) -> bytes:
        """Return the JSON of one introspection root field, computed once where no variable is in play."""
        if self._readers:
            return self._introspect(key, variables)
        with self._introspecting:
            if key not in self._introspected:
                self._introspected[key] = self._introspect(key, variables)
            return self._introspected[key]

    def _prepare(self, variables: Mapping[str, Any]) -> Prepared:
        plan = self.plan(variables)
        give_way()
        capabilities = self.built.key.capabilities
        compiler = Compiler(capabilities, self._limits)
        exact = capabilities.json is JsonWay.EXACT
        fixed = is_fixed(plan)
        if fixed:
            check_cost(plan, variables, self._limits)
        roots = tuple(_prepared_root(root, compiler) for root in in_turns(plan.roots))
        return Prepared(plan, roots, compiler, exact, has_fixed_cost=fixed)

    def _affordable(self, prepared: Prepared, variables: Mapping[str, Any]) -> Prepared:
        if not prepared.has_fixed_cost:
            check_cost(prepared.plan, variables, self._limits)
        return prepared

    def _introspect(self, key: str, variables: Mapping[str, Any]) -> bytes:
        schema = self.built.schema.graphql_schema
        with beside_traffic(Awaited(1)):  # of a large schema it takes a while
            return orjson.dumps(introspect(schema, self.operation, self._fragments, variables, key))


class OperationCache:
    """Query text and operation name → `CompiledOperation`, bounded, the least used dropped."""

    def __init__(
        self, built: BuiltSchema, limits: Limits, max_entries: int, max_shapes: int = 64
    ) -> None:
        self._built = built
        self._limits = limits
        self._max_shapes = max_shapes
        self._entries: Bounded[tuple[str, str | None], CompiledOperation] = Bounded(max_entries)
        self._compiling: OneAtATime[tuple[str, str | None]] = OneAtATime()
        self._compiled = 0
        self._on_doubled: Callable[[], None] = _nothing

    def on_doubled(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever twice as many operations were compiled as when it was last called."""
        self._on_doubled = listener

    def peek(self, query: str, operation_name: str | None) -> CompiledOperation | None:
        """Return the operation where it is compiled already."""
        return self._entries.get((query, operation_name))

    def compile(self, query: str, operation_name: str | None) -> CompiledOperation:
        """Return the operation, compiled once however many wait for it.

        Raises InvalidDocument or BadUserInput; neither is kept.
        """
        key = (query, operation_name)
        known = self._entries.get(key)
        if known is not None:
            return known
        with self._compiling.turn(key) as awaited:
            known = self._entries.get(key)
            if known is None:
                with giving_way(awaited):
                    known = self._compile(query, operation_name)
                self._entries.put(key, known)
                self._compiled += 1
                if self._compiled & (self._compiled - 1) == 0:
                    self._on_doubled()
        return known

    def _compile(self, query: str, operation_name: str | None) -> CompiledOperation:
        document = parse_document(query, self._limits)
        give_way()
        operation = _chosen(document, operation_name)
        schema = self._built.schema.graphql_schema
        if schema.get_root_type(operation.operation) is None:
            kind = operation.operation.value
            raise InvalidDocument(
                _VALID, [{"message": f"There is no {kind} for you in this schema."}]
            )
        try:
            errors = self._errors(schema, document)
        except RecursionError:
            raise BadUserInput("The document is nested too deeply.") from None
        if errors:
            raise InvalidDocument(_code_of(errors), [error.formatted for error in errors])  # type: ignore[misc]
        return CompiledOperation(self._built, document, operation, self._limits, self._max_shapes)

    def _errors(self, schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
        """Return what is wrong; a document that is too much isn't looked at any further."""
        for rules in in_turns(rules_of(self._limits)):
            errors = validate(
                schema,
                document,
                rules,
                max_errors=self._limits.max_errors,
                hide_suggestions=not self._limits.suggestions,
            )
            if errors:
                return errors
        return []


def parse_document(query: str, limits: Limits) -> DocumentNode:
    """Return a document within its limits. Raises InvalidDocument or TooComplex."""
    try:
        return parse(
            query,
            max_tokens=limits.max_tokens,
            max_comments=limits.max_comments,
            no_location=False,
        )
    except GraphQLError as error:
        if "more than" in error.message and "comments" in error.message:
            text = (
                f"The document has more than {limits.max_comments} comments (GATEWAY_MAX_COMMENTS)."
            )
            raise TooComplex(text) from None
        if "more than" in error.message and "tokens" in error.message:
            text = f"The document has more than {limits.max_tokens} tokens (GATEWAY_MAX_TOKENS)."
            raise TooComplex(text) from None
        raise InvalidDocument(_PARSED, [dict(error.formatted)]) from None
    except RecursionError:
        raise InvalidDocument(
            _PARSED, [{"message": "The document is nested too deeply."}]
        ) from None


def _nothing() -> None:
    """Before anybody listens."""


def _is_portable(root: PreparedRoot, *, exact: bool) -> bool:
    if root.connection is not None:
        return not root.connection.has_nodes
    if root.node is not None or root.write is not None:
        return not exact
    return root.read is None and isinstance(root.root.action, Page | Aggregate | GroupBy)


def _prepared_root(root: Root, compiler: Compiler) -> PreparedRoot:
    match root.action:
        case Typename() | Introspect():
            return PreparedRoot(root)
        case Page() | Aggregate() | GroupBy():
            return PreparedRoot(root, read=compiler.read(root.action))
        case Connection():
            return PreparedRoot(root, connection=compiler.connection(root.action))
        case NodeLookup():
            return PreparedRoot(root, node=CompiledNode(root.action))
        case _:
            return PreparedRoot(root, write=compiler.write(root.action))


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
        if not operations:
            raise BadUserInput(f"The document has no operation named {name!r}.")
    elif len(operations) > 1:
        raise BadUserInput("The document has several operations: send operationName.")
    if not operations:
        raise InvalidDocument(_VALID, [{"message": "The document has no operation to run."}])
    return operations[0]


def _code_of(errors: list[GraphQLError]) -> str:
    own = next(
        (
            error.extensions["code"]
            for error in errors
            if error.extensions and "code" in error.extensions
        ),
        None,
    )
    return str(own) if own else _VALID
