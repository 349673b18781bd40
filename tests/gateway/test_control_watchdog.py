"""Statements of the control database end at their deadlines, even if one of them hangs."""

from __future__ import annotations

import os

import psycopg
import pytest

from gateway.control.watchdog import ControlWatchdog
from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import POSTGRESQL, postgresql_url, present


def test_a_socket_that_is_gone_keeps_no_other_from_its_deadline() -> None:
    present(POSTGRESQL)
    watchdog = ControlWatchdog(seconds=0.2)
    with psycopg.connect(postgresql_url()) as gone, psycopg.connect(postgresql_url()) as silent:
        kept = os.dup(gone.pgconn.socket)
        os.close(gone.pgconn.socket)
        try:
            with watchdog.watching(gone):
                wait_for(lambda: not watchdog._running)
        finally:
            os.dup2(kept, gone.pgconn.socket)
            os.close(kept)
        with watchdog.watching(silent), pytest.raises(psycopg.OperationalError):
            silent.execute("SELECT pg_sleep(600)")
        silent.close()
    wait_for(lambda: watchdog._thread is None)
