"""Catalogs as they are stored: from the JSON values that `Catalog.to_json` gives."""

from __future__ import annotations

from typing import Any

from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    ForeignKey,
    Kind,
    SqlType,
    Table,
    TableName,
    UniqueKey,
)


def catalog_from_json(value: dict[str, Any]) -> Catalog:
    """Return the catalog that `Catalog.to_json` gave."""
    names = tuple((source, name) for source, name in value.get("names", ()))
    tables = tuple(_table(table) for table in value["tables"])
    return Catalog(value["vendor"], tables, names=names, enums=tuple(value.get("enums", ())))


def _table(value: dict[str, Any]) -> Table:
    return Table(
        name=TableName(**value["name"]),
        columns=tuple(
            Column(**{**column, "type": _sql_type(column["type"])}) for column in value["columns"]
        ),
        primary_key=tuple(value["primary_key"]),
        unique_keys=tuple(
            UniqueKey(key["name"], tuple(key["columns"])) for key in value["unique_keys"]
        ),
        foreign_keys=tuple(
            ForeignKey(
                key["name"],
                tuple(key["columns"]),
                TableName(**key["target"]),
                tuple(key["target_columns"]),
            )
            for key in value["foreign_keys"]
        ),
        is_view=value["is_view"],
        comment=value["comment"],
        has_triggers=value.get("has_triggers", False),
        deferrable_keys=tuple(tuple(key) for key in value.get("deferrable_keys", ())),
        view_writes=tuple(value.get("view_writes", ())),
    )


def _sql_type(value: dict[str, Any]) -> SqlType:
    element, supports = value["element"], value.get("supports")
    return SqlType(
        **{
            **value,
            "kind": Kind(value["kind"]),
            "labels": tuple(value["labels"]),
            "meanings": tuple(value.get("meanings", ())),
            "supports": None if supports is None else tuple(supports),
            "element": _sql_type(element) if element else None,
        }
    )
