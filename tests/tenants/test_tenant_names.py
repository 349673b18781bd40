"""Tenants by name in Django: `.using("acme")`, `connections["acme"]`, `settings.DATABASES`."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connections, router, transaction
from django.utils.connection import ConnectionDoesNotExist

from dynamic_databases.active import use_database
from dynamic_databases.models import Database
from tenants.checks import check_names
from tenants.controller import Controller, ControllerConfig
from tenants.lookup import TenantLookup
from tenants.models import Tenant, TenantDatabase
from tenants.process import process_directory
from tests.fixtures.databases import execute, make_url
from tests.fixtures.vendors import SQLITE

AUTHORS = "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);"


def authors(name: str) -> str:
    return f"{AUTHORS} INSERT INTO author (name) VALUES ('{name}');"


@pytest.fixture
def ada(new_database) -> Database:
    return new_database(SQLITE, authors("Ada"))


@pytest.fixture
def bob(new_database) -> Database:
    return new_database(SQLITE, authors("Bob"))


@pytest.fixture
def acme(ada, bob, tenant_of) -> Tenant:
    """A tenant with two environments and a domain name."""
    tenant, _ = tenant_of("acme", production=ada, development=bob)
    tenant.domains = ["Shop.example.com"]
    tenant.save()
    return tenant


@pytest.fixture
def author(ada):
    """A model that is bound to no database."""
    return ada.get_model("author").__mro__[1]


def names(author, alias: str) -> list[str]:
    return list(author.objects.using(alias).values_list("name", flat=True))


def move(tenant: Tenant, database: Database) -> None:
    attached = TenantDatabase.objects.get(tenant=tenant, environment__name="production")
    attached.database = database
    attached.save()


@pytest.mark.parametrize("outer", ["acme", "alias"])
@pytest.mark.parametrize("inner", ["acme", "ACME", "acme/production", "alias"])
def test_subqueries_take_any_name_of_the_database(acme, ada, author, outer, inner) -> None:
    outer, inner = (ada.label if name == "alias" else name for name in (outer, inner))
    named = author.objects.using(inner).filter(name="Ada")

    assert author.objects.using(outer).filter(pk__in=named).count() == 1
    assert author.objects.using(outer).exclude(pk__in=named.values("pk")).count() == 0


def test_a_subquery_of_another_environment_is_refused(acme, author) -> None:
    named = author.objects.using("acme/development")

    with pytest.raises(ValueError, match="different databases"):
        list(author.objects.using("acme").filter(pk__in=named))


def test_rows_by_two_names_of_a_database_are_related(acme, ada, author) -> None:
    first, second, third = (
        Tenant.from_db(name, ["id"], [1]) for name in ("acme", ada.label, "acme/development")
    )
    assert names(author, "acme") != names(author, "acme/development")

    assert router.allow_relation(first, second)
    assert not router.allow_relation(first, third)


def test_a_query_with_a_subquery_follows_a_tenant_that_moves(acme, bob, author) -> None:
    query = author.objects.using("acme").filter(pk__in=author.objects.using("acme"))
    assert [one.name for one in query] == ["Ada"]

    move(acme, bob)

    assert [one.name for one in query.all()] == ["Bob"]


def test_a_tenant_is_found_by_each_of_its_names(acme, ada, author) -> None:
    for name in ("acme", "ACME", str(acme.pk), "shop.example.com", "acme/production", ada.label):
        assert names(author, name) == ["Ada"]
        assert name in settings.DATABASES
        assert settings.DATABASES[name] == settings.DATABASES[ada.label]
    for name in ("acme/development", f"{acme.pk}/development", "shop.example.com/development"):
        assert names(author, name) == ["Bob"]


def test_all_names_are_one_connection(acme, ada) -> None:
    wrapper = connections["acme"]

    for name in ("acme/production", str(acme.pk), "shop.example.com", ada.label):
        assert connections[name] is wrapper
    assert wrapper.alias == ada.label
    with transaction.atomic(using="acme"):
        assert connections[ada.label].in_atomic_block


def test_a_transaction_by_one_name_holds_for_the_others(acme, ada, author) -> None:
    with transaction.atomic(using="acme"):
        author.objects.using(ada.label).create(name="Eve")
        assert names(author, "shop.example.com") == ["Ada", "Eve"]
        transaction.set_rollback(True, using="acme/production")
    assert names(author, "acme") == ["Ada"]


@pytest.mark.parametrize(
    "name", ["nobody", "acme/testing", "acme/", "/acme", "", "999", "acme/production/x", "acmé"]
)
def test_an_unknown_name_raises_what_django_raises(acme, author, name) -> None:
    with pytest.raises(ConnectionDoesNotExist):
        connections[name]
    with pytest.raises(ConnectionDoesNotExist):
        author.objects.using(name or "nobody").count()
    with pytest.raises(KeyError):
        settings.DATABASES[name]
    assert name not in settings.DATABASES
    assert settings.DATABASES.get(name) is None


def test_threads_and_the_event_loop_need_no_registering(acme, author) -> None:
    found: list[list[str]] = []

    def read() -> None:
        found.append(names(author, "acme"))
        connections["acme"].close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [["Ada"]]

    async def first() -> str:
        return (await author.objects.using("acme/development").afirst()).name

    assert asyncio.run(first()) == "Bob"


def test_the_active_database_is_named_like_any(acme, author) -> None:
    with use_database("acme/development"):
        assert author.objects.get().name == "Bob"


def test_a_tenant_that_moves_is_followed(acme, bob, author) -> None:
    assert names(author, "acme") == ["Ada"]
    move(acme, bob)
    assert names(author, "acme") == ["Bob"]

    bob.unregister()
    with pytest.raises(ConnectionDoesNotExist):
        names(author, "acme")
    bob.register()
    assert names(author, "acme") == ["Bob"]
    acme.active = False
    acme.save()
    with pytest.raises(ConnectionDoesNotExist):
        names(author, "acme")


def test_a_transaction_stays_where_it_began(acme, ada, bob, author) -> None:
    with transaction.atomic(using="acme"):
        author.objects.using("acme").create(name="Eve")
        move(acme, bob)
        author.objects.using("acme").create(name="Fay")
        assert names(author, "acme") == ["Ada", "Eve", "Fay"]

    assert names(author, "acme") == ["Bob"]
    assert execute(ada.url, "SELECT name FROM author") == [("Ada",), ("Eve",), ("Fay",)]


def test_a_row_is_saved_where_it_was_read(acme, ada, bob, author) -> None:
    row = author.objects.using("acme").get()
    new = author.objects.using("acme").create(name="Eve")
    assert row._state.db == new._state.db == ada.label

    move(acme, bob)
    row.name = "Adele"
    row.save()
    new.name = "Eva"
    new.save()
    assert names(author, ada.label) == ["Adele", "Eva"]
    assert names(author, "acme") == ["Bob"]


def test_a_change_of_another_process_is_followed(acme, bob, author) -> None:
    """No signal of this process tells of it: the next look at the numbered changes does."""
    assert names(author, "acme") == ["Ada"]
    change = bob.pk, acme.pk
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_tenantdatabase SET database_id = %s WHERE tenant_id = %s AND "
            "environment_id = (SELECT id FROM tenants_environment WHERE name = 'production')",
            change,
        )
        cursor.execute("UPDATE dynamic_databases_revision SET value = value + 1")
    apps.get_app_config("dynamic_databases").invalidator.poll_now()
    assert names(author, "acme") == ["Bob"]


def test_static_entries_come_first_and_no_new_tenant_hides_behind_one(acme, author) -> None:
    assert connections["default"].alias == "default"
    for field, value in (("slug", "default"), ("domains", ["default"])):
        with pytest.raises(ValidationError, match="alias of a database"):
            Tenant(**{"slug": "other", field: value}).full_clean()
    assert check_names(["default"]) == []
    Tenant.objects.bulk_create([Tenant(slug="default")])
    (warning,) = check_names(["default"])
    assert (warning.id, "'default'" in warning.msg) == ("tenants.W001", True)


@pytest.mark.parametrize("name", ["acme", "acme/development", "shop.example.com"])
def test_no_table_of_the_project_is_made_under_a_tenants_name(acme, ada, name) -> None:
    assert not router.allow_migrate(name, "auth")
    for command in ("migrate", "flush"):
        with pytest.raises(CommandError, match="registered database"):
            call_command(command, database=name, verbosity=0)
    assert execute(ada.url, "SELECT name FROM sqlite_master WHERE type = 'table'") == [("author",)]


def test_a_controllers_customer_is_found_by_its_id(new_database, author, monkeypatch) -> None:
    """Nobody asked for it before; ids of ours are none there."""
    url = make_url(SQLITE, authors("of 701"))
    new_database(
        SQLITE,
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, domain VARCHAR(80), conn VARCHAR(400));"
        f"INSERT INTO customer VALUES (701, 'One.example.com', '{url}');",
        "central",
    )
    config = ControllerConfig("central", "customer", "id", "conn", "domain")
    invalidator = apps.get_app_config("dynamic_databases").invalidator
    controller = Controller(config, check_seconds=0.1)
    lookup = TenantLookup(process_directory(), invalidator, lambda: controller)
    monkeypatch.setattr(settings.DATABASES, "names", lookup.alias)

    for name in ("701", "ONE.example.com", "701/production"):
        assert names(author, name) == ["of 701"]
    own = Tenant.objects.get()
    assert str(own.pk) not in settings.DATABASES


def test_looking_names_up_costs_no_query(
    acme, author, monkeypatch, django_assert_num_queries
) -> None:
    """Where a thread polls, as in a server; else one look a second."""
    names(author, "acme"), names(author, "acme/development")
    invalidator = apps.get_app_config("dynamic_databases").invalidator
    monkeypatch.setattr(invalidator, "has_poller", True)
    with django_assert_num_queries(0):
        for name in ("acme", "acme/development", "shop.example.com"):
            assert name in settings.DATABASES
