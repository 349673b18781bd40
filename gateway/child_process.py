"""A process of our own for what takes a core for long: started from a module, reached by a socket.

`ProcessPoolExecutor` doesn't do: its processes outlive a parent that is killed, and one that dies
breaks the pool for good.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection


@dataclass(frozen=True)
class ChildProcess:
    """A process and the connection to it. It is to end itself when the other end is closed."""

    process: subprocess.Popen[bytes]
    connection: Connection

    @classmethod
    def start(cls, module: str, *arguments: str) -> ChildProcess:
        """Run `python -m MODULE DESCRIPTOR ARGUMENTS…`: the descriptor is that of its socket.

        Raises OSError where the system has no process or descriptor left.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(  # noqa: S603 - nothing in it comes from a request
                    [sys.executable, "-m", module, str(theirs.fileno()), *arguments],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    start_new_session=True,  # a terminal's Ctrl-C is for the server
                )
            except OSError:
                ours.close()
                raise
        return cls(process, Connection(ours.detach()))

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        self.connection.close()
