"""Built schemas and their operations by key: one build however many wait, the least used dropped."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from dynamic_databases.registry import Entry
from schema.access import Access
from schema.build import build_schema, schema_key
from schema.built import BuiltSchema, SchemaKey
from schema.limits import Limits
from schema.operations import OperationCache


@dataclass(frozen=True, eq=False)
class CachedSchema:
    """A built schema with the operations that were compiled for it: both are dropped together."""

    built: BuiltSchema
    operations: OperationCache


class SchemaCache:
    """The owner of this process's schemas."""

    def __init__(
        self, max_entries: int, operation_entries: int, overrides: Mapping[str, str]
    ) -> None:
        self._max_entries = max_entries
        self._operation_entries = operation_entries
        self._overrides = overrides
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[SchemaKey, Limits], CachedSchema] = OrderedDict()
        self._building: dict[tuple[SchemaKey, Limits], threading.Lock] = {}
        self._keys: WeakKeyDictionary[Entry, dict[Access, SchemaKey]] = WeakKeyDictionary()

    def peek(self, entry: Entry, access: Access, limits: Limits) -> CachedSchema | None:
        """Return the schema where it is built already."""
        key = (self._key(entry, access), limits)
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        return found

    def get(self, entry: Entry, access: Access, limits: Limits) -> CachedSchema:
        """Return the schema, building it where it isn't there: one build per key at a time."""
        key = (self._key(entry, access), limits)
        with self._lock:
            building = self._building.setdefault(key, threading.Lock())
        try:
            with building:
                found = self.peek(entry, access, limits)
                return found or self._keep(key, self._build(entry, access, limits))
        finally:
            with self._lock:
                self._building.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)

    def _build(self, entry: Entry, access: Access, limits: Limits) -> CachedSchema:
        built = build_schema(entry, access, self._overrides, limits)
        return CachedSchema(built, OperationCache(built, limits, self._operation_entries))

    def _keep(self, key: tuple[SchemaKey, Limits], cached: CachedSchema) -> CachedSchema:
        with self._lock:
            self._entries[key] = cached
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return cached

    def _key(self, entry: Entry, access: Access) -> SchemaKey:
        """Return the key, which is hashed once, and goes with its entry."""
        keys = self._keys.setdefault(entry, {})
        if access not in keys:
            keys[access] = schema_key(entry, access)
        return keys[access]
