"""Built schemas and their operations by key: one build however many wait, bounded by their bytes.

A thread of its own measures how large a schema is with its operations, again whenever its
operations have doubled. Until then it counts as others of its size did.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from dynamic_databases.catalog.types import Catalog, Fingerprint
from dynamic_databases.concurrency.exceptions import repeated
from dynamic_databases.concurrency.garbage_collection import collect, gc_paused
from dynamic_databases.concurrency.lru import LruCache
from dynamic_databases.concurrency.single_flight import SingleFlight
from dynamic_databases.registry import Entry
from schema.access import Access
from schema.build.builder import build_schema, schema_key
from schema.build.memory_size import bytes_of
from schema.build.shared_memory import SharedMemory
from schema.built_schema import BuiltSchema, SchemaKey
from schema.limits import Limits
from schema.memory_budget import DEFAULT_BYTES, MemoryBudget
from schema.operations import OperationCache

_log = logging.getLogger("schema.build.cache")
_BYTES_PER_COLUMN = 1_000  # of a schema, before any was measured
_FAILED_SECONDS = 1.0  # how long a build that failed isn't tried again
_GARBAGE_BYTES = 20_000_000  # at least, of dropped schemas, before the collector is called
_MEASURED_AFTER_SECONDS = 0.5  # the requests that waited for it are answered first
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


class _Dropped(Exception):
    """A schema was dropped while it was being measured."""


class SchemaCache:
    """Owns this process's schemas: at most `max_bytes`; drops the least used first."""

    def __init__(
        self,
        max_bytes: int,
        operation_entries: int,
        overrides: Mapping[str, str],
        shapes_per_operation: int = 64,
        operation_bytes: int = DEFAULT_BYTES,
    ) -> None:
        self._budget = MemoryBudget(operation_bytes)
        self._shapes_per_operation = shapes_per_operation
        self._max_bytes = max_bytes
        self._operation_entries = operation_entries
        self._overrides = overrides
        self._lock = threading.Lock()  # the event loop takes it: nothing waits that holds it
        self._entries: OrderedDict[SchemaKey, _Kept] = OrderedDict()
        self._sizes: dict[SchemaKey, int] = {}
        self._charges = SharedMemory()
        self._dropped_bytes = 0
        self._unused: set[SchemaKey] = set()  # as the last sweep found
        self._bytes_per_column = float(_BYTES_PER_COLUMN)
        self._places = threading.BoundedSemaphore(_COMPLETED_AT_ONCE)
        self._building: SingleFlight[SchemaKey] = SingleFlight()
        self._failed: dict[SchemaKey, tuple[Exception, float]] = {}
        self._keys: WeakKeyDictionary[Entry, dict[tuple[Access, bool], SchemaKey]] = (
            WeakKeyDictionary()
        )
        self._on_drop: Callable[[Fingerprint], None] = _nothing
        self._to_measure: dict[SchemaKey, None] = {}  # in order, each once
        self._measurer: threading.Thread | None = None
        self._measurer_lock = threading.Lock()
        self._logged: set[type[Exception]] = set()  # what measuring failed with

    def on_drop(self, listener: Callable[[Fingerprint], None]) -> None:
        """Call `listener` with a catalog's fingerprint once no schema of it is left."""
        self._on_drop = listener

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
        return kept.under.get(limits) or self._under(key, kept, limits)

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
        """The bytes of all schemas with their operations, as far as they are measured."""
        return sum(tuple(self._sizes.values()))  # copied at once: other threads write meanwhile

    @property
    def operation_bytes(self) -> int:
        """The bytes charged for all compiled operations and their introspection answers."""
        return self._budget.size_bytes

    def sweep(self, in_use: Collection[Fingerprint]) -> None:
        """Drop the schemas of catalogs that no database has, nor had at the sweep before.

        Each change of a database's columns leaves one.
        """
        with self._lock:
            keys = tuple(self._entries)
        unused = {key for key in keys if key.fingerprint not in in_use}
        dropped = []
        with self._lock:
            for key in unused & self._unused & self._entries.keys():
                self._drop(key)
                dropped.append(key)
        self._unused = unused.difference(dropped)
        self._tell(dropped)

    def measure(self) -> None:
        """Measure what waits to be measured, in this thread."""
        while (key := self._next_to_measure()) is not None:
            self._measure(key)

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
        kept = _Kept(built, LruCache(_LIMITS_PER_SCHEMA))
        found = self._under(key, kept, limits)
        self._keep(key, kept)
        return found

    @contextmanager
    def _completes(self, key: SchemaKey) -> Iterator[None]:
        """Let only so many complete their schemas at a time; each is measured again afterwards."""
        with self._places, gc_paused():
            yield
        self._wants_measure(key)

    def _under(self, key: SchemaKey, kept: _Kept, limits: Limits) -> CachedSchema:
        """Return a schema with a place for its operations under `limits`."""
        operations = OperationCache(
            kept.built,
            limits,
            self._operation_entries,
            self._shapes_per_operation,
            self._budget,
        )
        operations.on_doubled(lambda: self._wants_measure(key))
        found = CachedSchema(kept.built, operations)
        kept.under.put(limits, found)
        return found

    def _keep(self, key: SchemaKey, kept: _Kept) -> None:
        with self._lock:
            self._entries[key] = kept
            self._sizes[key] = int(_columns(kept.built.catalog) * self._bytes_per_column)
            dropped = self._shrink()
        self._tell(dropped)
        self._wants_measure(key)

    def _shrink(self) -> list[SchemaKey]:
        """Drop the least used until the rest fits; the last one stays whatever its size."""
        dropped = []
        while self.size_bytes > self._max_bytes and len(self._entries) > 1:
            key = next(iter(self._entries))
            self._drop(key)
            dropped.append(key)
        return dropped

    def _drop(self, key: SchemaKey) -> None:
        del self._entries[key]
        self._charges.forget(key)
        self._dropped_bytes += self._sizes.pop(key)

    def _tell(self, dropped: list[SchemaKey]) -> None:
        if not dropped:
            return
        with self._lock:
            kept = {key.fingerprint for key in self._entries}
            last = next(reversed(self._entries), None)
        if last is not None:  # it may have to pay for tables that the dropped ones paid for
            self._wants_measure(last)
        for key in dropped:
            if key.fingerprint not in kept:
                self._on_drop(key.fingerprint)
        if self._dropped_bytes > max(self._max_bytes / 4, _GARBAGE_BYTES):
            self._dropped_bytes = 0
            collect()  # types know each other: they are freed by the collector alone

    def _wants_measure(self, key: SchemaKey) -> None:
        with self._measurer_lock:
            self._to_measure[key] = None
            if self._measurer is None:
                measurer = threading.Thread(target=self._work, name="measure", daemon=True)
                measurer.start()  # raises where the system has no thread left: the next one tries
                self._measurer = measurer

    def _work(self) -> None:
        """Measure what waits, after a while, and end with it."""
        time.sleep(_MEASURED_AFTER_SECONDS)
        while (key := self._next_to_measure(ends=True)) is not None:
            try:
                self._measure(key)
            except Exception as error:  # noqa: BLE001 - the others are still to be measured
                # It counts as others of its size did. Each kind of failure is logged once.
                if type(error) not in self._logged:
                    self._logged.add(type(error))
                    _log.exception("a schema could not be measured")

    def _next_to_measure(self, *, ends: bool = False) -> SchemaKey | None:
        """Return what to measure next; without any and with `ends`, the thread ends."""
        with self._measurer_lock:
            key = next(iter(self._to_measure), None)
            if key is not None:
                del self._to_measure[key]
            elif ends:
                self._measurer = None
            return key

    def _measure(self, key: SchemaKey) -> None:
        def pause(seconds: float) -> None:
            time.sleep(seconds)
            if key not in self._entries:
                raise _Dropped

        with self._lock:
            kept = self._entries.get(key)
            if kept is None:
                return
            others = self._charges.take(key, kept.built.tables())
        try:
            size = bytes_of(kept, (self, self._budget, *others), pause)
        except _Dropped:
            return
        with self._lock:
            if key in self._sizes:
                self._sizes[key] = size
                self._bytes_per_column = size / max(_columns(kept.built.catalog), 1)
            del kept
            dropped = self._shrink()
        self._tell(dropped)

    def _key(self, entry: Entry, access: Access, common: bool) -> SchemaKey:
        """Return the key, which is hashed once, and goes with its entry."""
        keys = self._keys.setdefault(entry, {})
        if (access, common) not in keys:
            keys[access, common] = schema_key(entry, access, common=common)
        return keys[access, common]


def _columns(catalog: Catalog) -> int:
    return sum(len(table.columns) for table in catalog.tables)


def _nothing(_fingerprint: Fingerprint) -> None:
    """Before anybody listens."""
