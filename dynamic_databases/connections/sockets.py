"""A driver's socket, copied and shut down without closing it under the driver.

A driver closes its socket where it meets an error, and the number may be another connection's
then. So a copy counts only while its two addresses are those of the connection.
"""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DriverSocket:
    """The socket of a connection: its descriptor, and both addresses as `socket` has them."""

    descriptor: int
    own: Any
    peer: Any

    def copy(self) -> socket.socket:
        """Return a copy: the driver keeps its own. Raises OSError where the driver closed it."""
        copy = _copy_of(self.descriptor)
        try:
            is_same = (copy.getsockname(), copy.getpeername()) == (self.own, self.peer)
        except OSError:
            copy.close()
            raise
        if not is_same:
            copy.close()
            raise OSError("the descriptor is another connection's by now")
        return copy

    def shut_down(self) -> None:
        """End both directions: a thread that waits for the socket gets an error at once.

        Never blocks. Raises OSError where the driver closed it.
        """
        with self.copy() as copy, suppress(OSError):  # its peer may have ended it already
            copy.shutdown(socket.SHUT_RDWR)


def socket_of(descriptor: int) -> DriverSocket:
    """Return the socket of a connection that is open now. Raises OSError."""
    with _copy_of(descriptor) as copy:
        return DriverSocket(descriptor, copy.getsockname(), copy.getpeername())


def has_input(descriptor: int) -> bool:
    """Return whether something arrived that wasn't read yet, an end of file among it."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _copy_of(descriptor: int) -> socket.socket:
    return socket.socket(fileno=os.dup(descriptor))
