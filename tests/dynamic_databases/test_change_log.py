"""The change log: each change of a control table leaves one complete, numbered line."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from dynamic_databases import change_log as revisions
from dynamic_databases.change_log import CATALOG, Change, changes_since, record_change
from dynamic_databases.connections.django_storage import close_unused
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Database

pytestmark = pytest.mark.django_db(transaction=True)


def lines(since: int) -> list[tuple[str, int]] | None:
    _, changes = changes_since(since)
    return None if changes is None else [(change.what, change.key) for change in changes]


def test_each_change_has_a_line_under_the_next_number() -> None:
    start, _ = changes_since(None)
    row = Database.objects.from_url("shop", "sqlite:///shop.sqlite3")
    key = row.pk
    record_change(CATALOG, key)
    row.delete()

    saved = ("dynamic_databases.database", key)
    assert lines(start) == [saved, (CATALOG, key), saved]
    assert lines(start + 1) == [(CATALOG, key), saved]
    assert changes_since(start + 3) == (start + 3, [])


def test_a_number_without_a_line_is_seen_behind_one_that_has_a_line() -> None:
    start, _ = changes_since(None)
    record_change(CATALOG, 7)
    revisions.skip_revision()
    assert changes_since(start) == (start + 2, None)


def test_a_row_is_not_stored_without_its_line() -> None:
    def fails(execute, sql, *rest):
        if "INSERT" in sql and "change" in sql:
            raise DatabaseError("full")
        return execute(sql, *rest)

    start, _ = changes_since(None)
    with connection.execute_wrapper(fails), pytest.raises(DatabaseError):
        Database.objects.from_url("shop", "sqlite:///shop.sqlite3")
    assert not Database.objects.filter(name="shop").exists()
    assert lines(start) == []


def test_rows_that_are_changed_at_once_leave_a_line_each() -> None:
    start, _ = changes_since(None)
    keys = [
        Database.objects.from_url(name, "sqlite:///shop.sqlite3").pk for name in ("a", "b", "c")
    ]
    assert Database.objects.filter(enabled=True).exclude(name="b").update(enabled=False) == 2
    assert Database.objects.filter(name="nobody").update(enabled=False) == 0

    saved = [("dynamic_databases.database", key) for key in keys]
    assert lines(start) == [*saved, saved[0], saved[2]]
    assert changes_since(start + 5)[0] == start + 5


def test_rows_that_are_changed_at_once_are_not_changed_without_their_lines() -> None:
    def fails(execute, sql, *rest):
        if "INSERT" in sql and "change" in sql:
            raise DatabaseError("full")
        return execute(sql, *rest)

    Database.objects.from_url("shop", "sqlite:///shop.sqlite3")
    with connection.execute_wrapper(fails), pytest.raises(DatabaseError):
        Database.objects.update(enabled=False)
    assert Database.objects.get(name="shop").enabled


def test_a_database_switched_off_among_others_is_dropped_at_once(
    registry, tmp_path, settings
) -> None:
    settings.GATEWAY_SQLITE_ROOT = tmp_path
    sqlite3.connect(tmp_path / "shop.sqlite3").close()
    row = Database.objects.from_url("shop", f"sqlite:///{tmp_path}/shop.sqlite3")
    registry.entry(row.label)
    Database.objects.update(enabled=False)
    assert registry.peek(row.label) is None
    close_unused()


def test_databases_that_are_stored_at_once_are_checked_and_sealed() -> None:
    config = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "crm",
        "HOST": "db.example.com",
        "PASSWORD": "first",
    }
    rows = Database.objects.bulk_create([Database(name=name, config=config) for name in ("a", "b")])
    for row in rows:
        row.config = {**config, "PASSWORD": "second"}
    Database.objects.bulk_update(rows, ["config"])

    for row in Database.objects.all():
        assert "second" not in str(row.config) and row.opened_config()["PASSWORD"] == "second"
        assert row.revision == 1
    with pytest.raises(InvalidConfig, match="ENGINE"):
        Database.objects.bulk_create([Database(name="c", config={**config, "ENGINE": "os"})])


def test_what_is_rolled_back_leaves_no_line_and_no_gap() -> None:
    start, _ = changes_since(None)
    with transaction.atomic():
        record_change(CATALOG, 1)
        transaction.set_rollback(True)
    record_change(CATALOG, 2)
    assert lines(start) == [(CATALOG, 2)]


def test_threads_that_change_something_at_once_get_numbers_of_their_own() -> None:
    start, _ = changes_since(None)

    def bump(key: int) -> None:
        record_change(CATALOG, key)
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bump, range(40)))
    found = lines(start)
    assert found is not None
    assert sorted(found) == [(CATALOG, key) for key in range(40)]


def test_old_lines_go_and_who_needs_them_is_told_so(monkeypatch) -> None:
    monkeypatch.setattr(revisions, "_KEPT", 5)
    monkeypatch.setattr(revisions, "_DROPPED_EACH", 10)
    start, _ = changes_since(None)
    for key in range(20):
        record_change(CATALOG, key)

    assert Change.objects.count() < 20
    assert lines(start) is None
    assert lines(start + 18) == [(CATALOG, 18), (CATALOG, 19)]


def test_a_control_database_put_back_to_an_earlier_state_is_read_anew() -> None:
    start, _ = changes_since(None)
    assert changes_since(start + 7) == (start, None)


def test_who_missed_lines_has_every_catalog_read_anew_and_forgets_what_was_saved(
    registry, tmp_path, settings
) -> None:
    settings.GATEWAY_SQLITE_ROOT = tmp_path
    for name in ("kept", "saved", "gone"):
        sqlite3.connect(tmp_path / f"{name}.sqlite3").close()
    invalidator = apps.get_app_config("dynamic_databases").invalidator
    kept, saved, gone = (
        Database.objects.from_url(n, f"sqlite:///{tmp_path}/{n}.sqlite3")
        for n in ("kept", "saved", "gone")
    )
    for row in (kept, saved, gone):
        registry.entry(row.label)
    invalidator.poll_now()

    # As another process does, long ago.
    rows = QuerySet(Database)
    rows.filter(pk=saved.pk).update(revision=saved.revision + 1)
    rows.filter(pk=gone.pk).update(enabled=False)
    record_change(CATALOG, kept.pk)
    record_change(CATALOG, kept.pk)
    Change.objects.filter(revision=changes_since(None)[0] - 1).delete()
    invalidator.poll_now()

    assert registry.is_expired(kept.label)
    assert registry.peek(kept.label) is not None
    assert registry.peek(saved.label) is None
    assert registry.peek(gone.label) is None
    close_unused()
