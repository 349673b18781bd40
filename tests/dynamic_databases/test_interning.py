"""Equal tables are one object, whichever catalogs they are in."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest

from dynamic_databases.catalog.interning import SharedTables
from dynamic_databases.catalog.types import Catalog, Column, Kind, SqlType, Table, TableName
from dynamic_databases.process import process_registry
from tests.fixtures.databases import execute, library_sql


def table(name: str, *columns: str) -> Table:
    integer = SqlType(Kind.INTEGER, "integer")
    return Table(TableName("", name), tuple(Column(c, integer) for c in columns))


def catalog(*tables: Table) -> Catalog:
    return Catalog("sqlite", tables)


def test_catalogs_share_the_tables_that_are_equal() -> None:
    shared = SharedTables()
    first = shared.share(catalog(table("a", "x"), table("b", "x")))
    second = shared.share(catalog(table("a", "x"), table("b", "x", "mine")))

    assert second.by_name[TableName("", "a")] is first.by_name[TableName("", "a")]
    assert second.by_name[TableName("", "b")].by_name.keys() == {"x", "mine"}


def test_what_did_not_change_is_what_it_was() -> None:
    before = catalog(table("a", "x"), table("b", "x"))
    after = SharedTables().share(catalog(table("a", "x"), table("b", "y")), before)

    assert after.tables[0] is before.tables[0]
    assert after == catalog(table("a", "x"), table("b", "y"))


@pytest.mark.parametrize("fact", [{"supports": ("equality",)}, {"operators": '"x"'}, {"base": "d"}])
def test_types_that_only_compare_as_equal_are_not_shared(fact: dict[str, Any]) -> None:
    text = SqlType(Kind.TEXT, "text")
    other = replace(text, **fact)
    assert text == other
    plain, special = (
        catalog(Table(TableName("", "a"), (Column("x", type_),))) for type_ in (text, other)
    )
    shared = SharedTables()
    shared.share(plain)

    for before in (None, plain):
        found = shared.share(special, before)
        assert found.tables[0].columns[0].type.facts == other.facts


def test_a_catalog_shares_all_that_it_is_but_tables() -> None:
    given = replace(catalog(table("a", "x")), names=(("a", "things"),))

    assert SharedTables().share(given) == given
    assert SharedTables().share(given).fingerprint == given.fingerprint


def test_tables_go_with_the_last_catalog_that_has_them() -> None:
    shared = SharedTables()
    held = shared.share(catalog(table("a", "x")))
    seen = weakref.ref(held.tables[0])
    del held
    gc.collect()

    assert seen() is None


def test_databases_that_differ_in_one_table_share_the_others(vendor, new_database) -> None:
    first, second = (new_database(vendor, library_sql(vendor)) for _ in range(2))
    execute(second.url, "ALTER TABLE genre ADD COLUMN mood VARCHAR(20)")
    one, other = (process_registry().entry(d.label).catalog for d in (first, second))

    same = {str(t.name) for t in one.tables if t is other.by_name[t.name]}
    assert same == {str(t.name) for t in one.tables} - {"genre"}


def test_a_changed_column_leaves_the_other_tables_as_they_are(library) -> None:
    registry = process_registry()
    before = registry.entry(library.label).catalog
    execute(library.url, "ALTER TABLE genre ADD COLUMN mood VARCHAR(20)")
    after = registry.refresh(library.label).catalog

    assert {str(t.name) for t in after.tables if t is not before.by_name[t.name]} == {"genre"}
    assert after.fingerprint != before.fingerprint
