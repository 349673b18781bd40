"""Built schemas and their operations by key: one build however many wait, bounded by their bytes.

A schema is counted when it is built and when all its types were made. Each sweep counts all again:
queries make types, and operations come and go.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from dynamic_databases.catalog.types import Fingerprint
from dynamic_databases.concurrency.exceptions import repeated
from dynamic_databases.concurrency.garbage_collection import collect, gc_paused
from dynamic_databases.concurrency.lru import LruCache
from dynamic_databases.concurrency.single_flight import SingleFlight
from dynamic_databases.registry import Entry
from schema.access import Access
from schema.build.builder import build_schema, schema_key
from schema.build.memory_size import own_bytes, shared_parts
from schema.build.shared_memory import SharedMemory
from schema.built_schema import BuiltSchema, SchemaKey
from schema.limits import Limits
from schema.memory_budget import DEFAULT_BYTES, MemoryBudget
from schema.operations import OperationCache

_FAILED_SECONDS = 1.0  # how long a build that failed isn't tried again
_GARBAGE_BYTES = 20_000_000  # at least, of dropped schemas, before the collector is called
_COMPLETED_AT_ONCE = 2  # it is all computing: more would only take longer, and from others
_LIMITS_PER_SCHEMA = 16  # tenants with limits of their own have operations of their own


@dataclass(frozen=True, eq=False)
class CachedSchema:
    """A built schema with the operations that were compiled for it under some limits."""

    built: BuiltSchema
    operations: OperationCache


@dataclass(frozen=True, eq=False)
class _Kept:
    """A built schema and its operations under each limits: all are dropped together."""

    built: BuiltSchema
    under: LruCache[Limits, CachedSchema]
    parts: tuple[tuple[object, int], ...]  # what other schemas may hold too, with its bytes

    @property
    def size_bytes(self) -> int:
        """What it takes besides its parts, with its operations."""
        operations = sum(one.operations.size_bytes for one in self.under.values())
        return own_bytes(self.built) + operations


def _ignore(_fingerprint: Fingerprint) -> None:
    """Nothing else keeps catalogs."""


class SchemaCache:
    """Owns this process's schemas: at most `max_bytes`; drops the least used first.

    `release` is called with a catalog's fingerprint once no schema of it is left.
    """

    def __init__(
        self,
        max_bytes: int,
        operation_entries: int,
        overrides: Mapping[str, str],
        shapes_per_operation: int = 64,
        operation_bytes: int = DEFAULT_BYTES,
        release: Callable[[Fingerprint], None] = _ignore,
    ) -> None:
        self._budget = MemoryBudget(operation_bytes)
        self._shapes_per_operation = shapes_per_operation
        self._max_bytes = max_bytes
        self._operation_entries = operation_entries
        self._overrides = overrides
        self._lock = threading.Lock()  # the event loop takes it: nothing waits that holds it
        self._entries: OrderedDict[SchemaKey, _Kept] = OrderedDict()
        self._sizes: dict[SchemaKey, int] = {}  # as last counted, without what is shared
        self._shared = SharedMemory()
        self._dropped_bytes = 0
        self._unused: set[SchemaKey] = set()  # as the last sweep found
        self._places = threading.BoundedSemaphore(_COMPLETED_AT_ONCE)
        self._building: SingleFlight[SchemaKey] = SingleFlight()
        self._failed: dict[SchemaKey, tuple[Exception, float]] = {}
        self._keys: WeakKeyDictionary[Entry, dict[tuple[Access, bool], SchemaKey]] = (
            WeakKeyDictionary()
        )
        self._release = release

    def peek(
        self, entry: Entry, access: Access, limits: Limits, *, common: bool = False
    ) -> CachedSchema | None:
        """Return the schema where it is built already."""
        key = self._key(entry, access, common)
        with self._lock:
            kept = self._entries.get(key)
            if kept is None:
                return None
            self._entries.move_to_end(key)
        return kept.under.get(limits) or self._under(kept, limits)

    def get(
        self, entry: Entry, access: Access, limits: Limits, *, common: bool = False
    ) -> CachedSchema:
        """Return the schema, building it where it isn't there: one build per key at a time.

        A build that failed fails again at once, for a moment.
        """
        key = self._key(entry, access, common)
        with self._building.claim(key):
            found = self.peek(entry, access, limits, common=common)
            return found or self._build(key, entry, access, limits, common)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """The bytes of all schemas with their operations, as they were last counted."""
        own = sum(tuple(self._sizes.values()))  # copied at once: other threads write meanwhile
        return self._shared.size_bytes + own

    @property
    def operation_bytes(self) -> int:
        """The bytes charged for all compiled operations and their introspection answers."""
        return self._budget.size_bytes

    def sweep(self, in_use: Collection[Fingerprint]) -> None:
        """Drop the schemas of catalogs that no database has, nor had at the sweep before.

        Each change of a database's columns leaves one. The others are counted again.
        """
        self.count_again()
        with self._lock:
            keys = tuple(self._entries)
        unused = {key for key in keys if key.fingerprint not in in_use}
        dropped = []
        with self._lock:
            for key in unused & self._unused & self._entries.keys():
                self._drop(key)
                dropped.append(key)
        self._unused = unused.difference(dropped)
        self._let_go(dropped)

    def count_again(self) -> None:
        """Count all schemas with what was made of them since; drop what is too much."""
        with self._lock:
            keys = tuple(self._entries)
        self._count(keys)

    def _build(
        self, key: SchemaKey, entry: Entry, access: Access, limits: Limits, common: bool
    ) -> CachedSchema:
        error, until = self._failed.get(key, (None, 0.0))
        if error is not None and time.monotonic() < until:
            raise repeated(error) from error
        try:
            completing = partial(self._completes, key)
            built = build_schema(
                entry, access, self._overrides, limits, common=common, completing=completing
            )
        except Exception as error:
            now = time.monotonic()
            with self._lock:
                self._failed = {k: v for k, v in self._failed.items() if v[1] > now}
                self._failed[key] = (error, now + _FAILED_SECONDS)
            raise
        kept = _Kept(built, LruCache(_LIMITS_PER_SCHEMA), tuple(shared_parts(built)))
        found = self._under(kept, limits)
        self._keep(key, kept)
        return found

    @contextmanager
    def _completes(self, key: SchemaKey) -> Iterator[None]:
        """Let only so many complete their schemas at a time; each is counted again afterwards."""
        with self._places, gc_paused():
            yield
        self._count((key,))

    def _under(self, kept: _Kept, limits: Limits) -> CachedSchema:
        """Return a schema with a place for its operations under `limits`."""
        operations = OperationCache(
            kept.built,
            limits,
            self._operation_entries,
            self._shapes_per_operation,
            self._budget,
        )
        found = CachedSchema(kept.built, operations)
        kept.under.put(limits, found)
        return found

    def _keep(self, key: SchemaKey, kept: _Kept) -> None:
        size = kept.size_bytes
        with self._lock:
            self._entries[key] = kept
            self._sizes[key] = size
            self._shared.hold(kept.parts)
            dropped = self._shrink()
        self._let_go(dropped)

    def _count(self, keys: Iterable[SchemaKey]) -> None:
        """Count schemas again, without the lock; drop the least used where all are too much."""
        kept = [(key, self._entries.get(key)) for key in keys]
        sizes = {key: one.size_bytes for key, one in kept if one is not None}
        with self._lock:
            self._sizes |= {key: size for key, size in sizes.items() if key in self._entries}
            dropped = self._shrink()
        self._let_go(dropped)

    def _shrink(self) -> list[SchemaKey]:
        """Drop the least used until the rest fits; the last one stays whatever its size."""
        dropped = []
        excess = self.size_bytes - self._max_bytes
        while excess > 0 and len(self._entries) > 1:
            key = next(iter(self._entries))
            excess -= self._drop(key)
            dropped.append(key)
        return dropped

    def _drop(self, key: SchemaKey) -> int:
        """Drop a schema; return the bytes that are free."""
        free = self._shared.release(self._entries.pop(key).parts) + self._sizes.pop(key)
        self._dropped_bytes += free
        return free

    def _let_go(self, dropped: list[SchemaKey]) -> None:
        """Release the catalogs of which no schema is left, and free what was dropped."""
        if not dropped:
            return
        with self._lock:
            kept = {key.fingerprint for key in self._entries}
        for key in dropped:
            if key.fingerprint not in kept:
                self._release(key.fingerprint)
        if self._dropped_bytes > max(self._max_bytes / 4, _GARBAGE_BYTES):
            self._dropped_bytes = 0
            collect()  # types know each other: they are freed by the collector alone

    def _key(self, entry: Entry, access: Access, common: bool) -> SchemaKey:
        """Return the key, which is hashed once, and goes with its entry."""
        keys = self._keys.setdefault(entry, {})
        if (access, common) not in keys:
            keys[access, common] = schema_key(entry, access, common=common)
        return keys[access, common]
