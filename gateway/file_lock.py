"""A lock between a machine's processes: its holder keeps a file up to date until it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock_of(path: Path) -> Path:
    """Return the lock that goes with a file."""
    return path.with_name(f"{path.name}.lock")


def try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the file's lock until closed; None if another holds it.

    Raises OSError where the lock can't be made.
    """
    descriptor = os.open(lock_of(path), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def remove_unkept(path: Path) -> None:
    """Remove a file that no process keeps up to date."""
    if not path.exists():
        return
    descriptor = try_lock(path)
    if descriptor is not None:
        path.unlink(missing_ok=True)
        os.close(descriptor)
