"""What is looked at again and again: failures are told once, and mistakes as such."""

from __future__ import annotations

import logging
import threading

import pytest

from dynamic_databases.errors import CannotConnect
from dynamic_databases.models import Database
from gateway.asgi import Application
from gateway.background.poller import Look, _control_failure, _controller_failure, look_again
from tenants.errors import ControlUnavailable
from tests.fixtures.processes import wait_for


def logged(caplog, errors: list[Exception | None], explain) -> list[logging.LogRecord]:
    """Return what is logged of looks that end so, one after the other."""
    stopping, left = threading.Event(), list(errors)

    def look() -> None:
        error = left.pop(0)
        if not left:
            stopping.set()
        if error is not None:
            raise error

    look_again(Look("poll", look, 0.001, explain), stopping)
    return [record for record in caplog.records if record.name == "gateway.background.poller"]


@pytest.mark.parametrize("explain", [_control_failure, _controller_failure])
def test_a_mistake_is_logged_once_with_its_traceback(caplog, explain) -> None:
    records = logged(caplog, [KeyError("pk")] * 5 + [None], explain)

    assert [record.getMessage() for record in records] == [
        "a look at what changed failed: poll: KeyError('pk')",
        "changes are followed again",
    ]
    assert records[0].exc_info and records[0].exc_info[0] is KeyError


@pytest.mark.parametrize(
    ("error", "explain", "words"),
    [
        (ControlUnavailable(), _control_failure, "the control database doesn't answer"),
        (ControlUnavailable(), _controller_failure, "the control database doesn't answer"),
        (CannotConnect("away"), _controller_failure, "the controller can't be followed: away"),
        (Database.DoesNotExist("none"), _controller_failure, "the controller can't be followed"),
    ],
)
def test_what_may_be_met_is_logged_in_words(caplog, error, explain, words) -> None:
    records = logged(caplog, [error, error, None, None], explain)

    assert len(records) == 2 and words in records[0].getMessage()
    assert records[0].exc_info is None


def test_changes_are_followed_while_tidying_fails(
    transactional_db, registry, settings, caplog
) -> None:
    application = Application()
    services, _ = application._ready()
    try:
        del services.schemas._entries  # whatever may be broken in this process
        wait_for(lambda: "a look at what changed failed: tidying" in caplog.text)
        answered = services.control._answered_at
        wait_for(lambda: services.control._answered_at > answered)
        assert caplog.text.count("a look at what changed failed") == 1
        assert "controller" not in caplog.text
    finally:
        application.close()
