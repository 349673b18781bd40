"""What is known of each alias: its configuration, catalog, capabilities and models.

One owner per process. Everything is read once however many wait for it, shared by fingerprint,
and forgotten on demand. It knows aliases, not rows: the app gives it the loader.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dynamic_databases.aliases import Alias, primary_of, replica_alias, replica_of
from dynamic_databases.catalog.bookkeeping import without_bookkeeping
from dynamic_databases.catalog.capabilities import Capabilities, probe_capabilities
from dynamic_databases.catalog.enum_tables import (
    EnumTable,
    Row,
    digest_of,
    find_enum_tables,
    unreadable,
    with_enums,
)
from dynamic_databases.catalog.interning import SharedTables
from dynamic_databases.catalog.overrides import parse_overrides, with_overrides
from dynamic_databases.catalog.read import (
    change_token,
    check_engine,
    read_catalog,
    read_enum_rows,
)
from dynamic_databases.catalog.types import Catalog, Fingerprint
from dynamic_databases.catalog_schedule import CatalogSchedule
from dynamic_databases.concurrency.exceptions import repeated
from dynamic_databases.connections.pool import Connections
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import DatabaseProblem, NotPermitted, NotRegistered
from dynamic_databases.models_factory.factory import BoundModels, ModelSet
from dynamic_databases.replicas.choice import Replicas


@dataclass(frozen=True)
class DatabaseSettings:
    """What the control database says of one alias."""

    config: dict[str, Any]  # as Django's settings want it, secrets open
    baseline: Catalog | None
    overrides: Path | None = None  # its override file, which need not be there
    revision: int = 0  # of its row
    replicas: Mapping[int, dict[str, Any]] = field(default_factory=dict)  # configurations


@dataclass(frozen=True, eq=False)
class Entry:
    """What one read of a database found; immutable, replaced as a whole, compared by identity."""

    alias: Alias
    catalog: Catalog
    capabilities: Capabilities
    baseline: Catalog | None
    change_token: str

    @property
    def fingerprint(self) -> Fingerprint:
        return self.catalog.fingerprint

    @property
    def baseline_fingerprint(self) -> Fingerprint | None:
        return self.baseline.fingerprint if self.baseline else None


Load = Callable[[int], DatabaseSettings | None]
_ENUMS = "|enums "  # in a change token, before the digest of their rows
_FAILED_SECONDS = 1.0  # how long a catalog that can't be read isn't tried again


class Registry:
    """Alias → `DatabaseSettings` and `Entry`, for all threads of this process.

    `before_use` is called before each look-up: it learns what other processes changed.
    """

    def __init__(
        self,
        load: Load,
        pk_of: Callable[[Alias], int | None],
        connections: Connections,
        before_use: Callable[[], None],
    ) -> None:
        self.connections = connections
        self.schedule = CatalogSchedule(self.is_expired)
        self.replicas = Replicas(connections, self._replicas_of)
        self._load = load
        self._pk_of = pk_of
        self._before_use = before_use
        self._lock = threading.RLock()  # Django asks for models while others are made
        # Each grows with every forget(): a read begun before is not kept.
        self._versions: dict[Alias, int] = {}
        self._sources: dict[Alias, DatabaseSettings | None] = {}
        self._entries: dict[Alias, Entry] = {}
        self._reading: dict[Alias, threading.Lock] = {}
        self._expired: set[Alias] = set()
        self._read_revisions: dict[Alias, int] = {}
        self._failed: dict[Alias, tuple[DatabaseProblem, float]] = {}
        self._bound: dict[Alias, BoundModels] = {}
        self._tables = SharedTables()
        self._catalogs: weakref.WeakValueDictionary[Fingerprint, Catalog] = (
            weakref.WeakValueDictionary()
        )
        self._capabilities: weakref.WeakValueDictionary[Capabilities, Capabilities] = (
            weakref.WeakValueDictionary()
        )
        self._model_sets: weakref.WeakValueDictionary[
            tuple[Fingerprint, Fingerprint | None], ModelSet
        ] = weakref.WeakValueDictionary()
        self._models_of: dict[Alias, ModelSet] = {}

    def load_with(self, load: Load) -> None:
        """Have databases' sources be loaded by `load` from now on."""
        self._load = load

    def config(self, alias: Alias) -> dict[str, Any] | None:
        """Return the settings of a registered, enabled database, or of its replica, or None."""
        primary, number = replica_of(alias) or (alias, None)
        source = self._source(primary)
        if source is None or number is None:
            return source.config if source else None
        return source.replicas.get(number)

    def revision(self, alias: Alias) -> int | None:
        """Return the revision of the row that is in use here, or None where none is."""
        source = self._sources.get(alias)
        return source.revision if source is not None else None

    def revisions(self) -> dict[Alias, int]:
        """Return the revision of each row that is in use here."""
        return {alias: source.revision for alias, source in tuple(self._sources.items()) if source}

    def peek(self, alias: Alias) -> Entry | None:
        """Return what is known of `alias` without any I/O."""
        return self._entries.get(alias)

    def fingerprints(self) -> set[Fingerprint]:
        """Return the catalogs that are in use."""
        return {entry.fingerprint for entry in tuple(self._entries.values())}

    def known_aliases(self) -> list[Alias]:
        return list(self._entries)

    def entry(self, alias: Alias) -> Entry:
        """Return the entry of `alias`; its catalog is read if needed, one read at a time.

        Raises `NotRegistered`, and the errors of `outcomes`.
        """
        self._before_use()
        if (known := self._entries.get(alias)) is not None:
            return known
        with self._reading_of(alias):
            return self._entries.get(alias) or self._read_or_fail_again(alias)

    def refresh(self, alias: Alias, revision: int | None = None) -> Entry:
        """Read the catalog of `alias` again; others see the old entry until it is there.

        One read at a time, so that what was read last is what is kept. `revision` is that of the
        change which it is read for, where there was one.
        """
        with self._reading_of(alias):
            entry = self._read(alias)
            if revision is not None:
                self._read_revisions[alias] = revision
            return entry

    def current(self, alias: Alias) -> Entry:
        """Return the entry as the catalog is now, which is read only where it may have changed."""
        return self.refresh(alias) if self.has_changed(alias) else self.entry(alias)

    def has_changed(self, alias: Alias) -> bool:
        """Ask the database, with one cheap query, whether its catalog may have changed."""
        known = self._entries.get(alias)
        if known is None or alias in self._expired:
            return True
        source = self._source(alias)
        stamp = _stamp(source.overrides) if source else ""
        with self.connections.lease(alias):
            token, _, enums = known.change_token.partition(_ENUMS)
            if change_token(alias) + stamp != token:
                return True
            return bool(enums) and _enum_digest(alias, known.catalog) != enums

    def expire(self, alias: Alias) -> None:
        """Have the process that follows `alias` read its catalog again; until then it serves."""
        if alias in self._entries:
            self._read_revisions.pop(alias, None)
            self._expired.add(alias)

    def has_read(self, alias: Alias, revision: int) -> bool:
        """Return whether the catalog was read here for a change of that revision or a later one."""
        return self._read_revisions.get(alias, 0) >= revision

    def is_expired(self, alias: Alias) -> bool:
        return alias in self._expired

    def models(self, alias: Alias) -> ModelSet:
        """Return the models of an alias's catalog, shared by all databases of that catalog."""
        entry = self.entry(alias)
        key = (entry.fingerprint, entry.baseline_fingerprint)
        with self._lock:
            models = self._model_sets.get(key)
            if models is None:
                models = ModelSet(entry.catalog, entry.baseline)
                self._model_sets[key] = models
            if self._entries.get(alias) is entry:
                self._models_of[alias] = models
        return models

    def models_labelled(self, label: str) -> ModelSet | None:
        """Return the models in use here whose app label it is: they are of a catalog."""
        with self._lock:
            sets = list(self._model_sets.values())
        return next((models for models in sets if models.label == label), None)

    def model(self, alias: Alias, table: str) -> type[DynamicSchemaModel]:
        """Return the model of one table, bound to `alias`. Raises UnknownTable."""
        models = self.models(alias)
        with self._lock:
            bound = self._bound.get(alias)
            if bound is None or bound.models is not models:
                bound = BoundModels(models, alias, self.refreshed_model)
                self._bound[alias] = bound
        return bound.find(table)

    def refreshed_model(self, row: DynamicSchemaModel) -> type[DynamicSchemaModel]:
        """Read the catalog of a row's database again; return the model of its table there.

        A project's own class stays what it is.
        """
        name = row.database_alias or row._state.db
        if name is None:
            return type(row)
        alias = primary_of(name)
        self.refresh(alias)
        return self.model(alias, row.table_name) if row.table_name else type(row)

    def release(self, fingerprint: Fingerprint) -> None:
        """Let go of a catalog that is no longer used: who asks for it again has it read again."""
        with self._lock:
            for alias, entry in list(self._entries.items()):
                if entry.fingerprint == fingerprint:
                    del self._entries[alias]
                    self._bound.pop(alias, None)
                    self._models_of.pop(alias, None)

    def forget(self, alias: Alias) -> list[Alias]:
        """Drop what is known of an alias and its replicas, with connections; return all these."""
        with self._lock:
            replicas = self._replicas_of(alias)
            self._versions[alias] = self._versions.get(alias, 0) + 1
            self._sources.pop(alias, None)
            self._entries.pop(alias, None)
            self._expired.discard(alias)
            self._failed.pop(alias, None)
            self._read_revisions.pop(alias, None)
            self._bound.pop(alias, None)
            self._models_of.pop(alias, None)
        self.schedule.forget(alias)
        self.replicas.forget(replicas)
        for one in (alias, *replicas):
            self.connections.close(one)
        return [alias, *replicas]

    def _replicas_of(self, alias: Alias) -> list[Alias]:
        """Return the replicas of a database in use, without any I/O."""
        if (source := self._sources.get(alias)) is None or not source.replicas:
            return []
        return [replica_alias(alias, number) for number in source.replicas]

    def _source(self, alias: Alias) -> DatabaseSettings | None:
        self._before_use()
        if alias in self._sources:
            return self._sources[alias]
        version = self._versions.get(alias, 0)
        pk = self._pk_of(alias)
        source = self._load(pk) if pk is not None else None
        with self._lock:
            if version == self._versions.get(alias, 0) and source is not None:
                self._sources[alias] = source
        return source

    def _reading_of(self, alias: Alias) -> threading.Lock:
        with self._lock:
            return self._reading.setdefault(alias, threading.Lock())

    def _read_or_fail_again(self, alias: Alias) -> Entry:
        """Read a catalog; for a moment after a failure, raise the same error without a try."""
        error, until = self._failed.get(alias, (None, 0.0))
        if error is not None and time.monotonic() < until:
            raise repeated(error) from error
        try:
            entry = self._read(alias)
        except NotRegistered:
            raise
        except DatabaseProblem as error:
            self._failed[alias] = (error, time.monotonic() + _FAILED_SECONDS)
            raise
        self._failed.pop(alias, None)
        return entry

    def _read(self, alias: Alias) -> Entry:
        """Read a catalog; where that fails, one that was to be read again still is."""
        was_expired = alias in self._expired
        self._expired.discard(alias)  # before it is read: who expires it meanwhile is heard
        try:
            return self._read_again(alias)
        except BaseException:
            if was_expired:
                self.expire(alias)
            raise

    def _read_again(self, alias: Alias) -> Entry:
        version = self._versions.get(alias, 0)
        source = self._source(alias)
        if source is None:
            raise NotRegistered(alias)
        check_engine(source.config["ENGINE"])
        stamp = _stamp(source.overrides)
        with self.connections.lease(alias) as wrapper:
            capabilities = probe_capabilities(wrapper)  # first: it refuses a server that is too old
            token = change_token(alias) + stamp
            catalog = _as_shown(read_catalog(alias), source.overrides if stamp else None)
            catalog, digest = _with_enums(alias, catalog, source.baseline)
        token += f"{_ENUMS}{digest}" if digest else ""
        known = self._entries.get(alias)
        catalog = self._tables.share(catalog, known.catalog if known is not None else None)
        fingerprint = catalog.fingerprint  # computed before the lock: it takes a while
        with self._lock:
            # Equal catalogs are one object, and so are equal capabilities: a tenant more costs its
            # name.
            catalog = self._catalogs.setdefault(fingerprint, catalog)
            capabilities = self._capabilities.setdefault(capabilities, capabilities)
        entry = Entry(alias, catalog, capabilities, source.baseline, token)
        with self._lock:
            if version == self._versions.get(alias, 0):
                before = self._entries.get(alias)
                self._entries[alias] = entry
                if before is not None and before.catalog is not catalog:
                    self._bound.pop(alias, None)  # with the models of the catalog that was
                    self._models_of.pop(alias, None)
        return entry


