"""Catalog → models built with `type()` in a private `Apps`, and bound ones on top of them.

One `ModelSet` serves every database of one catalog and baseline. A bound model is a thin proxy
whose reads and writes go to one alias; relations follow by the row they start from.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.apps import apps as project_apps
from django.apps.registry import Apps
from django.db import models

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.diff import dynamic_columns
from dynamic_databases.catalog.types import Catalog, ForeignKey, Table, TableName
from dynamic_databases.column_names import ModelRefresher
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import UnknownTable
from dynamic_databases.identifiers import quote_for_orm, quote_table
from dynamic_databases.models_factory.attributes import Attributes, attributes_of, class_names
from dynamic_databases.models_factory.fields import field_for
from dynamic_databases.models_factory.form_fields import RowForeignKey
from dynamic_databases.models_factory.identity import identity_of

_RESERVED = frozenset(name for name in dir(DynamicSchemaModel) if not name.startswith("__")) | {
    "pk",
    "objects",
    "id_",
    "DoesNotExist",
    "MultipleObjectsReturned",
    "NotUpdated",
}


class CatalogApps(Apps):
    """A registry that isn't Django's own: what is no longer referenced is garbage.

    Django's `get_models` keeps every registry that it was ever called on in a process-wide cache;
    here nothing is cached.
    """

    def __init__(self, parent: CatalogApps | None = None) -> None:
        self._parent = parent
        super().__init__([])
        # `_meta.app_config` finds the app of a database there.
        self.app_configs = project_apps.app_configs

    def get_models(
        self,
        include_auto_created: bool = False,  # noqa: ARG002 - Django's signature
        include_swapped: bool = False,  # noqa: ARG002
    ) -> list[type[models.Model]]:
        own = [model for by_name in self.all_models.values() for model in by_name.values()]
        return own + (self._parent.get_models() if self._parent else [])

    def clear_cache(self) -> None:
        """Do nothing: there is no cache."""


class ModelSet:
    """The models of one catalog, by table; their app label is the catalog's digest.

    `dynamic_attributes` are of the columns beyond the baseline. With an alias they are that
    database's alone, and so is the label.
    """

    def __init__(
        self, catalog: Catalog, baseline: Catalog | None = None, alias: Alias | None = None
    ) -> None:
        self.catalog = catalog
        self.apps = CatalogApps()
        self.label = alias or catalog_label(catalog, baseline)
        builder = _ModelBuilder(catalog, self.apps, self.label)
        self.models: dict[TableName, type[DynamicSchemaModel]] = {
            table.name: builder.build(table) for table in catalog.tables
        }
        for table in catalog.tables:
            model = self.models[table.name]
            own = builder.attributes[table.name]
            model.database_alias = alias
            model.dynamic_attributes = _dynamic_attributes(table, baseline, own, model)
            model._meta._expire_cache()  # type: ignore[attr-defined]  # Django's own way to reset

    def find(self, table: str) -> type[DynamicSchemaModel]:
        """Return the model of `table` or `schema.table`. Raises UnknownTable."""
        found = self.catalog.find(table)
        if found is None:
            raise UnknownTable(table, [str(known.name) for known in self.catalog.tables])
        return self.models[found.name]


class BoundModels:
    """The models of one database, made when they are asked for."""

    def __init__(
        self, models_of_catalog: ModelSet, alias: Alias, refresher: ModelRefresher
    ) -> None:
        self.models = models_of_catalog
        self._alias = alias
        self._refresher = refresher
        self._apps = CatalogApps(models_of_catalog.apps)
        self._bound: dict[type[DynamicSchemaModel], type[DynamicSchemaModel]] = {}

    def find(self, table: str) -> type[DynamicSchemaModel]:
        """Return the bound model of `table`. Raises UnknownTable."""
        model = self.models.find(table)
        if model not in self._bound:
            self._bound[model] = self._bind(model)
        return self._bound[model]

    def _bind(self, model: type[DynamicSchemaModel]) -> type[DynamicSchemaModel]:
        options = {"proxy": True, "apps": self._apps, "app_label": self._alias}
        names = {
            "verbose_name": model._meta.verbose_name,
            "verbose_name_plural": model._meta.verbose_name_plural,
        }
        meta = type("Meta", (), options | names)
        namespace = {
            "__module__": __name__,
            "__qualname__": model.__qualname__,
            "__doc__": model.__doc__,
            "Meta": meta,
            "database_alias": self._alias,
            "refresher": staticmethod(self._refresher),
        }
        return type(model.__name__, (model,), namespace)


def catalog_label(catalog: Catalog, baseline: Catalog | None) -> str:
    """Return the app label of a catalog's models: equal in every process that has read it."""
    parts = (catalog.fingerprint, baseline.fingerprint if baseline else "")
    return f"catalog_{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


