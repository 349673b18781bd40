"""What is known of each alias: its configuration, catalog, capabilities and models.

One owner per process. Everything is read once however many wait for it, shared by fingerprint,
and forgotten on demand. It knows aliases, not rows: the app gives it the loader.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps

from dynamic_databases.active import Alias
from dynamic_databases.catalog.capabilities import Capabilities, probe_capabilities
from dynamic_databases.catalog.fingerprint import fingerprint_of
from dynamic_databases.catalog.read import change_token, check_engine, read_catalog
from dynamic_databases.catalog.types import Catalog, Fingerprint
from dynamic_databases.connections import Connections
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models_factory.factory import BoundModels, ModelSet

if TYPE_CHECKING:
    from dynamic_databases.apps import DynamicDatabasesConfig


@dataclass(frozen=True)
class Source:
    """What the control database says of one alias."""

    config: dict[str, Any]  # as Django's settings want it, secrets open
    baseline: Catalog | None


@dataclass(frozen=True, eq=False)
class Entry:
    """What one read of a database found; immutable, replaced as a whole, compared by identity."""

    alias: Alias
    catalog: Catalog
    fingerprint: Fingerprint
    capabilities: Capabilities
    baseline: Catalog | None
    change_token: str

    @cached_property
    def baseline_fingerprint(self) -> Fingerprint | None:
        return fingerprint_of(self.baseline) if self.baseline else None


Load = Callable[[int], Source | None]


class Registry:
    """Alias → `Source` and `Entry`, for all threads of this process."""

    def __init__(
        self, load: Load, pk_of: Callable[[str], int | None], connections: Connections
    ) -> None:
        self.connections = connections
        self._load = load
        self._pk_of = pk_of
        self._before_use: Callable[[], None] = _nothing
        self._lock = threading.Lock()
        self._versions: dict[
            str, int
        ] = {}  # grows with every forget(): a read begun before is not kept
        self._sources: dict[str, Source | None] = {}
        self._entries: dict[str, Entry] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._bound: dict[str, BoundModels] = {}
        self._model_sets: weakref.WeakValueDictionary[
            tuple[Fingerprint, Fingerprint | None], ModelSet
        ] = weakref.WeakValueDictionary()
        self._models_of: dict[str, ModelSet] = {}

    def set_before_use(self, check: Callable[[], None]) -> None:
        """Call `check` before each look-up: it learns what other processes changed."""
        self._before_use = check

    def config(self, alias: str) -> dict[str, Any] | None:
        """Return the settings of a registered, enabled database, or None."""
        source = self._source(alias)
        return source.config if source else None

    def peek(self, alias: str) -> Entry | None:
        """Return what is known of `alias` without any I/O."""
        return self._entries.get(alias)

    def known_aliases(self) -> list[str]:
        return list(self._entries)

    def entry(self, alias: str) -> Entry:
        """Return what is known of `alias`, reading its catalog where nothing is: one read at a time.

        Raises `KeyError` for an alias that isn't registered, and the errors of `outcomes`.
        """
        self._before_use()
        if (known := self._entries.get(alias)) is not None:
            return known
        with self._lock:
            reading = self._reading.setdefault(alias, threading.Lock())
        with reading:
            return self._entries.get(alias) or self._read(alias)

    def refresh(self, alias: str) -> Entry:
        """Read the catalog of `alias` anew; others see the old entry until it is there."""
        return self._read(alias)

    def refresh_if_changed(self, alias: str) -> None:
        """Read the catalog anew where the database says that it may have changed."""
        if self.has_changed(alias):
            self.refresh(alias)

    def has_changed(self, alias: str) -> bool:
        """Ask the database, with one cheap query, whether its catalog may have changed."""
        known = self._entries.get(alias)
        if known is None:
            return True
        with self.connections.lease(alias):
            return change_token(alias) != known.change_token

    def models(self, alias: str) -> ModelSet:
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

    def model(self, alias: str, table: str) -> type[DynamicSchemaModel]:
        """Return the model of one table, bound to `alias`. Raises UnknownTable."""
        models = self.models(alias)
        with self._lock:
            bound = self._bound.get(alias)
            if bound is None or bound.models is not models:
                bound = BoundModels(models, alias, self._refreshed_model)
                self._bound[alias] = bound
        return bound.find(table)

    def forget(self, alias: str) -> None:
        """Drop the alias's configuration, catalog, models and connections."""
        with self._lock:
            self._versions[alias] = self._versions.get(alias, 0) + 1
            self._sources.pop(alias, None)
            self._entries.pop(alias, None)
            self._bound.pop(alias, None)
            self._models_of.pop(alias, None)
        self.connections.close(alias)

    def _source(self, alias: str) -> Source | None:
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

    def _read(self, alias: str) -> Entry:
        version = self._versions.get(alias, 0)
        source = self._source(alias)
        if source is None:
            raise KeyError(alias)
        check_engine(source.config["ENGINE"])
        with self.connections.lease(alias) as wrapper:
            token = change_token(alias)
            capabilities = probe_capabilities(wrapper)
            catalog = read_catalog(alias)
        fingerprint = fingerprint_of(catalog)
        entry = Entry(Alias(alias), catalog, fingerprint, capabilities, source.baseline, token)
        with self._lock:
            if version == self._versions.get(alias, 0):
                self._entries[alias] = entry
        return entry

    def _refreshed_model(self, row: DynamicSchemaModel) -> type[DynamicSchemaModel]:
        alias = row.database_alias or row._state.db
        if alias is None:
            return type(row)
        self.refresh(alias)
        return self.model(alias, row.table_name)


def process_registry() -> Registry:
    """Return this process's registry, which the app made when it got ready."""
    config = cast("DynamicDatabasesConfig", apps.get_app_config("dynamic_databases"))
    return config.registry


def _nothing() -> None:
    """Before anything watches the control database."""
