"""A catalog of SQL Server's own types, as old and new schemas have them."""

from __future__ import annotations

from dynamic_databases.catalog.mssql import sql_type
from dynamic_databases.catalog.types import Catalog, Column, ForeignKey, Table, TableName

ITEM, REPORT, TAG = (
    TableName("sales", "line item"),
    TableName("", "report"),
    TableName("", "tag"),
)
# name → what the reader of the catalog is given of its type
TYPES: dict[str, tuple] = {
    "id": ("int",),
    "parent_id": ("int",),
    "name": ("nvarchar", 80),
    "city": ("varchar", 40, 0, 0, "Polish_CI_AS", 1250),
    "code": ("char", 4, 0, 0, None, 1252),
    "notes": ("text", 16, 0, 0, None, 1252),
    "memo": ("ntext", 16),
    "photo": ("image", 16),
    "doc": ("xml", -1),
    "price": ("decimal", 9, 10, 2),
    "huge": ("decimal", 17, 38, 0),
    "cash": ("money", 8, 19, 4),
    "at": ("datetime2", 8, 27, 7),
    "seen": ("datetimeoffset", 10, 34, 7),
    "clock": ("time", 5, 16, 7),
    "old": ("datetime", 8),
    "uid": ("uniqueidentifier", 16),
    "data": ("varbinary", -1),
    "flag": ("bit", 1),
}
CATALOG = Catalog(
    "microsoft",
    (
        Table(
            ITEM,
            (
                *(
                    Column(name, sql_type(*facts), nullable=name != "id", identity=name == "id")
                    for name, facts in TYPES.items()
                ),
                Column(
                    "version",
                    sql_type("timestamp", 8),
                    nullable=False,
                    generated=True,
                    is_version=True,
                ),
            ),
            ("id",),
            (),
            (ForeignKey("fk", ("parent_id",), ITEM, ("id",)),),
            has_triggers=True,
        ),
        Table(
            REPORT,
            tuple(Column(name, sql_type(*TYPES[name])) for name in ("notes", "photo", "name")),
            is_view=True,
        ),
        Table(
            TAG,
            (
                Column("code", sql_type(*TYPES["city"]), nullable=False),
                Column("label", sql_type(*TYPES["name"])),
            ),
            ("code",),
        ),
    ),
)
