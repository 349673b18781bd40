"""Catalog → models built with `type()` in a private `Apps`, and bound ones on top of them.

One `ModelSet` serves every database of one catalog and baseline. A bound model is a thin proxy
whose reads and writes go to one alias; relations follow by the row they start from.
"""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import models

from dynamic_databases.catalog.compare import dynamic_columns
from dynamic_databases.catalog.types import Catalog, ForeignKey, Table, TableName
from dynamic_databases.dynamic_model import DynamicSchemaModel, ModelRefresher
from dynamic_databases.errors import UnknownTable
from dynamic_databases.identifiers import quote, quote_for_orm
from dynamic_databases.models_factory.attributes import Attributes, attributes_of, class_names
from dynamic_databases.models_factory.fields import field_for

APP_LABEL = "dynamic"
_RESERVED = frozenset(
    name for name in dir(DynamicSchemaModel) if not name.startswith("__")
) | {"pk", "objects", "id_", "DoesNotExist", "MultipleObjectsReturned", "NotUpdated"}  # fmt: skip


class CatalogApps(Apps):
    """A registry that isn't Django's own: what nobody holds any more is garbage.

    Django's `get_models` keeps every registry that it was ever called on in a process-wide cache;
    here nothing is cached.
    """

    def __init__(self, parent: CatalogApps | None = None) -> None:
        self._parent = parent
        super().__init__([])

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
    """The models of one catalog, by table; `dynamic` are the columns beyond the baseline."""

    def __init__(self, catalog: Catalog, baseline: Catalog | None = None) -> None:
        self.catalog = catalog
        self.apps = CatalogApps()
        names = class_names(catalog)
        attributes = {t.name: attributes_of(t, names, _RESERVED) for t in catalog.tables}
        self.models: dict[TableName, type[DynamicSchemaModel]] = {
            table.name: _build_model(table, catalog, names, attributes, self.apps)
            for table in catalog.tables
        }
        for table in catalog.tables:
            model = self.models[table.name]
            model.dynamic_attributes = _dynamic_attributes(
                table, baseline, attributes[table.name], model
            )
            model._meta._expire_cache()  # type: ignore[attr-defined]  # Django's own way to reset

    def find(self, table: str) -> type[DynamicSchemaModel]:
        """Return the model of `table` or `schema.table`. Raises UnknownTable."""
        found = self.catalog.find(table)
        if found is None:
            raise UnknownTable(table, [str(known.name) for known in self.catalog.tables])
        return self.models[found.name]


class BoundModels:
    """The models of one database, made when they are asked for."""

    def __init__(self, models_of_catalog: ModelSet, alias: str, refresher: ModelRefresher) -> None:
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
        meta = type("Meta", (), {"proxy": True, "apps": self._apps, "app_label": APP_LABEL})
        namespace = {
            "__module__": __name__,
            "__qualname__": model.__qualname__,
            "__doc__": model.__doc__,
            "Meta": meta,
            "database_alias": self._alias,
            "refresher": staticmethod(self._refresher),
        }
        return type(model.__name__, (model,), namespace)


def _build_model(
    table: Table,
    catalog: Catalog,
    names: dict[TableName, str],
    attributes: dict[TableName, Attributes],
    apps: Apps,
) -> type[DynamicSchemaModel]:
    own = attributes[table.name]
    fields = _fields(table, catalog.vendor, own, names, attributes)
    key = table.primary_key
    if len(key) != 1:
        parts = key or tuple(column.name for column in table.columns)
        if len(parts) > 1:
            fields["pk"] = models.CompositePrimaryKey(*(own.columns[part] for part in parts))
    meta = {
        "apps": apps,
        "app_label": APP_LABEL,
        "managed": False,
        "db_table": _db_table(table.name, catalog.vendor),
        "verbose_name": str(table.name),
        "base_manager_name": None,
    }
    namespace: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": table.comment or f"A row of {table.name}.",
        "Meta": type("Meta", (), meta),
        "table_name": str(table.name),
        "keyless": not key,
        "attribute_of_column": dict(
            own.columns
        ),  # a foreign key's attname is its column's attribute
        **fields,
    }
    return type(names[table.name], (DynamicSchemaModel,), namespace)


def _fields(
    table: Table,
    vendor: str,
    own: Attributes,
    names: dict[TableName, str],
    attributes: dict[TableName, Attributes],
) -> dict[str, Any]:
    keys = table.primary_key or (table.columns[0].name,) * (len(table.columns) == 1)
    unique = {key.columns[0] for key in table.unique_keys if len(key.columns) == 1}
    fields: dict[str, Any] = {}
    single = {key.columns[0]: key for key in reversed(table.foreign_keys) if len(key.columns) == 1}
    for column in table.columns:
        primary = keys == (column.name,)
        field = field_for(
            column,
            vendor,
            own.columns[column.name],
            primary_key=primary,
            unique=column.name in unique,
        )
        fields[own.columns[column.name]] = field
    for key in table.foreign_keys:
        to_fields = [attributes[key.target].columns[column] for column in key.target_columns]
        from_fields = [own.columns[column] for column in key.columns]
        foreign = _relation(key, names[key.target], from_fields, to_fields, own)
        is_own_column = single.get(key.columns[0]) is key and keys != key.columns
        if is_own_column and _can_be_foreign_key(table, key, own):
            fields.pop(from_fields[0])
            fields[own.relations[key]] = _foreign_key(
                key, table, vendor, names[key.target], to_fields[0], own
            )
        else:
            fields[own.relations[key]] = foreign
    return fields


def _can_be_foreign_key(table: Table, key: ForeignKey, own: Attributes) -> bool:
    """Django calls a foreign key's column `<field>_id`: only such a column can be one."""
    column = table.by_name[key.columns[0]]
    return (
        own.columns[column.name] == f"{own.relations[key]}_id"
        and not column.generated
        and column.name not in table.primary_key
    )


def _foreign_key(
    key: ForeignKey, table: Table, vendor: str, target: str, to_field: str, own: Attributes
) -> models.ForeignKey[Any, Any]:
    column = table.by_name[key.columns[0]]
    return models.ForeignKey(
        f"{APP_LABEL}.{target}",
        on_delete=models.DO_NOTHING,  # the database's own rules act
        to_field=to_field,
        db_column=quote_for_orm(column.name, vendor),
        db_constraint=False,
        null=column.nullable,
        blank=column.nullable,
        related_name=own.reverse[key],
    )


def _relation(
    key: ForeignKey, target: str, from_fields: list[str], to_fields: list[str], own: Attributes
) -> models.ForeignObject[Any, Any]:
    return models.ForeignObject(
        f"{APP_LABEL}.{target}",
        on_delete=models.DO_NOTHING,
        from_fields=from_fields,
        to_fields=to_fields,
        null=True,
        related_name=own.reverse[key],
    )


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
    return f"{quote(name.schema, vendor)}.{quote(name.name, vendor)}".replace("%", "%%")
