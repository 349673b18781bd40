"""Checks passwords in a process of its own, of low priority: hashing one takes a core for long.

One password at a time; a few more may wait for it. The process is started with the first password,
replaced when it died, and ends with this one, whatever ends that. Staff and the people of tenants
have a process each: what a tenant's table holds makes no operator wait.
"""

from __future__ import annotations

import atexit
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from gateway.child_process import ChildProcess
from gateway.login.errors import TooBusy
from tenants.user_tables import UserTableConfig

_log = logging.getLogger(__name__)
WAITING = 8  # apart from the one that is being checked
_SECONDS = 30.0  # for one password; the first waits for the process to start
_UNUSABLE = "!"  # Django hashes all the same, so that it takes as long


@dataclass(frozen=True)
class Verdict:
    """Whether a password is right; `new_hash` is to be stored where it isn't empty."""

    is_right: bool
    new_hash: str


def _start() -> ChildProcess:
    return ChildProcess.start("gateway.login.hashing_child", json.dumps(settings.PASSWORD_HASHERS))


@sensitive_variables("request")
def _verdict(child: ChildProcess, request: bytes) -> Verdict:
    """Raises OSError, EOFError or TimeoutError: then the process is of no more use."""
    child.connection.send_bytes(request)
    if not child.connection.poll(_SECONDS):
        raise TimeoutError
    return Verdict(**json.loads(child.connection.recv_bytes()))


class PasswordProcess:
    """The process that checks passwords, for all threads of this one."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(1 + WAITING)
        self._turn = threading.Lock()
        self._child: ChildProcess | None = None
        self._closings = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places in the queue. Raises TooBusy where all are taken."""
        if not self._places.acquire(blocking=False):
            raise TooBusy
        try:
            yield
        finally:
            self._places.release()

    @sensitive_variables("password")
    def verify(self, password: str, encoded: str | None) -> Verdict:
        """Check a password of staff against its hash; None takes as long and is wrong.

        Raises TooBusy where too many wait already, or no process could do it.
        """
        return self._ask({"password": password, "encoded": encoded or _UNUSABLE})

    @sensitive_variables("password", "stored")
    def verify_person(self, password: str, stored: str | None, config: UserTableConfig) -> Verdict:
        """Check a password of a tenant's person against its hash; None takes as long and is wrong.

        Raises TooBusy as `verify` does.
        """
        return self._ask(
            {
                "password": password,
                "stored": stored or "",
                "formats": config.formats,
                "dummies": config.dummies,
                "rehash": config.rehash,
            }
        )

    @sensitive_variables("question", "request")
    def _ask(self, question: Mapping[str, Any]) -> Verdict:
        request = json.dumps(question).encode()
        closings = self._closings
        with self.place(), self._turn:
            for _ in range(2):  # the first process may have died long ago
                if closings != self._closings:
                    break  # the server ends: who waits here must not hold it up
                try:
                    child = self._child = self._child or _start()
                    return _verdict(child, request)
                except TimeoutError:
                    _log.warning("The process that checks passwords is ended: no answer.")
                    self._end_child()
                    break
                except (OSError, EOFError):
                    _log.warning("The process that checks passwords ended.")
                    self._end_child()
            raise TooBusy

    def close(self) -> None:
        """End the process; passwords under way are given up, later ones start another."""
        self._closings += 1
        if (child := self._child) is not None:
            child.process.kill()  # the caller that waits for it has the turn, and sees it
        with self._turn:
            self._end_child()

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


passwords = PasswordProcess()  # of staff
people_passwords = PasswordProcess()  # of the people of all tenants
atexit.register(passwords.close)
atexit.register(people_passwords.close)
