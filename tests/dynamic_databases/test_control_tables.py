"""A customer's database gets no control table, and Django's own tables in it aren't served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import pre_migrate

from dynamic_databases.catalog.types import TableName
from dynamic_databases.errors import ControlTableRefused
from tests.fixtures.databases import execute
from tests.fixtures.vendors import SQLITE

# A customer's database of a Django application of theirs.
SQL = """
CREATE TABLE django_content_type (id INTEGER PRIMARY KEY, model VARCHAR(40));
CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app VARCHAR(40));
CREATE TABLE django_session (session_key VARCHAR(40) PRIMARY KEY, session_data TEXT);
CREATE TABLE django_admin_log (id INTEGER PRIMARY KEY, content_type_id INTEGER
  REFERENCES django_content_type (id));
CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username VARCHAR(40), password VARCHAR(40));
CREATE TABLE auth_permission (id INTEGER PRIMARY KEY, content_type_id INTEGER
  REFERENCES django_content_type (id));
INSERT INTO django_migrations VALUES (1, 'shop');
INSERT INTO auth_user VALUES (1, 'ada', 'x');
"""
PLAIN = "CREATE TABLE note (id INTEGER PRIMARY KEY)"
BOOKKEEPING = {"django_content_type", "django_migrations", "django_session", "django_admin_log"}
WRITING = (
    ("migrate", [], {}),
    ("migrate", ["auth"], {"prune": True}),
    ("migrate", [], {"fake": True}),
    ("migrate", [], {"skip_checks": True, "run_syncdb": True}),
    ("flush", [], {"interactive": False}),
    ("createcachetable", ["cache"], {}),
    ("createsuperuser", [], {"interactive": False, "username": "eve", "email": "e@example.com"}),
    ("changepassword", ["ada"], {}),
    ("remove_stale_contenttypes", [], {"interactive": False}),
)


def contents(url: str) -> list:
    """Every table of a SQLite file with its rows."""
    names = execute(url, "SELECT name FROM sqlite_master ORDER BY name")
    tables = [name for (name,) in names if not name.startswith("sqlite_")]
    return [(name, execute(url, f"SELECT * FROM {name}")) for name in tables]


@pytest.mark.parametrize("sql", [SQL, PLAIN], ids=["django", "plain"])
@pytest.mark.parametrize(("command", "arguments", "options"), WRITING)
def test_a_command_that_writes_is_refused(new_database, sql, command, arguments, options) -> None:
    database = new_database(SQLITE, sql)
    before = contents(database.url)

    with pytest.raises(CommandError, match="is a registered database"):
        call_command(command, *arguments, database=database.label, **options)
    assert contents(database.url) == before


def test_the_control_database_is_migrated_as_ever(transactional_db) -> None:
    call_command("migrate", database="default", verbosity=0)
    call_command("createcachetable", database="default", verbosity=0)


def test_commands_that_read_go_on(new_database, capsys) -> None:
    database = new_database(SQLITE, PLAIN)
    call_command("inspectdb", database=database.label)
    assert "class Note" in capsys.readouterr().out
    for name in ("showmigrations", "sqlflush", "check"):
        keyword = (
            {"databases": [database.label]} if name == "check" else {"database": database.label}
        )
        call_command(name, **keyword)
    assert contents(database.url) == [("note", [])]


def test_code_that_migrates_by_itself_is_refused(vendor, new_database) -> None:
    database = new_database(vendor, PLAIN)
    connection = connections[database.label]
    executor = MigrationExecutor(connection)
    with pytest.raises(ControlTableRefused):
        executor.migrate(executor.loader.graph.leaf_nodes())
    with pytest.raises(ControlTableRefused):
        MigrationRecorder(connection).ensure_schema()
    with pytest.raises(ControlTableRefused):
        pre_migrate.send(sender=None, using=database.label)
    with connection.cursor() as cursor:
        assert connection.introspection.table_names(cursor) == ["note"]


def test_bookkeeping_is_hidden_and_people_are_data(vendor, new_database) -> None:
    catalog = new_database(vendor, SQL).catalog()
    names = {table.name.name for table in catalog.tables}
    assert names == {"auth_user", "auth_permission"}
    assert not any(table.foreign_keys for table in catalog.tables)
    hidden = {one.name.rpartition(".")[2] for one in catalog.skipped if "bookkeeping" in one.reason}
    assert hidden == BOOKKEEPING


def test_an_override_shows_it(new_database) -> None:
    file = Path(settings.GATEWAY_OVERRIDES_DIR) / "shop.json"
    file.write_text(json.dumps({"show": ["django_migrations", "django_content_type"]}))
    try:
        catalog = new_database(SQLITE, SQL, name="shop").catalog()
    finally:
        file.unlink()
    assert TableName("", "django_migrations") in catalog.by_name
    assert TableName("", "django_session") not in catalog.by_name
    (key,) = catalog.by_name[TableName("", "auth_permission")].foreign_keys
    assert key.target.name == "django_content_type"
