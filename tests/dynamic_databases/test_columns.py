"""Changes of columns at run time, on every vendor: statements, refusals and the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.db import connection

from dynamic_databases.catalog.type_parser import parse_sql_type
from dynamic_databases.catalog.types import Kind
from dynamic_databases.change_log import CATALOG, record_change
from dynamic_databases.columns import add_column, drop_column, rename_column, widen_column
from dynamic_databases.columns.types import holds_all_of, sql_type_of
from dynamic_databases.errors import ColumnRefused, DatabaseProblem
from dynamic_databases.models import Baseline, ColumnChange
from dynamic_databases.process import process_registry
from tests.fixtures.databases import execute
from tests.fixtures.vendors import MSSQL

TABLE = "CREATE TABLE contact (id {identity}, name VARCHAR(40) NOT NULL, city VARCHAR(40){more});"
ROWS = "INSERT INTO contact (name, cf_note) VALUES ('Ada', 'one'), ('Bob', NULL);"
KINDS = {
    "Int": Kind.INTEGER,
    "BigInt": Kind.BIGINT,
    "Float": Kind.FLOAT,
    "Decimal(12,2)": Kind.DECIMAL,
    "Decimal": Kind.DECIMAL,
    "String": Kind.TEXT,
    "String(120)": Kind.TEXT,
    "Boolean": Kind.BOOLEAN,
    "Date": Kind.DATE,
    "LocalTime": Kind.TIME,
    "LocalDateTime": Kind.LOCAL_DATETIME,
    "DateTime": Kind.DATETIME,
    "Byte": Kind.BINARY,
}


@pytest.fixture
def crm(vendor, new_database):
    """A database with one column beyond its baseline."""
    plain = new_database(vendor, TABLE.format(identity=vendor.identity, more=""), "plain")
    more = ", cf_note VARCHAR(10), cf_size INTEGER"
    database = new_database(vendor, TABLE.format(identity=vendor.identity, more=more) + ROWS, "crm")
    database.baseline = Baseline.capture(plain, "crm")
    database.save()
    return database


def columns(database) -> dict:
    return {c.name: c.type for c in database.catalog().find("contact").columns}


def notes(database, column: str = "cf_note") -> list:
    return [row[0] for row in execute(database.url, f"SELECT {column} FROM contact ORDER BY id")]


def test_a_column_of_every_scalar(crm) -> None:
    for number, (name, kind) in enumerate(KINDS.items()):
        add_column(crm, "contact", f"cf_{number}", name, who="ada")
        assert columns(crm)[f"cf_{number}"].kind is kind, name
    assert notes(crm) == ["one", None]


def test_the_types_are_what_the_catalog_tells_of_them(crm) -> None:
    """What decides whether a change loses something must know the types as the catalog does."""
    vendor = crm.catalog().vendor
    for number, name in enumerate(KINDS):
        add_column(crm, "contact", f"cf_{number}", name, who="ada")
        found, made = (
            columns(crm)[f"cf_{number}"],
            parse_sql_type(sql_type_of(name, vendor), vendor),
        )
        assert (made.kind, made.precision, made.scale) == (found.kind, found.precision, found.scale)
        assert holds_all_of(found, made, vendor) and holds_all_of(made, found, vendor), (
            made,
            found,
        )


def test_a_default_fills_the_rows_that_are_there(crm) -> None:
    add_column(crm, "contact", "cf_level", "Int", who="ada", default="3")
    add_column(crm, "contact", "cf_word", "String(20)", who="ada", default="it's")
    add_column(crm, "contact", "cf_on", "Boolean", who="ada", default="true")

    rows = crm.get_model("contact").objects.order_by("id")
    assert [(r.cf_level, r.cf_word, r.cf_on) for r in rows] == [(3, "it's", True)] * 2


def test_a_name_that_needs_quoting(crm, vendor) -> None:
    name = "größe '%s' \"x`" if vendor is not MSSQL else "size %s 'x'"
    add_column(crm, "contact", name, "Int", who="ada")
    rename_column(crm, "contact", name, f"{name}2", who="ada")

    assert f"{name}2" in columns(crm)
    drop_column(crm, "contact", f"{name}2", who="ada")
    assert f"{name}2" not in columns(crm)


def test_a_rename_keeps_every_row(crm) -> None:
    rename_column(crm, "contact", "cf_note", "cf_remark", who="ada")

    assert notes(crm, "cf_remark") == ["one", None]
    assert "cf_note" not in columns(crm)


def test_widening_keeps_every_row(crm) -> None:
    widen_column(crm, "contact", "cf_note", "String(200)", who="ada")
    execute(crm.url, "UPDATE contact SET cf_size = 7 WHERE id = 1")
    widen_column(crm, "contact", "cf_size", "BigInt", who="ada")

    assert notes(crm) == ["one", None]
    assert notes(crm, "cf_size") == [7, None]
    assert columns(crm)["cf_size"].kind is Kind.BIGINT
    assert list(columns(crm))[:3] == ["id", "name", "city"]


def test_an_index_outlives_the_widening(crm) -> None:
    execute(crm.url, "CREATE INDEX by_note ON contact (cf_note)")
    widen_column(crm, "contact", "cf_note", "String(200)", who="ada")

    with pytest.raises(Exception, match=r"(?i)by_note|exists|duplicate"):
        execute(crm.url, "CREATE INDEX by_note ON contact (cf_note)")


def test_what_may_lose_values_asks_for_force(crm) -> None:
    for change in (
        lambda **how: widen_column(crm, "contact", "cf_note", "String(5)", who="ada", **how),
        lambda **how: drop_column(crm, "contact", "cf_note", who="ada", **how),
    ):
        with pytest.raises(ColumnRefused, match="1 rows of contact have a value in cf_note"):
            change()
        assert notes(crm) == ["one", None]
        change(force=True)
    assert "cf_note" not in columns(crm)


def test_a_column_without_values_is_dropped_without_force(crm) -> None:
    drop_column(crm, "contact", "cf_size", who="ada")

    assert "cf_size" not in columns(crm)


def test_a_column_with_a_default_is_dropped(crm) -> None:
    add_column(crm, "contact", "cf_level", "Int", who="ada", default="3")
    drop_column(crm, "contact", "cf_level", who="ada", force=True)

    assert "cf_level" not in columns(crm)


def test_the_log_tells_who_when_and_what(crm) -> None:
    add_column(crm, "contact", "cf_level", "Int", who="ada")
    rename_column(crm, "contact", "cf_level", "cf_grade", who="bob")
    with pytest.raises(ColumnRefused):
        drop_column(crm, "contact", "cf_note", who="eve")

    failed, renamed, added = ColumnChange.objects.filter(database=crm)
    assert (added.who, added.action, added.before, added.after["name"], added.state) == (
        "ada",
        "add",
        None,
        "cf_level",
        "done",
    )
    assert (renamed.who, renamed.before["name"], renamed.after["name"]) == (
        "bob",
        "cf_level",
        "cf_grade",
    )
    assert (failed.who, failed.action, failed.state, failed.after) == (
        "eve",
        "drop",
        "failed",
        None,
    )
    assert "cf_note" in failed.error


def test_a_change_made_here_is_read_once_and_one_made_elsewhere_is_followed(crm) -> None:
    registry, invalidator = process_registry(), apps.get_app_config("dynamic_databases").invalidator
    invalidator.poll_now()
    add_column(crm, "contact", "cf_level", "Int", who="ada")
    invalidator.poll_now()
    assert not registry.is_expired(crm.label)

    record_change(CATALOG, crm.pk)  # as another process does
    invalidator.poll_now()
    assert registry.is_expired(crm.label)


CHANGES = {
    "rename": lambda crm: rename_column(crm, "contact", "city", "town", who="eve"),
    "widen": lambda crm: widen_column(crm, "contact", "city", "String(80)", who="eve", force=True),
    "drop": lambda crm: drop_column(crm, "contact", "city", who="eve", force=True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_base_column_is_never_touched(crm, change) -> None:
    with pytest.raises(ColumnRefused, match=r"contact\.city is a column of the baseline crm@1"):
        CHANGES[change](crm)
    assert "city" in columns(crm)


@pytest.mark.parametrize(
    ("name", "type_name", "words"),
    [
        ("cf_note", "Int", "has a column 'cf_note' already"),
        ("CF_NOTE", "Int", "has a column 'cf_note' already"),
        ("", "Int", "can't be the name"),
        ("x\ny", "Int", "can't be the name"),
        ("x" * 200, "Int", "can't be the name"),
        ("__typename", "Int", "keeps __ for itself"),
        ("cf_x", "Strnig", "is no type of a column here. Write a GraphQL scalar (Int, BigInt"),
        ("cf_x", "int; DROP TABLE contact", "is no type of a column"),
        ("cf_x", "integer references contact", "is no type of a column"),
        ("cf_x", "varchar(40) default now()", "is no type of a column"),
    ],
)
def test_what_is_refused_names_the_reason(crm, name, type_name, words) -> None:
    with pytest.raises(ColumnRefused) as refused:
        add_column(crm, "contact", name, type_name, who="eve")
    assert words in str(refused.value)
    assert list(columns(crm)) == ["id", "name", "city", "cf_note", "cf_size"]


def test_defaults_are_checked_by_their_type(crm) -> None:
    with pytest.raises(ColumnRefused, match="can't be the default"):
        add_column(crm, "contact", "cf_x", "Int", who="eve", default="1); DROP TABLE contact; --")


def test_keys_are_left_alone(vendor, new_database) -> None:
    sql = "CREATE TABLE contact (id {identity}, code VARCHAR(20) UNIQUE);".format(**vars(vendor))
    database = new_database(vendor, sql)
    database.baseline = Baseline.objects.create(
        name="empty", catalog_json=database.catalog().to_json() | {"tables": []}
    )
    database.save()

    for column in ("id", "code"):
        with pytest.raises(ColumnRefused, match="is part of a key"):
            drop_column(database, "contact", column, who="eve", force=True)


def test_without_a_baseline_only_what_was_added_here_is_changed(vendor, new_database) -> None:
    sql = TABLE.format(identity=vendor.identity, more="")
    database = new_database(vendor, sql)
    add_column(database, "contact", "cf_a", "Int", who="ada")
    rename_column(database, "contact", "cf_a", "cf_b", who="ada")

    with pytest.raises(ColumnRefused, match="has no baseline"):
        drop_column(database, "contact", "city", who="eve")
    drop_column(database, "contact", "cf_b", who="ada")
    with pytest.raises(ColumnRefused, match="has no column"):
        drop_column(database, "contact", "cf_b", who="ada")


def test_a_change_that_the_server_refuses_leaves_nothing(crm) -> None:
    """A view that needs the column; SQLite and PostgreSQL refuse, MariaDB breaks the view."""
    if crm.catalog().vendor not in ("sqlite", "postgresql"):
        pytest.skip("the server lets a view break")
    execute(crm.url, "CREATE VIEW noted AS SELECT cf_note FROM contact")
    with pytest.raises(DatabaseProblem):
        drop_column(crm, "contact", "cf_note", who="ada", force=True)

    assert notes(crm) == ["one", None]
    assert ColumnChange.objects.get(database=crm).state == "failed"


def test_changes_of_one_database_come_one_after_the_other(crm, vendor) -> None:
    """Six at once: each is made or told that another is under way, and the log says which."""

    def add(number: int) -> bool:
        try:
            add_column(crm, "contact", f"cf_at_once_{number}", "Int", who="ada")
        except DatabaseProblem:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(add, range(6)))

    assert any(made)
    there = {name for name in columns(crm) if name.startswith("cf_at_once")}
    assert there == {f"cf_at_once_{number}" for number, done in enumerate(made) if done}
    done = ColumnChange.objects.filter(database=crm, state="done")
    assert {line.column for line in done} == there


@pytest.mark.parametrize(
    ("new", "old", "vendor", "holds"),
    [
        ("varchar(80)", "varchar(40)", "postgresql", True),
        ("varchar(40)", "varchar(80)", "postgresql", False),
        ("text", "varchar(80)", "postgresql", True),
        ("varchar(80)", "text", "postgresql", False),
        ("bigint", "integer", "postgresql", True),
        ("integer", "bigint", "postgresql", False),
        ("smallint", "integer", "postgresql", False),
        ("numeric(12,2)", "numeric(10,2)", "postgresql", True),
        ("numeric(12,4)", "numeric(12,2)", "postgresql", False),
        ("numeric", "numeric(12,2)", "postgresql", True),
        ("text", "bigint", "postgresql", True),
        ("varchar(10)", "bigint", "postgresql", False),
        ("timestamp", "date", "postgresql", True),
        ("date", "timestamp", "postgresql", False),
        ("nvarchar(40)", "varchar(40)", "microsoft", True),
        ("varchar(40)", "nvarchar(40)", "microsoft", False),
        ("nvarchar(max)", "nvarchar(4000)", "microsoft", True),
        ("longtext", "text", "mysql", True),
        ("text", "longtext", "mysql", False),
        ("varchar(255)", "tinytext", "mysql", True),
    ],
)
def test_which_type_holds_all_of_another(new, old, vendor, holds) -> None:
    assert holds_all_of(parse_sql_type(new, vendor), parse_sql_type(old, vendor), vendor) is holds


def test_mariadb_keeps_what_else_a_column_says(mariadb, new_database) -> None:
    sql = (
        "CREATE TABLE contact (id INTEGER PRIMARY KEY AUTO_INCREMENT, "
        "cf VARCHAR(10) NOT NULL DEFAULT 'a, b' COMMENT 'of, it');"
    )
    database = new_database(mariadb, sql)
    database.baseline = Baseline.objects.create(
        name="empty", catalog_json=database.catalog().to_json() | {"tables": []}
    )
    database.save()
    before = database.catalog().find("contact").by_name["cf"]
    widen_column(database, "contact", "cf", "String(40)", who="ada")

    after = database.catalog().find("contact").by_name["cf"]
    assert (after.nullable, after.default, after.comment) == (
        before.nullable,
        before.default,
        before.comment,
    )
    assert after.type.name == "varchar(40)"
