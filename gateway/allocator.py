"""Memory of large blocks goes back to the operating system as soon as they are freed.

glibc maps large blocks on their own, but raises the size that counts as large up to 32 MB with what
it frees (`mallopt(3)`, M_MMAP_THRESHOLD). Smaller blocks come from a heap of each thread: growing
one there copies it, and what is freed stays with the process. A fixed size prevents both.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGE_BYTES = 262_144  # smaller blocks cost what they cost before
_KEPT_BYTES = 2 * _LARGE_BYTES  # of a heap's free end; glibc's own ratio


def return_large_blocks() -> None:
    """Map blocks above a size on their own, always; other C libraries are left as they are."""
    with suppress(AttributeError, OSError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_option(_MMAP_THRESHOLD, _LARGE_BYTES)
