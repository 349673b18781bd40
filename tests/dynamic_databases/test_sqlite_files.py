"""What lies beside a SQLite file leads SQLite nowhere else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import CannotConnect, DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from tests.fixtures.vendors import SQLITE

SQL = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);" + "".join(
    f"INSERT INTO note VALUES ({number}, '{'x' * 1000}');" for number in range(100)
)
MAGIC = bytes.fromhex("d9d505f920a163d7")
LOCK_PAGE = 0x40000000 // 4096 + 1


@pytest.fixture
def note(new_database) -> Database:
    return new_database(SQLITE, SQL)


@pytest.fixture
def path(note) -> str:
    return str(note.config["NAME"])


def read(database: Database) -> int:
    with process_registry().connections.lease(database.label) as wrapper:
        return int(wrapper.connection.execute("SELECT count(*) FROM note").fetchone()[0])


def leave_hot_journal(path: str, super_journal: Path | None) -> None:
    """Have a crashed transaction's file and journal lie there; it may name a super-journal."""
    copy = f"{path}.copy"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE note SET text = 'y' || text")
        shutil.copy(path, copy)
        journal = Path(f"{path}-journal").read_bytes()
        connection.execute("ROLLBACK")
    Path(copy).replace(path)
    tail = b""
    if super_journal is not None:
        name = os.fsencode(super_journal)
        checksum = sum(byte - 256 if byte > 127 else byte for byte in name) & 0xFFFFFFFF
        tail = struct.pack(">I", LOCK_PAGE) + name + struct.pack(">II", len(name), checksum) + MAGIC
    Path(f"{path}-journal").write_bytes(journal + tail)


def test_a_journal_deletes_no_other_file(note, path, tmp_path) -> None:
    """SQLite itself does: the last lines prove that the journal is a real one."""
    victim = tmp_path / "control.sqlite3"
    victim.write_text("precious")
    leave_hot_journal(path, victim)

    with pytest.raises(CannotConnect) as refused:
        read(note)

    assert victim.exists()
    assert "-journal" in explain(refused.value)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT count(*) FROM note").fetchone()
    assert not victim.exists()


def test_a_journal_that_comes_while_a_connection_is_idle_deletes_none(note, path, tmp_path) -> None:
    assert read(note) == 100
    victim = tmp_path / "control.sqlite3"
    victim.write_text("precious")
    leave_hot_journal(path, victim)

    with pytest.raises(DatabaseProblem):
        read(note)
    assert victim.exists()


def test_what_a_crashed_program_left_is_rolled_back(note, path) -> None:
    leave_hot_journal(path, None)

    with process_registry().connections.lease(note.label) as wrapper:
        rows = wrapper.connection.execute("SELECT count(*) FROM note WHERE text LIKE 'y%'")
        assert rows.fetchone() == (0,)


@pytest.mark.parametrize("companion", ["-journal", "-wal", "-shm"])
def test_a_link_beside_a_file_leads_nowhere(note, path, tmp_path, companion) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    for name in ("-wal", "-shm"):
        Path(path + name).unlink(missing_ok=True)
    target = tmp_path / "secret.key"
    target.write_bytes(b"precious")
    Path(path + companion).symlink_to(target)

    with pytest.raises(CannotConnect):
        read(note)
    assert target.read_bytes() == b"precious"


def test_a_pipe_is_no_database(transactional_db) -> None:
    pipe = Path(settings.GATEWAY_SQLITE_ROOT) / "pipe.sqlite3"
    os.mkfifo(pipe)
    try:
        database = Database.objects.from_url("pipe", f"sqlite:///{pipe}")
        with pytest.raises(CannotConnect):
            read(database)
    finally:
        pipe.unlink()
