"""A role that inherits answers as `admin` on a copy whose hidden rows and cells are gone.

A cell is seen if one of the roles gives both its row and its column.
"""

from __future__ import annotations

import os
import random
import re
from typing import Any

import pytest

from dynamic_databases.models import Database
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.row_rules import built_for, union_of
from tests.fixtures.vendors import MSSQL
from tests.schema.row_rules.test_oracle import KEYS, change, check_documents, chosen_rule

COLUMNS = {
    "genre": ["name"],
    "artist": ["name", "country"],
    "album": ["artist_id", "title", "released", "price"],
    "track": [
        *("album_id", "genre_id", "name", "seconds", "bytes", "rating", "explicit"),
        *("recorded_at", "meta", "cover"),
    ],
    "playlist_track": ["track_id", "note"],
}
Grant = tuple[list[str], dict[str, Any], str]  # columns besides the key, a rule and its SQL


def chosen_roles(choose: random.Random) -> list[dict[str, Grant]]:
    """Return the tables of two or three roles; each column is given by one of them."""
    roles: list[dict[str, Grant]] = [{} for _ in range(choose.randint(2, 3))]
    for table, columns in COLUMNS.items():
        giving = choose.sample(roles, choose.randint(1, len(roles)))
        given_by = [choose.sample(columns, choose.randint(0, len(columns))) for _ in giving]
        left = set(columns).difference(*given_by)
        given_by[0] += sorted(left)
        for role, own in zip(giving, given_by, strict=True):
            rule, text = chosen_rule(choose, table) if choose.random() < 0.8 else ({}, "TRUE")
            role[table] = (own, rule, text)
    return roles


def grants_of(role: dict[str, Grant]) -> dict[str, Any]:
    return {
        table: {"select": {"columns": [*KEYS[table], *columns], "rows": rule, "aggregate": True}}
        for table, (columns, rule, _) in role.items()
    }


def without_hidden(database: Database, vendor, roles: list[dict[str, Grant]]) -> None:
    """Delete hidden rows and clear hidden cells: all are found before the first is changed."""
    changes = []
    for table, columns in COLUMNS.items():
        grants = [role[table] for role in roles if table in role]
        hidden = keys_without(database, table, [text for _, _, text in grants])
        changes += [f"DELETE FROM {table} WHERE {key}" for key in hidden]
        for column in columns:
            shown = [text for own, _, text in grants if column in own]
            hidden = keys_without(database, table, shown)
            changes += [f"UPDATE {table} SET {column} = NULL WHERE {key}" for key in hidden]
    for one in changes:
        change(database, vendor, one)


def keys_without(database: Database, table: str, rules: list[str]) -> list[str]:
    """Return conditions, one for each row that satisfies none of the rules."""
    none = " OR ".join(f"COALESCE(({rule}), FALSE)" for rule in rules)
    rows = execute(database.url, f"SELECT {', '.join(KEYS[table])} FROM {table} WHERE NOT ({none})")
    return [
        " AND ".join(f"{c} = {v}" for c, v in zip(KEYS[table], row, strict=True)) for row in rows
    ]


def nullable(sql: str) -> str:
    """Return the library's tables with columns that take NULL, but for those of keys."""
    return re.sub(r"(?<!playlist INTEGER)(?<!position INTEGER) NOT NULL", "", sql)


@pytest.mark.parametrize("number", range(int(os.environ.get("GATEWAY_TEST_ROW_RULE_SETS", "3"))))
def test_any_query_with_any_roles(vendor, new_database, number: int) -> None:
    if vendor is MSSQL:
        pytest.skip("the copy's SQL isn't SQL Server's")
    roles = chosen_roles(random.Random(number))
    whole = new_database(vendor, library_sql(vendor))
    copy = new_database(vendor, nullable(library_sql(vendor)))
    without_hidden(copy, vendor, roles)
    union = built_for(whole, union_of(*map(grants_of, roles)))
    assert union.problems == ()
    check_documents(whole, union, copy, number, roles)
