"""Which class a vendor has."""

from __future__ import annotations

from schema.orm.vendors.mssql import MssqlOrm
from schema.orm.vendors.mysql import MysqlOrm
from schema.orm.vendors.postgresql import PostgresqlOrm
from schema.orm.vendors.sqlite import SqliteOrm
from schema.orm.vendors.standard import OrmVendor

_VENDORS: dict[str, OrmVendor] = {
    "sqlite": SqliteOrm(),
    "postgresql": PostgresqlOrm(),
    "mysql": MysqlOrm(),
    "microsoft": MssqlOrm(),
}


def orm_vendor(vendor: str) -> OrmVendor:
    """Return what ORM execution says to a vendor, by Django's word for it."""
    return _VENDORS[vendor]
