"""Three well-known sample databases, as their documentation lists tables, columns and keys.

Chinook is a music shop, Northwind a wholesaler, Sakila a film rental. A few rows of our own stand
in each. Names keep each sample's own spelling, with its blanks and capitals.
"""

from __future__ import annotations

from tests.fixtures.vendors import Vendor
from tests.samples.chinook import CHINOOK
from tests.samples.northwind import NORTHWIND
from tests.samples.sakila import SAKILA
from tests.samples.table import Table

SAMPLES = {"chinook": CHINOOK, "northwind": NORTHWIND, "sakila": SAKILA}
_WORDS = {"int": "INTEGER", "small": "SMALLINT", "decimal": "DECIMAL(10,2)", "bool": "BOOLEAN"}
_VALUES = {
    "int": "1",
    "small": "1",
    "decimal": "9.99",
    "float": "0.25",
    "moment": "'2024-01-02 03:04:05'",
}


def sample_sql(name: str, vendor: Vendor) -> str:
    """Return the DDL of a sample and one row for each table."""
    return "\n".join(_table_sql(table, vendor) for table in SAMPLES[name])


def _table_sql(table: Table, vendor: Vendor) -> str:
    name, columns, key, foreign = table
    q = vendor.quoted
    parts = [
        f"{q(column)} {_type_of(kind.rstrip('!'), vendor)}{' NOT NULL' if kind[-1] == '!' else ''}"
        for column, kind in columns
    ]
    parts.append(f"PRIMARY KEY ({', '.join(map(q, key))})")
    for own, target, theirs in foreign:
        parts.append(
            f"FOREIGN KEY ({', '.join(map(q, own))}) "
            f"REFERENCES {q(target)} ({', '.join(map(q, theirs))})"
        )
    values = ", ".join(_value_of(kind.rstrip("!"), vendor) for _, kind in columns)
    return f"CREATE TABLE {q(name)} ({', '.join(parts)}); INSERT INTO {q(name)} VALUES ({values});"


def _type_of(kind: str, vendor: Vendor) -> str:
    own = {
        "moment": vendor.timestamp,
        "bytes": vendor.binary,
        "float": vendor.double,
        "long": "TEXT",
    }
    if kind.startswith("text"):
        return f"VARCHAR({kind[4:]})"
    if kind.startswith("code"):
        return f"CHAR({kind[4:]})"
    return own.get(kind) or _WORDS[kind]


def _value_of(kind: str, vendor: Vendor) -> str:
    if kind == "bool":
        return vendor.boolean_true
    return _VALUES.get(kind, "NULL" if kind == "bytes" else "'x'")
