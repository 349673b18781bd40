"""The snapshot of tenants: only changed rows are read, elsewhere in the background."""

from __future__ import annotations

import gc

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import QuerySet

from dynamic_databases.aliases import Alias
from dynamic_databases.change_log import Change, changes_since
from dynamic_databases.models import Database
from tenants.authentication.tokens import digest_of, issue_token
from tenants.directory import Directory
from tenants.models import ApiToken, Environment, Role, Tenant, TenantDatabase
from tenants.process import process_directory
from tenants.snapshot_loader import read_all


def alias_of(pk: int) -> Alias:
    return Alias(f"db_{pk}")


@pytest.fixture
def elsewhere(transactional_db) -> Directory:
    """Another process's directory: no signal of this process reaches it."""
    found = Directory(alias_of)
    found.current()
    return found


def news_for(directory: Directory) -> tuple[int, list[Change] | None]:
    """Return what a poll finds for a directory."""
    revision, _ = directory.confirmed()
    return changes_since(revision)


def follow(directory: Directory) -> None:
    directory.follow(*news_for(directory))


def test_who_asks_while_it_follows_gets_the_former_snapshot(elsewhere) -> None:
    former, met = elsewhere.snapshot, []
    Tenant.objects.create(slug="acme")

    def note(execute, *statement):
        met.append((elsewhere.is_stale, elsewhere.current() is former))
        return execute(*statement)

    with connection.execute_wrapper(note):
        follow(elsewhere)

    assert set(met) == {(False, True)}
    assert elsewhere.snapshot.tenant("acme")


def test_what_nobody_asked_for_yet_is_not_read(transactional_db, django_assert_num_queries) -> None:
    change = Change(1, "tenants.tenant", 1)
    with django_assert_num_queries(0):
        Directory(alias_of).follow(1, [change])
        Directory(alias_of).follow(1, None)
        Directory(alias_of).take_over(change)


def test_as_many_rows_are_read_as_changed(elsewhere, django_assert_num_queries) -> None:
    for number in range(20):
        Tenant.objects.create(slug=f"t{number}")
    follow(elsewhere)
    before = elsewhere.snapshot

    Tenant.objects.create(slug="acme")
    newest, changes = news_for(elsewhere)
    with django_assert_num_queries(2) as queries:  # the tenant, its attachments
        elsewhere.follow(newest, changes)

    assert all("IN (" in query["sql"] for query in queries)
    assert elsewhere.snapshot.tenant("t3") is before.tenant("t3")
    assert elsewhere.snapshot.tenant("acme")


@pytest.mark.parametrize("how", ["follow", "take_over"])
def test_a_change_that_could_not_be_read_is_not_missed(elsewhere, how) -> None:
    def fails(*_statement):
        raise OperationalError("away")

    Tenant.objects.create(slug="acme")
    newest, changes = news_for(elsewhere)
    arguments = (newest, changes) if how == "follow" else changes
    with connection.execute_wrapper(fails), pytest.raises(OperationalError):
        getattr(elsewhere, how)(*arguments)

    assert elsewhere.is_stale
    assert elsewhere.current().tenant("acme")


def test_all_tenants_are_read_without_collections(transactional_db) -> None:
    """A walk over all objects stops every thread, and thousands of new ones would start it."""
    Tenant.objects.bulk_create([Tenant(slug=f"t{number}") for number in range(2000)])
    walked: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        walked.append(info["generation"])

    gc.collect()
    gc.callbacks.append(note)
    try:
        read_all(alias_of)
    finally:
        gc.callbacks.remove(note)
    assert walked == []


def test_what_was_taken_over_is_not_read_again(elsewhere, django_assert_num_queries) -> None:
    Tenant.objects.create(slug="acme")
    newest, changes = news_for(elsewhere)
    elsewhere.take_over(*changes)
    with django_assert_num_queries(0):
        elsewhere.follow(newest, changes)
    assert elsewhere.snapshot.tenant("acme")


def test_a_change_that_others_slept_through_is_found_by_reading_all(elsewhere) -> None:
    Tenant.objects.create(slug="acme")
    Change.objects.all().delete()  # the oldest lines go after a while
    follow(elsewhere)
    assert elsewhere.snapshot.tenant("acme")


@pytest.fixture
def here(transactional_db) -> Directory:
    """This process's directory, after a look at what the tests before left."""
    apps.get_app_config("dynamic_databases").invalidator.poll_now()
    found = process_directory()
    found.current()
    return found


def test_rows_that_are_changed_at_once_are_followed(here, elsewhere) -> None:
    Tenant.objects.bulk_create([Tenant(slug="acme"), Tenant(slug="globex")])
    assert here.snapshot.tenant("acme") and here.snapshot.tenant("globex")
    follow(elsewhere)
    assert elsewhere.snapshot.tenant("acme")

    Tenant.objects.filter(slug="acme").update(active=False)
    assert here.snapshot.tenant("acme") is None and here.snapshot.tenant("globex")
    follow(elsewhere)
    assert elsewhere.snapshot.tenant("acme") is None and elsewhere.snapshot.tenant("globex")


def test_rows_whose_keys_nobody_knows_are_found_by_reading_all(here, elsewhere) -> None:
    Tenant.objects.bulk_create([Tenant(slug="acme")], ignore_conflicts=True)
    follow(elsewhere)
    assert here.snapshot.tenant("acme") and elsewhere.snapshot.tenant("acme")


