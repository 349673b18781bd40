"""When each caller last wrote to a database, so that it reads its own writes from replicas.

The processes of a machine share a file of times. A caller's place in it is a hash: two that share
one read from the database a little more often, and nobody waits for a lock.
"""

from __future__ import annotations

import logging
import math
import mmap
import os
import struct
from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.clock import time_of_day

_log = logging.getLogger("dynamic_databases.replicas")
_TIME = struct.Struct("d")  # written and read by one instruction each
_PLACES = 65_536


class LastWrites:
    """Times in seconds since 1970, in `file`; without one they are this process's own."""

    def __init__(self, file: Path | None = None, clock: Callable[[], float] = time_of_day) -> None:
        self._file = file
        self._clock = clock

    def note(self, primary: Alias, caller: str) -> float:
        """A write of a caller was answered now; return when, to the millisecond after."""
        at = math.ceil(self._clock() * 1000) / 1000
        _TIME.pack_into(self._times, _place(primary, caller), at)
        return at

    def of(self, primary: Alias, caller: str) -> float:
        """Return when a caller's last write was answered, 0 where none is known."""
        at: float = _TIME.unpack_from(self._times, _place(primary, caller))[0]
        return at

    @cached_property
    def _times(self) -> mmap.mmap:
        """The times, shared from the first use on: without replicas there is no file."""
        size = _PLACES * _TIME.size
        if self._file is not None:
            try:
                return _shared(self._file, size)
            except OSError as error:
                event = {"file": str(self._file), "error": error.strerror}
                _log.warning("other processes don't learn who wrote", extra={"event": event})
        return mmap.mmap(-1, size)


def _shared(file: Path, size: int) -> mmap.mmap:
    """Return a file as memory, made where it is missing. Raises OSError."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size != size:
            os.ftruncate(descriptor, size)
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


def _place(primary: Alias, caller: str) -> int:
    """Return where the time of a caller and a database stands."""
    digest = blake2b(f"{primary} {caller}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _PLACES * _TIME.size