class _ModelBuilder:
    """Builds the models of one catalog, which know each other's names."""

    def __init__(self, catalog: Catalog, apps: Apps, label: str) -> None:
        self._vendor = catalog.vendor
        self._apps = apps
        self._label = label
        self._names = class_names(catalog)
        self.attributes: dict[TableName, Attributes] = {
            table.name: attributes_of(table, self._names, _RESERVED) for table in catalog.tables
        }

    def build(self, table: Table) -> type[DynamicSchemaModel]:
        own = self.attributes[table.name]
        fields = self._fields(table)
        key = table.primary_key or tuple(column.name for column in table.columns)
        if len(key) > 1:
            fields["pk"] = models.CompositePrimaryKey(*(own.columns[part] for part in key))
        meta = {
            "apps": self._apps,
            "app_label": self._label,
            "managed": False,
            "db_table": _db_table(table.name, self._vendor),
            "verbose_name": str(table.name),
            "verbose_name_plural": str(table.name),
            "unique_together": [
                tuple(own.columns[column] for column in unique.columns)
                for unique in table.unique_keys
                if len(unique.columns) > 1
            ],
        }
        namespace: dict[str, Any] = {
            "__module__": __name__,
            "__doc__": table.comment or f"A row of {table.name}.",
            "Meta": type("Meta", (), meta),
            "table_name": str(table.name),
            "keyless": not table.primary_key,
            "attribute_of_column": dict(own.columns),  # a foreign key's attname is its column's
            **identity_of(table, own),
            **fields,
        }
        return type(self._names[table.name], (DynamicSchemaModel,), namespace)

    def _fields(self, table: Table) -> dict[str, Any]:
        own = self.attributes[table.name].columns
        only = table.columns[0].name if len(table.columns) == 1 else None
        key = table.primary_key if table.primary_key or only is None else (only,)
        unique = {k.columns[0] for k in table.unique_keys if len(k.columns) == 1}
        fields: dict[str, Any] = {
            own[column.name]: field_for(
                column,
                self._vendor,
                own[column.name],
                primary_key=key == (column.name,),
                unique=column.name in unique,
            )
            for column in table.columns
        }
        for foreign_key in table.foreign_keys:
            self._add_relation(fields, table, foreign_key)
        return fields

    def _add_relation(self, fields: dict[str, Any], table: Table, key: ForeignKey) -> None:
        """Let a ForeignKey take its column if Django can spell it, else add a ForeignObject."""
        own = self.attributes[table.name]
        name = own.relations[key]
        attname = own.columns[key.columns[0]]
        to_fields = [self.attributes[key.target].columns[column] for column in key.target_columns]
        options: dict[str, Any] = {
            "to": f"{self._label}.{self._names[key.target]}",
            "on_delete": models.DO_NOTHING,  # the database's own rules act
            "related_name": self._related_name(table, key),
        }
        column = table.by_name[key.columns[0]]
        plain = (
            attname == f"{name}_id"
            and column.name not in table.primary_key
            and not column.generated
        )
        if len(key.columns) == 1 and plain and attname in fields:
            del fields[attname]
            fields[name] = RowForeignKey(
                **options,
                to_field=to_fields[0],
                db_column=quote_for_orm(column.name, self._vendor),
                db_constraint=False,
                null=column.nullable,
                blank=column.nullable,
            )
        else:
            from_fields = [own.columns[part] for part in key.columns]
            fields[name] = models.ForeignObject(
                **options, from_fields=from_fields, to_fields=to_fields, null=True, serialize=False
            )

    def _related_name(self, table: Table, key: ForeignKey) -> str | None:
        """Return None for Django's own `<model>_set`, `+` where a column has that name already."""
        name = self.attributes[table.name].reverse[key]
        plain = name or f"{self._names[table.name].lower()}_set"
        return "+" if plain in self.attributes[key.target].columns.values() else name


def _dynamic_attributes(
    table: Table, baseline: Catalog | None, own: Attributes, model: type[DynamicSchemaModel]
) -> tuple[str, ...]:
    never = {field.attname for field in model._meta.pk_fields}
    attributes = (own.columns[column] for column in dynamic_columns(table, baseline))
    return tuple(attribute for attribute in attributes if attribute not in never)


def _db_table(name: TableName, vendor: str) -> str:
    if not name.schema:
        return quote_for_orm(name.name, vendor)
    # Django leaves text alone that starts and ends with a quote, so both parts fit into one name.
    return quote_table(name.schema, name.name, vendor).replace("%", "%%")
