"""Which class a vendor has."""

from __future__ import annotations

from dynamic_databases.columns.vendors.mssql import MssqlColumns
from dynamic_databases.columns.vendors.mysql import MysqlColumns
from dynamic_databases.columns.vendors.postgresql import PostgresqlColumns
from dynamic_databases.columns.vendors.sqlite import SqliteColumns
from dynamic_databases.columns.vendors.standard import ColumnVendor

_VENDORS: dict[str, ColumnVendor] = {
    vendor.name: vendor
    for vendor in (SqliteColumns(), PostgresqlColumns(), MysqlColumns(), MssqlColumns())
}


def columns_of(vendor: str) -> ColumnVendor:
    """Return what changes the columns of a vendor, by Django's word for it."""
    return _VENDORS[vendor]
