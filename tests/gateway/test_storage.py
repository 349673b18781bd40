"""Full disks and read-only servers: a failed write isn't stored, stored rows stay readable."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

TABLE = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)"
INSERT = "mutation($i: Int!, $t: String!) { insertNoteOne(object: {id: $i, text: $t}) { id } }"
READ = "{ noteAggregate { aggregate { count } } }"


@pytest.fixture
def small_disk(settings) -> Iterator[Path]:
    """A file system of half a megabyte, which is GATEWAY_SQLITE_ROOT."""
    settings.GATEWAY_SQLITE_ROOT = folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=512k,mode=777", "tmpfs", folder],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        folder.rmdir()
        pytest.skip("file systems can't be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # idle connections are closed later
    folder.rmdir()


def fill(door) -> int:
    """Insert until the disk is full; return how many rows were acknowledged."""
    for number in range(1, 200):
        reply = door.query("/t/notes/graphql", INSERT, {"i": number, "t": f"{number:08}" * 2500})
        if "errors" in reply.json:
            assert reply.code == "TENANT_UNAVAILABLE", reply.json
            assert "no space" in reply.error["message"]
            return number - 1
    raise AssertionError("the disk was never full")


def check_what_is_left(door, acknowledged: int) -> None:
    """Reads go on, however many writes fail; the breaker stays closed."""
    for number in range(300, 306):
        refused = door.query("/t/notes/graphql", INSERT, {"i": number, "t": "x" * 20_000})
        assert refused.code == "TENANT_UNAVAILABLE"
        count = door.query("/t/notes/graphql", READ).data["noteAggregate"]["aggregate"]["count"]
        assert count == acknowledged


def test_a_full_disk_under_sqlite(door, new_database, tenant_of, request) -> None:
    database = new_database(SQLITE, TABLE)
    small_disk = request.getfixturevalue("small_disk")
    file = small_disk / "notes.sqlite3"
    shutil.move(database.config["NAME"], file)
    database.config["NAME"] = str(file)
    database.save()
    _, door.token = tenant_of("notes", production=database)

    check_what_is_left(door, fill(door))


def test_a_full_disk_under_postgresql(door, small_disk, new_database, tenant_of) -> None:
    database = new_database(present(POSTGRESQL), "SELECT 1")
    shutil.chown(small_disk, "postgres")
    execute(database.url, f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    try:
        execute(database.url, f"{TABLE} TABLESPACE small")
        # What is compressed, or moved out of line, would not fill a disk.
        execute(database.url, "ALTER TABLE note ALTER text SET STORAGE EXTERNAL")
        _, door.token = tenant_of("notes", production=database)
        check_what_is_left(door, fill(door))
    finally:
        execute(database.url, "DROP TABLE IF EXISTS note")
        execute(database.url, "DROP TABLESPACE small")


def test_a_server_that_only_reads(door, new_database, tenant_of) -> None:
    database = new_database(present(POSTGRESQL), f"{TABLE}; INSERT INTO note VALUES (1, 'one')")
    name = database.config["NAME"]
    execute(database.url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    _, door.token = tenant_of("notes", production=database)

    assert door.query("/t/notes/graphql", READ).data["noteAggregate"]["aggregate"]["count"] == 1
    for _ in range(4):
        refused = door.query("/t/notes/graphql", INSERT, {"i": 2, "t": "two"})
        assert refused.code == "FORBIDDEN"
        assert "permit" in refused.error["message"]
    assert door.query("/t/notes/graphql", READ).data["noteAggregate"]["aggregate"]["count"] == 1
