"""A stable SHA-256 of what a schema depends on, and catalogs as plain JSON values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    Fingerprint,
    ForeignKey,
    Kind,
    SqlType,
    Table,
    TableName,
    UniqueKey,
)


def fingerprint_of(catalog: Catalog) -> Fingerprint:
    """Return the same text for equal catalogs in every process and version of Python."""
    text = json.dumps(catalog_to_json(catalog), sort_keys=True, separators=(",", ":"))
    return Fingerprint(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def catalog_to_json(catalog: Catalog) -> dict[str, Any]:
    """Return `catalog` as JSON values; what was skipped is no part of it."""
    return {"vendor": catalog.vendor, "tables": [asdict(table) for table in catalog.tables]}


def catalog_from_json(value: dict[str, Any]) -> Catalog:
    """Return the catalog that `catalog_to_json` wrote."""
    return Catalog(value["vendor"], tuple(_table(table) for table in value["tables"]))


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
    )


def _sql_type(value: dict[str, Any]) -> SqlType:
    element = value["element"]
    return SqlType(
        **{
            **value,
            "kind": Kind(value["kind"]),
            "labels": tuple(value["labels"]),
            "element": _sql_type(element) if element else None,
        }
    )