def _as_shown(catalog: Catalog, file: Path | None) -> Catalog:
    """Return the catalog as its override file has it, without Django's bookkeeping."""
    if file is None:
        return without_bookkeeping(catalog)
    overrides = parse_overrides(file.read_text(), file.name)
    return with_overrides(without_bookkeeping(catalog, overrides.show), overrides)


def _with_enums(alias: Alias, catalog: Catalog, baseline: Catalog | None) -> tuple[Catalog, str]:
    """Return the catalog with the enums that tables are, and a digest of their rows."""
    names = tuple(sorted({*catalog.enums, *(baseline.enums if baseline else ())}))
    if not names:
        return catalog, ""
    tables, skipped = find_enum_tables(catalog, names)
    rows = _enum_rows(alias, tables)
    if rows is None:
        skipped, tables = [*skipped, *unreadable(tables)], []
    catalog = replace(catalog, skipped=(*catalog.skipped, *skipped))
    return with_enums(catalog, names, tables, rows or []), _digest(rows)


def _enum_rows(alias: Alias, tables: Sequence[EnumTable]) -> list[Row] | None:
    """Return the rows of enums; None where the login may not read them, which stops no tenant."""
    try:
        return read_enum_rows(alias, tables)
    except NotPermitted:
        return None


def _enum_digest(alias: Alias, catalog: Catalog) -> str:
    tables, _ = find_enum_tables(catalog, catalog.enums)
    return _digest(_enum_rows(alias, tables))


def _digest(rows: list[Row] | None) -> str:
    return "unreadable" if rows is None else digest_of(rows)


def _stamp(file: Path | None) -> str:
    """Return what changes with a file; nothing where there is none."""
    try:
        return f"|{file.stat().st_mtime_ns}" if file else ""
    except FileNotFoundError:
        return ""
