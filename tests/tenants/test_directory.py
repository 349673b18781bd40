"""The snapshot of tenants: read anew before its next use after a change here, behind requests after one elsewhere."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import OperationalError, connection

from dynamic_databases.models import bump_revision
from tenants.directory import Directory, process_directory
from tenants.models import Tenant


@pytest.fixture
def directory(transactional_db) -> Directory:
    found = Directory("db_")
    found.current()
    return found


def test_who_asks_while_it_follows_gets_the_former_snapshot(directory) -> None:
    former, met = directory.snapshot, []
    Tenant.objects.create(slug="acme")

    def note(execute, *statement):
        met.append((directory.is_stale, directory.snapshot))
        return execute(*statement)

    with connection.execute_wrapper(note):
        directory.follow()

    assert set(map(repr, met)) == {repr((False, former))}
    assert directory.snapshot.tenant("acme") and not directory.is_stale


def test_what_nobody_asked_for_yet_is_not_read(transactional_db, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        Directory("db_").follow()


def test_a_change_that_could_not_be_followed_is_not_missed(directory) -> None:
    def fails(*_statement):
        raise OperationalError("away")

    Tenant.objects.create(slug="acme")
    with connection.execute_wrapper(fails), pytest.raises(OperationalError):
        directory.follow()

    assert directory.is_stale
    assert directory.current().tenant("acme")


def test_what_was_read_later_stays(directory) -> None:
    """A change of this process comes while another is followed, and is read by who asks next."""
    once = iter([True])

    def change(execute, *statement):
        found = execute(*statement)
        if next(once, False):
            Tenant.objects.create(slug="later")
            directory.invalidate()
            directory.current()
        return found

    with connection.execute_wrapper(change):
        directory.follow()

    assert directory.snapshot.tenant("later")


def test_a_look_that_finds_a_change_leaves_nothing_to_wait_for(transactional_db) -> None:
    directory, invalidator = (
        process_directory(),
        apps.get_app_config("dynamic_databases").invalidator,
    )
    invalidator.poll_now()
    former = directory.current()
    bump_revision()  # as another process does
    invalidator.poll_now()

    assert not directory.is_stale
    assert directory.snapshot is not former
