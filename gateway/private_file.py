"""Files that only their owner reads: the control database on SQLite, the snapshot."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OWNER_ONLY = 0o600
_RESERVE_BYTES = 1_000_000  # a revocation writes some pages, and SQLite's journal and its index


def make_private(path: Path) -> None:
    """Create a SQLite file for its owner alone, or take others' rights away where we own it.

    SQLite gives its journals (`-wal`, `-shm`) the rights of the file itself (SQLite, os_unix.c,
    `findCreateFileMode`). A folder that isn't there, or a file of another owner, is left alone:
    opening the database says what is wrong.
    """
    if not path.parent.is_dir():
        return
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError:
        return
    try:
        found = os.fstat(descriptor)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, _OWNER_ONLY)
    finally:
        os.close(descriptor)


def keep_reserve(path: Path) -> None:
    """Make a file that takes up room on the disk, unless it is there or there is no room.

    `dynamic_databases.disk_reserve` removes it when a revocation needs the room.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except OSError:
        return
    try:
        os.posix_fallocate(descriptor, 0, _RESERVE_BYTES)
    except OSError:
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def write_private(path: Path, data: bytes) -> None:
    """Replace a file atomically, synced to the disk, readable only by its owner. Raises OSError.

    One writer at a time: the caller sees to it. Readers see the former file or this one.
    """
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)  # of a process that was killed
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
