"""The snapshot that a request gets: of the control database, as long as that may be asked."""

from __future__ import annotations

import asyncio

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError

from gateway.control.database import ControlDatabase
from gateway.control.standby import Standby
from tenants.directory import Directory
from tenants.errors import ControlUnavailable
from tenants.models import Tenant

DAY = 86_400


class Polls:
    """A poll that counts how often it is asked, and fails while `error` is set."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.count += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def polls() -> Polls:
    return Polls()


@pytest.fixture
def directory(transactional_db) -> Directory:
    """What a page has read before the process's first look at changes."""
    Tenant.objects.create(slug="acme")
    directory = Directory(settings.DATABASES.alias_of)
    directory.current()
    assert directory.may_ask_again()  # the look for an unknown name, a moment ago
    return directory


@pytest.fixture
def standby(directory: Directory, polls: Polls):
    control = ControlDatabase(polls, seconds=5)
    invalidator = apps.get_app_config("dynamic_databases").invalidator
    yield Standby(directory, invalidator, control, None, DAY)
    control.stop()


def test_a_process_that_has_not_polled_yet_polls_and_serves(standby, polls) -> None:
    """An unknown name a moment ago doesn't make a database that answers an outage."""
    for _ in range(3):
        assert asyncio.run(standby.snapshot()).tenant("acme") is not None
    assert polls.count == 1  # it counts as confirmed from then on


def test_a_database_that_is_away_is_asked_a_few_times_a_second(standby, polls) -> None:
    polls.error = OperationalError("the server went away")
    for _ in range(20):
        with pytest.raises(ControlUnavailable):
            asyncio.run(standby.snapshot())
    assert polls.count == 1
