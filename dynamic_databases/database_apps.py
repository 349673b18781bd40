"""An app for each registered database: `apps.get_model("DYNAMIC_DATABASE_7", "author")`.

Nothing is stored: `AppConfigs` makes the app when somebody asks for it. So nothing is left of a
database that is gone, and whatever goes through all apps (`migrate`, the admin) meets none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.db.models import Model

from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.errors import UnknownTable
from dynamic_databases.models_factory.factory import ModelSet
from dynamic_databases.process import process_registry

_stand_in: ContextVar[AppConfig | None] = ContextVar("app_that_stands_in", default=None)


class GeneratedAppConfig(AppConfig):
    """An app without a package: its models are made of a catalog."""

    def __init__(self, label: str, verbose_name: str) -> None:
        # Django's own constructor looks for a package and its folder.
        self.name = self.label = label
        self.verbose_name = verbose_name
        self.module: ModuleType | None = None
        self.models_module: ModuleType | None = None
        self.apps = apps

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.label}>"

    def import_models(self) -> None:
        """Do nothing: models are made of the catalog."""


class DatabaseAppConfig(GeneratedAppConfig):
    """The models of one registered database, bound to it; its label is the alias."""

    def __init__(self, alias: Alias) -> None:
        super().__init__(alias, f"Database {alias}")
        self._alias = alias

    def get_model(self, model_name: str, require_ready: bool = True) -> type[Model]:  # noqa: ARG002 - Django's signature
        """Return the model of a table, or of a class name in any case. Raises LookupError."""
        try:
            return process_registry().model(self._alias, model_name)
        except UnknownTable:
            for model in self.get_models():
                if model.__name__.lower() == model_name.lower():
                    return model
            raise

    def get_models(
        self,
        include_auto_created: bool = False,  # noqa: ARG002 - Django's signature
        include_swapped: bool = False,  # noqa: ARG002
    ) -> Iterator[type[Model]]:
        registry = process_registry()
        for table in registry.entry(self._alias).catalog.tables:
            yield registry.model(self._alias, str(table.name))


class CatalogAppConfig(GeneratedAppConfig):
    """The models that databases of one catalog share; pickled fields name them."""

    def __init__(self, models: ModelSet) -> None:
        super().__init__(models.label, "Tables of a catalog")
        self._models = models

    def get_model(self, model_name: str, require_ready: bool = True) -> type[Model]:  # noqa: ARG002 - Django's signature
        """Return the model of a class name in any case. Raises LookupError."""
        return self._models.apps.get_registered_model(self.label, model_name)

    def get_models(
        self,
        include_auto_created: bool = False,  # noqa: ARG002 - Django's signature
        include_swapped: bool = False,  # noqa: ARG002
    ) -> Iterator[type[Model]]:
        return iter(self._models.models.values())


class AppConfigs(dict[str, AppConfig]):
    """The project's apps, and by look-up alone those of registered databases."""

    def __init__(
        self, installed: Mapping[str, AppConfig], is_registered: Callable[[object], bool]
    ) -> None:
        super().__init__(installed)
        self._is_registered = is_registered

    def __missing__(self, label: str) -> AppConfig:
        stand_in = _stand_in.get()
        if stand_in is not None and stand_in.label == label:
            return stand_in
        if self._is_registered(label):
            return DatabaseAppConfig(as_alias(label))
        models = process_registry().models_labelled(label)
        if models is None:
            raise KeyError(label)
        return CatalogAppConfig(models)

    def get(self, label: str, default: Any = None) -> Any:
        """Find what a look-up finds: `_meta.app_config` asks this way."""
        try:
            return self[label]
        except KeyError:
            return default


@contextmanager
def app_stands_in(config: AppConfig) -> Iterator[None]:
    """In this context, have Django find `config` by its label."""
    token = _stand_in.set(config)
    try:
        yield
    finally:
        _stand_in.reset(token)


def install_database_apps(is_registered: Callable[[object], bool]) -> None:
    """Have Django's registry of apps find registered databases by their aliases."""
    registry: Any = apps
    registry.app_configs = AppConfigs(apps.app_configs, is_registered)