def test_a_row_that_came_between_is_not_missed(elsewhere) -> None:
    came = []

    def come_between(execute, sql, *statement):
        if not came and sql.startswith("UPDATE"):
            came.append("globex")  # as of another process, which elsewhere has read the line of
            QuerySet(Tenant).bulk_create([Tenant(slug="globex", name="Globex")])
            elsewhere.invalidate()
            elsewhere.current()
        return execute(sql, *statement)

    Tenant.objects.create(slug="acme")
    with connection.execute_wrapper(come_between):
        assert Tenant.objects.update(name="Renamed") == 2
    follow(elsewhere)
    assert {entry.name for entry in elsewhere.snapshot.tenants} == {"Renamed"}


def test_a_look_that_finds_a_change_leaves_nothing_to_wait_for(here) -> None:
    Tenant.objects.create(slug="acme")
    there = here.snapshot.tenant("acme")
    apps.get_app_config("dynamic_databases").invalidator.poll_now()

    assert there is not None
    assert here.snapshot.tenant("acme") is there and not here.is_stale


def _database(name: str) -> Database:
    return Database.objects.from_url(name, f"sqlite:///{name}.sqlite3")


def _move() -> None:
    row = TenantDatabase.objects.get(tenant__slug="acme")
    row.tenant = Tenant.objects.get(slug="globex")
    row.save()


def _change(model, **values) -> None:
    row = model.objects.first()
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _swap_slugs() -> None:
    for old, new in (("acme", "other"), ("globex", "acme"), ("other", "globex")):
        row = Tenant.objects.get(slug=old)
        row.slug = new
        row.save()


CHANGES = {
    "a tenant added": lambda: Tenant.objects.create(slug="new", domains=["New.example"]),
    "a tenant deactivated": lambda: _change(Tenant, active=False),
    "a tenant deleted": lambda: Tenant.objects.get(slug="acme").delete(),
    "a tenant's names changed": lambda: _change(Tenant, slug="acne", domains=["x.example"]),
    "a tenant's own id": lambda: _change(Tenant, external_id="C1"),
    "a tenant's limits": lambda: _change(Tenant, limits={"max_rows": 5}),
    "two tenants' slugs swapped": _swap_slugs,
    "a database attached": lambda: TenantDatabase.objects.create(
        tenant=Tenant.objects.get(slug="globex"),
        environment=Environment.objects.get(name="production"),
        database=_database("second"),
    ),
    "an attachment moved to another tenant": _move,
    "an attachment deleted": lambda: TenantDatabase.objects.first().delete(),
    "a database disabled": lambda: Database.objects.get(name="first").unregister(),
    "a database deleted": lambda: Database.objects.get(name="first").delete(),
    "an environment renamed": lambda: _change(Environment, name="live"),
    "a token issued": lambda: issue_token(Tenant.objects.get(slug="acme"), "admin", None, None),
    "a token revoked": lambda: _change(ApiToken, revoked_at="2026-01-01T00:00:00Z"),
    "a token's role changed": lambda: _change(ApiToken, role="reader"),
    "a role with a permission": lambda: Role.objects.create(name="reader").permissions.create(
        table="*", select_columns=["*"]
    ),
}


@pytest.fixture
def two_tenants(transactional_db) -> str:
    """Acme, with a database and a token, and Globex; return the token's digest."""
    acme = Tenant.objects.create(slug="acme", domains=["acme.example", "both.example"])
    Tenant.objects.create(slug="globex", domains=["both.example"])
    production, _ = Environment.objects.get_or_create(name="production")
    TenantDatabase.objects.create(tenant=acme, environment=production, database=_database("first"))
    return digest_of(issue_token(acme, "admin", production, None))


@pytest.mark.parametrize("change", CHANGES)
def test_what_follows_one_change_is_what_reading_all_gives(two_tenants, change) -> None:
    """In the process that makes a change, one that follows, and one that hears of it twice."""
    process_directory().invalidate()
    process_directory().current()
    elsewhere = Directory(settings.DATABASES.alias_of)
    before = elsewhere.current()
    CHANGES[change]()

    newest, changes = news_for(elsewhere)
    elsewhere.take_over(*changes[:1])
    elsewhere.follow(newest, changes)
    expected = read_all(settings.DATABASES.alias_of)

    assert expected != before
    for directory in (process_directory(), elsewhere):
        assert directory.snapshot == expected
        assert not directory.is_stale


def test_a_token_opens_nothing_while_its_tenant_is_inactive(two_tenants, elsewhere) -> None:
    assert elsewhere.snapshot.token(two_tenants)
    _change(Tenant, active=False)
    follow(elsewhere)
    assert elsewhere.snapshot.token(two_tenants) is None
    _change(Tenant, active=True)
    follow(elsewhere)
    assert elsewhere.snapshot.token(two_tenants).role == "admin"


def test_of_two_with_one_domain_name_the_first_has_it(two_tenants, elsewhere) -> None:
    assert elsewhere.snapshot.tenant("Both.example").slug == "acme"
    Tenant.objects.get(slug="acme").delete()
    follow(elsewhere)
    assert elsewhere.snapshot.tenant("both.example").slug == "globex"
