"""Query text → parsed, validated and planned once; another shape of variables is planned again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import orjson
from graphql.language import (
    DocumentNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    OperationType,
)

from dynamic_databases.catalog.capabilities import JsonWay
from dynamic_databases.concurrency.garbage_collection import gc_paused
from dynamic_databases.concurrency.lru import LruCache
from dynamic_databases.concurrency.single_flight import SingleFlight
from schema.built_schema import BuiltSchema
from schema.limits import Limits
from schema.memory_budget import MemoryBudget
from schema.plan.arguments import Arguments
from schema.plan.context import PlanContext
from schema.plan.cost import check_cost, is_fixed
from schema.plan.custom_fields import structural_variables
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
from schema.plan.permissions import permitted_rows
from schema.plan.variables import (
    VariableReader,
    VariableShape,
    check_depth,
    coerce_variables,
    shape_of,
    variable_readers,
)
from schema.plan.walk import nested_connections
from schema.sql.compile import Compiler
from schema.sql.compiled import CompiledConnection, CompiledNode, CompiledWrite
from schema.sql.statement import Statement
from schema.types.introspection import introspect
from schema.uncarried import MARKS, marks_of
from schema.validation.document import (
    check_document,
    choose_operation,
    parse_document,
    token_count,
)

# As a walk of the objects finds them: a document's tokens as nodes, and a plan with its statements.
_BYTES_PER_OPERATION, _BYTES_PER_TOKEN = 4_000, 500
_BYTES_PER_SHAPE, _BYTES_PER_PLANNED_TOKEN = 3_000, 60
_KEPT_SHARE = 8  # an introspection answer above this part of the budget is made each time


@dataclass(frozen=True)
class PreparedRoot:
    """A root field with its statement: None where it is read by the ORM or is no statement."""

    root: Root
    read: Statement | None = None
    write: CompiledWrite | None = None
    connection: CompiledConnection | None = None
    node: CompiledNode | None = None

    @cached_property
    def nested(self) -> tuple[Connection, ...]:
        """The connections of related rows inside it."""
        return tuple(nested_connections(self.root.action))

    @cached_property
    def marks(self) -> tuple[bytes, ...]:
        """What may stand in its answer for a required cell that no type carries."""
        if isinstance(self.root.action, Introspect | Typename):
            return ()
        return marks_of(self.read.sql) if self.read is not None and not self.nested else MARKS


@dataclass(frozen=True)
class Prepared:
    """An operation for one shape of its variables, ready to run."""

    plan: Plan
    roots: tuple[PreparedRoot, ...]
    compiler: Compiler
    exact: bool  # reads are one JSON text of the server's
    has_fixed_cost: bool  # it was checked once; else it depends on the variables

    @cached_property
    def by_rows(self) -> Prepared:
        """The same for a large answer: SQLite's lists come row by row, not as one text."""
        compiler = self.compiler
        return self._compiled(Compiler(compiler.capabilities, compiler.limits, by_rows=True))

    @cached_property
    def by_orm(self) -> Prepared:
        """The same, with all that is read read by the ORM."""
        capabilities = replace(self.compiler.capabilities, json=JsonWay.ORM)
        return self._compiled(Compiler(capabilities, self.compiler.limits))

    def _compiled(self, compiler: Compiler) -> Prepared:
        roots = tuple(_prepared_root(root.root, compiler) for root in self.roots)
        exact = compiler.capabilities.json is JsonWay.EXACT
        return replace(self, roots=roots, compiler=compiler, exact=exact)

    @cached_property
    def marks(self) -> tuple[bytes, ...]:
        """What may stand in the answer for a required cell that no type carries."""
        return tuple(mark for mark in MARKS if any(mark in root.marks for root in self.roots))

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
        budget: MemoryBudget,
        max_shapes: int = 64,
    ) -> None:
        self.built = built
        self.was_used = False  # since the budget met it last
        self.is_large = False  # its last answer was
        self.on_evict: Callable[[CompiledOperation], object] = _nothing
        self.charged_bytes = 0
        self._budget = budget
        self._tokens = token_count(document)
        self.document = document
        self.operation = operation
        self._limits = limits
        self._fragments = {
            n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)
        }
        self._readers: tuple[VariableReader, ...] = variable_readers(
            built.schema.graphql_schema,
            operation.variable_definitions,
            structural_variables(
                built.schema.graphql_schema, (operation, *self._fragments.values())
            ),
            suggests=limits.suggestions,
        )
        self._prepared: LruCache[VariableShape, Prepared] = LruCache(max_shapes)
        self._preparing: SingleFlight[VariableShape] = SingleFlight()
        self._introspected: dict[str, bytes] = {}
        self._introspecting = threading.Lock()

    def evict(self) -> None:
        """Leave the cache that holds it; who uses it at this moment goes on."""
        self.on_evict(self)

    @property
    def size_bytes(self) -> int:
        """The memory that it takes before it is prepared, about."""
        return _BYTES_PER_OPERATION + _BYTES_PER_TOKEN * self._tokens

    def charge(self, size_bytes: int) -> None:
        """Count more bytes for this operation; the budget may evict others."""
        self.charged_bytes += size_bytes
        self._budget.charge(self, size_bytes)

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION

    def variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables coerced. Raises BadUserInput, TooComplex (nested too deep)."""
        check_depth(given, self._limits.max_input_depth)
        return coerce_variables(self._readers, given)

    def prepare(self, variables: Mapping[str, Any]) -> Prepared:
        """Return the operation for this shape of variables, planned and compiled once per shape.

        Raises TooComplex where it may come to read too many rows.
        """
        shape = shape_of(self._readers, variables)
        known = self._prepared.get(shape)
        if known is None:
            with self._preparing.claim(shape):
                known = self._prepared.get(shape)
                if known is None:
                    known = self._prepare(variables)
                    self._prepared.put(shape, known)
                    size = _BYTES_PER_SHAPE + _BYTES_PER_PLANNED_TOKEN * self._tokens
                    self.charge(size)
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
        plan = plan_operation(context, self.operation, fields)
        return permitted_rows(plan, self.built.rules, self._limits)

    def constant(self, action: object, variables: Mapping[str, Any]) -> bytes:
        """Return the JSON of a root field that needs no database."""
        if isinstance(action, Typename):
            return orjson.dumps(action.name)
        if isinstance(action, Introspect):
            return self.introspect(action.key, variables)
        raise TypeError(f"{action} needs a database")

    def introspect(
        self, key: str, variables: Mapping[str, Any], render: Callable[[], bytes] | None = None
    ) -> bytes:
        """Return the JSON of one introspection root field, kept where no variable is in play.

        `render` makes it, else this thread does. One that would take much of the budget isn't
        kept.
        """
        render = render or partial(self._introspect, key, variables)
        if self._readers:
            return render()
        with self._introspecting:
            known = self._introspected.get(key)
            if known is None:
                known = render()
                if len(known) <= self._budget.max_bytes // _KEPT_SHARE:
                    self._introspected[key] = known
                    self.charge(len(known))
            return known

    def _prepare(self, variables: Mapping[str, Any]) -> Prepared:
        plan = self.plan(variables)
        capabilities = self.built.key.capabilities
        compiler = Compiler(capabilities, self._limits)
        exact = capabilities.json is JsonWay.EXACT
        fixed = is_fixed(plan)
        if fixed:
            check_cost(plan, variables, self._limits)
        roots = tuple(_prepared_root(root, compiler) for root in plan.roots)
        return Prepared(plan, roots, compiler, exact, has_fixed_cost=fixed)

    def _affordable(self, prepared: Prepared, variables: Mapping[str, Any]) -> Prepared:
        if not prepared.has_fixed_cost:
            check_cost(prepared.plan, variables, self._limits)
        return prepared

    def _introspect(self, key: str, variables: Mapping[str, Any]) -> bytes:
        schema = self.built.schema.graphql_schema
        with self._budget.rendering, gc_paused():  # of a large schema it takes a while
            return orjson.dumps(introspect(schema, self.operation, self._fragments, variables, key))


class OperationCache:
    """Query text and operation name → `CompiledOperation`, bounded, the least used dropped.

    `budget` bounds the bytes of the operations of all schemas that have it.
    """

    def __init__(
        self,
        built: BuiltSchema,
        limits: Limits,
        max_entries: int,
        max_shapes: int = 64,
        budget: MemoryBudget | None = None,
    ) -> None:
        self._budget = budget or MemoryBudget()
        self._built = built
        self._limits = limits
        self._max_shapes = max_shapes
        self._entries: LruCache[tuple[str, str | None], CompiledOperation] = LruCache(max_entries)
        self._compiling: SingleFlight[tuple[str, str | None]] = SingleFlight()

    @property
    def size_bytes(self) -> int:
        """The memory that the operations take with what is kept of them, about."""
        return sum(operation.charged_bytes for operation in self._entries.values())

    def peek(self, query: str, operation_name: str | None) -> CompiledOperation | None:
        """Return the operation where it is compiled already."""
        known = self._entries.get((query, operation_name))
        if known is not None:
            known.was_used = True
        return known

    def compile(self, query: str, operation_name: str | None) -> CompiledOperation:
        """Return the operation, compiled once however many wait for it.

        Raises InvalidDocument or BadUserInput; neither is kept.
        """
        key = (query, operation_name)
        known = self.peek(query, operation_name)
        if known is not None:
            return known
        with self._compiling.claim(key):
            known = self._entries.get(key)
            if known is None:
                known = self._compile(query, operation_name)
                known.on_evict = partial(self._entries.discard, key)
                self._entries.put(key, known)
                known.charge(known.size_bytes + len(query))
        return known

    def _compile(self, query: str, operation_name: str | None) -> CompiledOperation:
        document = parse_document(query, self._limits)
        operation = choose_operation(document, operation_name)
        check_document(self._built.schema.graphql_schema, document, operation, self._limits)
        return CompiledOperation(
            self._built, document, operation, self._limits, self._budget, self._max_shapes
        )


def _nothing(*_: object) -> None:
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
