"""A schema whose types are made as queries meet them, and all of them only for who looks at all.

What graphql-core asks of a schema while it validates and runs a document are types by name;
introspection, SDL and suggestions ask for the whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    get_named_type,
    introspection_types,
    specified_directives,
)
from graphql.type.schema import InterfaceImplementations

from dynamic_databases.catalog.types import TableName
from schema.names.tables import NamedTable
from schema.types.roots import RootType
from schema.types.tables import TableTypes
from schema.types.vocabulary import vocabulary

Completing = Callable[[], AbstractContextManager[None]]


class LazySchema(GraphQLSchema):
    """The schema of a catalog; `completing` is entered while all its types are made."""

    def __init__(
        self,
        types: TableTypes,
        query: RootType,
        mutation: RootType | None,
        completing: Completing = nullcontext,
    ) -> None:
        # Not graphql-core's own constructor, which walks through all types.
        self.query_type = query
        self.mutation_type = mutation
        self.subscription_type = None
        self.directives = specified_directives
        self.description = self.ast_node = None
        self.extensions = {}
        self.extension_ast_nodes = ()
        self._validation_errors = []  # valid by construction
        self._types = types
        self._completing = completing
        self._completing_lock = threading.Lock()  # taken before the next
        self._lock = threading.Lock()  # of what is known; taken before the types' own
        self._whole: GraphQLSchema | None = None
        self._known: dict[str, GraphQLNamedType] = {}
        self._walked: set[str] = set()
        self._expanded: set[TableName] = set()
        self.type_map = _TypesByName(self)  # type: ignore[assignment]  # graphql-core only reads it
        self._walk([introspection_types["__Schema"], query, *([mutation] if mutation else [])])
        if types.names.tables:
            self._walk([GraphQLInt])

    @property
    def whole(self) -> GraphQLSchema:
        """The schema with all its types, made once."""
        if self._whole is None:
            with self._completing_lock:
                if self._whole is None:
                    self._whole = self._completed()
        return self._whole

    @property
    def is_whole(self) -> bool:
        """Whether all types were made."""
        return self._whole is not None

    @property
    def made_count(self) -> int:
        """How many types were made."""
        return self._types.factory.count

    @property
    def size_bytes(self) -> int:
        """The memory of the types that were made; the tables count by themselves."""
        return self._types.factory.size_bytes

    def find(self, name: str) -> GraphQLNamedType | None:
        """Return the type that is called so, making the types of a few tables."""
        known = self._known.get(name)
        if known is not None or self._whole is not None:
            return known
        hub = self._types.hub(name)
        if hub is not None:
            return hub  # alone: plans ask for rows' types, variables for the others
        for table in self._tables_of(name):
            if name in self._known:
                break
            self._expand(table)
        return self._known.get(name)

    def get_implementations(self, interface_type: GraphQLInterfaceType) -> InterfaceImplementations:
        return self.whole.get_implementations(interface_type)

    def is_sub_type(
        self, abstract_type: GraphQLAbstractType, maybe_sub_type: GraphQLNamedType
    ) -> bool:
        """Return whether an object or interface implements an interface; there are no unions."""
        interfaces = getattr(maybe_sub_type, "interfaces", ())
        return any(interface.name == abstract_type.name for interface in interfaces)

    def __copy__(self) -> GraphQLSchema:
        return copy(self.whole)

    def _completed(self) -> GraphQLSchema:
        with self._completing():
            for table in self._types.names.tables.values():
                self._expand(table)
            return GraphQLSchema(
                query=self.query_type,
                mutation=self.mutation_type,
                types=self._types.linked(),
                directives=self.directives,
                assume_valid=True,
            )

    def _tables_of(self, name: str) -> Iterator[NamedTable]:
        """Yield the tables that may lead to the type of a name, the likely ones first."""
        names = self._types.names
        # A client may send a name of a megabyte: no prefix above the longest name is tried.
        longest = min(len(name), max(map(len, names.by_type), default=0))
        for length in range(longest, 0, -1):
            table = names.by_type.get(name[:length])
            if table is not None:
                yield table
                for relation in table.relations.values():
                    yield names.tables[relation.target]
        is_operators = name.endswith(("ComparisonExp", "CastExp"))
        if is_operators or name in vocabulary() or name in names.enums.values():
            yield from names.tables.values()

    def _expand(self, table: NamedTable) -> None:
        """Make all types of a table, up to those through which other tables follow."""
        with self._lock:
            if table.table.name in self._expanded:
                return
            for root in (self.query_type, self.mutation_type):
                if isinstance(root, RootType):
                    for field in root.fields.of_table(table):
                        self._walk([field.type, *(a.type for a in field.args.values())], table)
            self._expanded.add(table.table.name)

    def _walk(self, types: list[GraphQLType], table: NamedTable | None = None) -> None:
        """Note the types that these lead to; stop at another table's hubs, which are noted."""
        waiting = types
        while waiting:
            found = get_named_type(waiting.pop())
            self._known[found.name] = found
            hub = self._types.factory.hub(found)
            is_others = hub is not None and (table is None or hub != table.table.name)
            if found.name in self._walked or is_others or isinstance(found, RootType):
                continue
            self._walked.add(found.name)
            if isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
                waiting += found.interfaces
                for field in found.fields.values():
                    waiting += [field.type, *(a.type for a in field.args.values())]
            elif isinstance(found, GraphQLInputObjectType):
                waiting += [field.type for field in found.fields.values()]


class BoundSchema(LazySchema):
    """The types of another schema, with extensions that resolvers meet as `info.schema`'s."""

    def __init__(self, origin: LazySchema, extensions: dict[str, Any]) -> None:
        vars(self).update(vars(origin))
        self.extensions = extensions
        self._origin = origin

    @property
    def whole(self) -> GraphQLSchema:
        return self._origin.whole


class _TypesByName(Mapping[str, GraphQLNamedType]):
    """A schema's types: one is found by itself, all are made to be counted or gone through."""

    def __init__(self, schema: LazySchema) -> None:
        self._schema = schema

    def __getitem__(self, name: str) -> GraphQLNamedType:
        found = self._schema.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema.whole.type_map)

    def __len__(self) -> int:
        return len(self._schema.whole.type_map)
