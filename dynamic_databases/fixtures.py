"""Rows of registered databases as fixtures: what `dumpdata` writes and `loaddata` takes.

A row's label is its database's alias and its class: `DYNAMIC_DATABASE_7.author`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db.models import Model

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.types import Catalog, Table
from dynamic_databases.database_apps import CatalogAppConfig, app_stands_in
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.model_identity import is_generated
from dynamic_databases.models_factory import factory
from dynamic_databases.process import process_registry

Note = Callable[[str], None]


def take_any_database(parser: Any) -> None:
    """Have `--database` take every name of a database: Django lists those of the settings."""
    for action in parser._actions:
        if action.dest == "database":
            action.choices = None


def check_database(using: str) -> None:
    """Raise CommandError where no database goes by a name."""
    if using not in settings.DATABASES:
        raise CommandError(f"There is no database called {using!r}, or it is out of service.")


@contextmanager
def dumped_models(alias: Alias, note: Note) -> Iterator[None]:
    """Have Django find models of a database that it doesn't take for proxies, to dump their rows.

    They are in an order in which rows can be loaded. What can't be loaded is left out and noted.
    Raises DatabaseProblem.
    """
    catalog = process_registry().current(alias).catalog
    models = factory.ModelSet(catalog, alias=alias)
    config = _DumpedAppConfig(
        models, [table for table in in_order(catalog) if _is_kept(table, note)]
    )
    with app_stands_in(config):
        yield


def check_destination(model: type[Model], using: str) -> None:
    """Raise CommandError where a row of `model` doesn't belong into the database `using`."""
    alias = settings.DATABASES.registered_alias(using)
    is_ours = issubclass(model, DynamicSchemaModel) and is_generated(model)
    home = model.database_alias if issubclass(model, DynamicSchemaModel) and is_ours else None
    if home == alias:
        return
    if home is None:
        raise CommandError(
            f"Nothing was loaded: {using!r} is a registered database, and {model._meta.label} is a "
            "table of the project itself. Load it into a database of settings.DATABASES."
        )
    other = f" For another database's rows, write {alias} for {home} in the file." if alias else ""
    raise CommandError(
        f"Nothing was loaded: {model._meta.label} is a table of the registered database {home}. "
        f"Give --database={home}.{other}"
    )


def in_order(catalog: Catalog) -> list[Table]:
    """Return the tables, each after those that it points to; as they are where they form a ring."""
    pointing = {
        table.name: {key.target for key in table.foreign_keys} - {table.name}
        for table in catalog.tables
    }
    try:
        return [catalog.by_name[name] for name in TopologicalSorter(pointing).static_order()]
    except CycleError:
        return list(catalog.tables)


def _is_kept(table: Table, note: Note) -> bool:
    if table.is_view:
        return False
    if not table.primary_key:
        note(f"{table.name} is left out: it has no key.")
    return bool(table.primary_key)


class _DumpedAppConfig(CatalogAppConfig):
    """The models of one database in the order of a dump."""

    def __init__(self, models: factory.ModelSet, tables: Sequence[Table]) -> None:
        super().__init__(models)
        self.models_module = factory  # `dumpdata` passes over apps without one
        self._tables = tables

    def get_model(self, model_name: str, require_ready: bool = True) -> type[Model]:  # noqa: ARG002 - Django's signature
        table = self._models.catalog.find(model_name)
        return self._models.models[table.name] if table else super().get_model(model_name)

    def get_models(
        self,
        include_auto_created: bool = False,  # noqa: ARG002 - Django's signature
        include_swapped: bool = False,  # noqa: ARG002
    ) -> Iterator[type[Model]]:
        return iter([self._models.models[table.name] for table in self._tables])
