"""The snapshot's file: sealed, complete, of one control database, expiring, one writer."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction

from dynamic_databases.change_log import Change
from dynamic_databases.database_settings import BaselineRow, SourceRow, load_settings, source_of
from dynamic_databases.invalidation import Caches
from dynamic_databases.models import Baseline
from dynamic_databases.process import process_registry
from gateway.cache_invalidation import CacheInvalidation
from gateway.control.database import ControlDatabase
from gateway.control.recorder import SnapshotRecorder
from gateway.control.snapshot_file import SnapshotFile, State, UnusableSnapshot
from gateway.control.standby import Standby
from gateway.file_lock import remove_unkept
from tenants.authentication.tokens import digest_of, issue_token
from tenants.directory import Directory
from tenants.errors import ControlUnavailable
from tenants.models import Tenant
from tenants.snapshot import Snapshot, TokenRecord
from tests.fixtures.vendors import SQLITE

KEYS = [Fernet.generate_key().decode() for _ in range(2)]
DAY = 86_400
TOKEN = TokenRecord("tgw_known", None, None, "admin", None)
ROW = SourceRow(7, "shop", {"ENGINE": "x", "HOST": "db.internal"}, "id", 3, 2)


def state(age_seconds: float = 0) -> State:
    confirmed_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_seconds)
    snapshot = Snapshot().with_tokens((), [(1, "digest", TOKEN)])
    baseline = BaselineRow(2, confirmed_at.isoformat(), {"vendor": "sqlite", "tables": []})
    return State(5, confirmed_at, snapshot, {7: ROW}, {2: baseline})


def file_at(folder: Path, keys: list[str] = KEYS[:1], installation: str = "one") -> SnapshotFile:
    return SnapshotFile(folder / "snapshot.sealed", keys, installation)


def test_what_is_written_is_read_and_nobody_else_sees_it(tmp_path) -> None:
    file, written = file_at(tmp_path), state()
    (tmp_path / "snapshot.sealed.draft").write_text("left by a process that was killed")
    file.write(written)

    assert file.read(DAY) == written
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot.sealed"]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    for secret in (b"db.internal", b"tgw_known", b"digest", b"shop"):
        assert secret not in file.path.read_bytes()


def test_keys_are_rotated(tmp_path) -> None:
    file_at(tmp_path, KEYS[:1]).write(state())
    both = file_at(tmp_path, [KEYS[1], KEYS[0]])
    assert both.read(DAY).revision == 5
    both.write(state())
    assert file_at(tmp_path, KEYS[1:]).read(DAY).revision == 5


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: _flip(data, 40), "it was changed"),
        (lambda data: _flip(data, len(data) - 4), "it was changed"),
        (lambda data: data[:-40], "it was changed"),
        (lambda data: data.replace(b"snapshot 2", b"snapshot 3"), "another format"),
        (lambda _: b"", "another format"),
    ],
    ids=["a byte", "the end", "cut", "format", "empty"],
)
def test_a_file_that_was_changed_is_refused(tmp_path, change, reason) -> None:
    file = file_at(tmp_path)
    file.write(state())
    file.path.write_bytes(change(file.path.read_bytes()))
    with pytest.raises(UnusableSnapshot, match=reason):
        file.read(DAY)


@pytest.mark.parametrize(
    ("reader", "reason"),
    [
        (lambda folder: file_at(folder, KEYS[1:]), "sealed with a key"),
        (lambda folder: file_at(folder, installation="two"), "another control database"),
        (lambda folder: file_at(folder / "elsewhere"), "there is none"),
    ],
    ids=["keys", "installation", "missing"],
)
def test_a_file_of_others_is_refused(tmp_path, reader, reason) -> None:
    file_at(tmp_path).write(state())
    with pytest.raises(UnusableSnapshot, match=reason):
        reader(tmp_path).read(DAY)


@pytest.mark.parametrize(
    ("age_seconds", "reason"), [(DAY + 1, "SNAPSHOT_MAX_AGE"), (-3600, "clock")]
)
def test_a_file_counts_for_a_time(tmp_path, age_seconds, reason) -> None:
    file = file_at(tmp_path)
    file.write(state(age_seconds))
    with pytest.raises(UnusableSnapshot, match=reason):
        file.read(DAY)


class Besides(CacheInvalidation):
    """The caches of this process, then a directory and a recorder that follow besides."""

    def __init__(self, before: Caches, directory: Directory, recorder: SnapshotRecorder) -> None:
        super().__init__(process_registry(), directory, snapshot_file=None, publish=None)
        self._before = before
        self._recorder = recorder

    def row_committed(self, change: Change) -> None:
        self._before.row_committed(change)

    def changes_found(self, revision: int, changes: Sequence[Change] | None) -> None:
        self._before.changes_found(revision, changes)
        super().changes_found(revision, changes)
        self._recorder.follow(revision, changes)


class Process:
    """What one process has: a directory, a poll, a recorder."""

    def __init__(self, file: SnapshotFile) -> None:
        self.directory = Directory(settings.DATABASES.alias_of)
        self.directory.current()
        self.invalidator = apps.get_app_config("dynamic_databases").invalidator
        self.control = ControlDatabase(self.invalidator.poll_now, 5)
        self.recorder = SnapshotRecorder(file, self.directory, self.control, DAY)
        self.invalidator.caches = Besides(self.invalidator.caches, self.directory, self.recorder)
        revision, _ = self.directory.confirmed()
        self.recorder.follow(revision, None)
        self.control.poll()

    def write(self) -> None:
        self.recorder._next_write = 0.0  # as if a second had passed
        self.recorder.look()


@pytest.fixture
def process_with(transactional_db):
    """`process_with(file)`: what a process of its own knows and writes."""
    invalidator = apps.get_app_config("dynamic_databases").invalidator
    before = invalidator.caches
    yield Process
    invalidator.caches = before


def test_the_file_follows_the_control_tables(
    new_database, process_with, tmp_path, django_assert_num_queries
) -> None:
    database = new_database(SQLITE, "", "shop")
    database.baseline = Baseline.objects.create(
        name="b", catalog_json={"vendor": "sqlite", "tables": []}
    )
    database.save()
    token = issue_token(Tenant.objects.create(slug="shop"), "admin", None, None)
    file = file_at(tmp_path)
    process = process_with(file)
    process.write()

    read = file.read(DAY)
    assert read.snapshot == process.directory.snapshot
    assert read.snapshot.token(digest_of(token)) is not None
    row = read.databases[database.pk]
    assert source_of(row, read.baselines[row.baseline]) == load_settings(database.pk)

    before = file.path.read_bytes()
    process.write()
    assert file.path.read_bytes() == before  # nothing changed
    Tenant.objects.all().delete()
    process.control.poll()
    with django_assert_num_queries(0):
        process.write()
    assert file.read(DAY).snapshot.token(digest_of(token)) is None
    database.unregister()
    process.control.poll()
    with django_assert_num_queries(1):
        process.write()
    assert file.read(DAY).databases == file.read(DAY).baselines == {}


def test_nothing_is_written_before_the_first_poll(process_with, tmp_path) -> None:
    file = file_at(tmp_path)
    process = process_with(file)
    process.control.away(math.inf)
    process.control.is_answering = True  # as at the start
    process.write()
    assert not file.path.exists()

    process.control.poll()
    process.write()
    assert file.path.exists()


def test_one_process_writes_and_another_takes_over(process_with, tmp_path) -> None:
    file = file_at(tmp_path)
    first, second = process_with(file), process_with(file)
    first.write()
    Tenant.objects.create(slug="shop")
    second.control.poll()
    before = file.path.read_bytes()
    second.write()
    assert file.path.read_bytes() == before
    first.recorder.stop()
    second.write()
    assert file.read(DAY).snapshot.tenant("shop") is not None


def test_what_cant_be_written_is_logged_once(process_with, tmp_path, caplog) -> None:
    file = file_at(tmp_path / "not there")
    process = process_with(file)
    with caplog.at_level(logging.WARNING):
        process.write()
        process.write()
    assert [record.message for record in caplog.records] == [
        "the snapshot can't be written: No such file or directory"
    ]


def test_a_change_removes_a_file_that_nobody_keeps(process_with, tmp_path) -> None:
    file = file_at(tmp_path)
    process = process_with(file)
    process.write()
    remove_unkept(file.path)
    assert file.path.exists()  # the process will write it
    process.recorder.stop()
    remove_unkept(file.path)
    assert not file.path.exists()


def test_a_command_that_changes_something_leaves_no_file_behind_that_lacks_it(
    transactional_db,
) -> None:
    file = settings.GATEWAY.snapshot_file
    file.write_bytes(b"")
    with transaction.atomic():
        Tenant.objects.create(slug="shop")
        assert file.exists()
    assert not file.exists()


def test_a_change_that_cant_be_read_takes_nothing_away(process_with, tmp_path) -> None:
    """The outage begins between the news of a change and its reading."""
    file = file_at(tmp_path)
    tenant = Tenant.objects.create(slug="shop")
    process = process_with(file)
    process.write()
    before = process.directory.snapshot
    standby = Standby(process.directory, process.invalidator, process.control, file, DAY)
    tenant.delete()

    def refuse(_execute, *_statement):
        raise OperationalError("the server went away")

    with connection.execute_wrapper(refuse), pytest.raises(ControlUnavailable):
        process.control.poll()
    with connection.execute_wrapper(refuse):
        process.directory.invalidate()  # as a read does that fails
        standby._read()
    assert asyncio.run(standby.snapshot()) is before
    process.control.poll()
    assert asyncio.run(standby.snapshot()).tenant("shop") is None
