"""Models for users of the ORM: bound to a database, with relations; and the router's refusal."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, models

from dynamic_databases.active import active_alias, use_database
from dynamic_databases.errors import KeylessTable, NoActiveDatabase, UnknownTable
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from tests.fixtures.databases import library_sql
from tests.fixtures.vendors import SQLITE


def test_a_bound_model_reads_its_database(library) -> None:
    artist = library.get_model("artist")

    assert [row.name for row in artist.objects.order_by("name")] == ["Ada", "Björk", "Coltrane"]
    assert artist.objects.filter(album__track__name="Jóga").get().name == "Björk"


def test_relations_stay_in_the_database(library) -> None:
    artist = library.get_model("artist").objects.get(name="Ada")

    assert [album.title for album in artist.album_set.order_by("title")] == ["First", "Second"]
    assert artist.album_set.count() == 2
    album = library.get_model("album").objects.get(title="First")
    assert album.artist == artist
    assert album.artist._state.db == library.label
    assert album.track_set.filter(genre__name="Jazz").get().name == "three_%"


def test_writing_through_a_bound_model(library) -> None:
    artist = library.get_model("artist").objects.create(name="New")
    album = artist.album_set.create(title="Debut", price="3.50")

    assert library.get_model("album").objects.get(pk=album.pk).artist_id == artist.pk
    assert album.delete()[0] == 1


def test_using_an_alias_works_without_registering(library) -> None:
    model = process_registry().models(library.label).find("genre")

    assert model.objects.using(library.label).count() == 2
    found: list[int] = []
    thread = threading.Thread(
        target=lambda: (
            found.append(model.objects.using(library.label).count()),
            connections[library.label].close(),
        )
    )
    thread.start()
    thread.join()
    assert found == [2]


def test_an_unbound_model_needs_an_active_database(library) -> None:
    model = process_registry().models(library.label).find("genre")

    with pytest.raises(NoActiveDatabase, match="Genre"):
        model.objects.count()
    with use_database(library.label):
        assert model.objects.count() == 2
    assert active_alias() is None


def test_an_active_database_stays_in_its_context(library) -> None:
    seen: list[str | None] = []
    with use_database(library.label):
        thread = threading.Thread(target=lambda: seen.append(active_alias()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_an_unknown_alias_and_table(library) -> None:
    with pytest.raises(UnknownTable, match=r"no table 'nope'.*artist"):
        library.get_model("nope")
    model = process_registry().models(library.label).find("genre")
    with pytest.raises(connections.exception_class):
        model.objects.using("DYNAMIC_DATABASE_99999").count()


def test_composite_keys(library) -> None:
    model = library.get_model("playlist_track")

    row = model.objects.get(pk=(1, 2))
    assert (row.track.name, row.note) == ("One", None)
    row.note = "changed"
    row.save()
    assert model.objects.get(pk=(1, 2)).note == "changed"


def test_a_keyless_table_is_read_and_not_written_by_key(vendor, new_database) -> None:
    database = new_database(
        vendor,
        "CREATE TABLE line (a INTEGER, b VARCHAR(9)); INSERT INTO line VALUES (1, 'x'), (1, 'x');",
    )

    rows = list(database.get_model("line").objects.all())
    assert [row.b for row in rows] == ["x", "x"]
    with pytest.raises(KeylessTable):
        rows[0].save()


def test_two_keys_to_one_table(vendor, new_database) -> None:
    database = new_database(
        vendor,
        f"""CREATE TABLE address (id {vendor.identity}, street VARCHAR(40));
        CREATE TABLE orders (id {vendor.identity}, billing_id INTEGER
          REFERENCES address(id), shipping_id INTEGER REFERENCES address(id));
        INSERT INTO address (street) VALUES ('a'), ('b');
          INSERT INTO orders (billing_id, shipping_id) VALUES (1, 2);""",
    )

    order = database.get_model("orders").objects.get()
    assert (order.billing.street, order.shipping.street) == ("a", "b")
    assert order.billing.billing_orders_set.count() == 1
    assert order.billing.shipping_orders_set.count() == 0


def test_a_self_reference_without_an_id_ending(vendor, new_database) -> None:
    database = new_database(
        vendor,
        f"""CREATE TABLE employee (id {vendor.identity}, name VARCHAR(40), reports_to INTEGER
            REFERENCES employee(id));
        INSERT INTO employee (name, reports_to) VALUES ('boss', NULL), ('one', 1);""",
    )

    one = database.get_model("employee").objects.get(name="one")
    assert one.reports_to == 1
    assert one.employee_by_reports_to.name == "boss"


def test_databases_of_one_catalog_share_their_models(vendor, new_database) -> None:
    first, second = (new_database(vendor, library_sql(vendor)) for _ in range(2))
    registry = process_registry()

    assert registry.models(first.label) is registry.models(second.label)
    first.get_model("genre").objects.create(name="Only here")
    assert second.get_model("genre").objects.filter(name="Only here").count() == 0


def test_a_forgotten_catalog_is_garbage(vendor, new_database) -> None:
    database = new_database(
        vendor,
        (
            "CREATE TABLE thing (id INTEGER PRIMARY KEY); "
            "CREATE TABLE part (id INTEGER PRIMARY KEY, thing_id INTEGER REFERENCES thing(id));"
        ),
    )
    before = len(apps._pending_operations)
    model = weakref.ref(database.get_model("part"))
    models_of = weakref.ref(process_registry().models(database.label))
    assert model().objects.select_related("thing").count() == 0

    database.delete()
    for _ in range(3):
        gc.collect()
    assert model() is None
    assert models_of() is None
    assert len(apps._pending_operations) == before
    assert not any(label.startswith(("catalog_", "DYNAMIC")) for label in apps.all_models)


def test_a_saved_database_is_read_anew(new_database) -> None:
    old = new_database(SQLITE, "CREATE TABLE a (id INTEGER PRIMARY KEY);", "old")
    new = new_database(SQLITE, "CREATE TABLE b (id INTEGER PRIMARY KEY);", "new")
    assert old.get_model("a").objects.count() == 0
    revision = old.revision

    old.config = new.config
    old.save()
    assert old.revision == revision + 1
    assert old.get_model("b").objects.count() == 0
    with pytest.raises(UnknownTable):
        old.get_model("a")


def test_threads_follow_a_changed_database(new_database) -> None:
    """A thread that holds a connection gets a new one: Django alone would keep the old for ever."""
    old = new_database(
        SQLITE, "CREATE TABLE t (n INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);", "old"
    )
    new = new_database(
        SQLITE, "CREATE TABLE t (n INTEGER PRIMARY KEY); INSERT INTO t VALUES (2);", "new"
    )
    model, seen, go, looked = old.get_model("t"), [], threading.Event(), threading.Event()

    def look() -> None:
        seen.append(model.objects.get().n)
        looked.set()
        go.wait(10)
        seen.append(model.objects.get().n)
        connections[old.label].close()

    thread = threading.Thread(target=look)
    thread.start()
    looked.wait(10)
    old.config = new.config
    old.save()
    go.set()
    thread.join()
    assert seen == [1, 2]


def test_a_disabled_database_is_gone_until_it_is_registered_again(library) -> None:
    model = library.get_model("genre")

    library.unregister()
    with pytest.raises(connections.exception_class):
        model.objects.count()
    assert library.label not in connections
    assert library.register() == library.label
    assert library.get_model("genre").objects.count() == 2


def test_the_alias_follows_the_settings(library) -> None:
    assert library.label == f"DYNAMIC_DATABASE_{library.pk}"
    assert library.label in settings.DATABASES
    assert settings.DATABASES.get(f"DYNAMIC_DATABASE_0{library.pk}") is None


def test_control_tables_keep_out_of_tenants_databases(library) -> None:
    from django.core.management import CommandError, call_command  # noqa: PLC0415 - used once
    from django.db import router  # noqa: PLC0415 - likewise

    assert router.allow_migrate(library.label, "tenants") is False
    assert router.allow_migrate("default", "tenants") is True
    with pytest.raises(CommandError, match="registered"):
        call_command("migrate", database=library.label, verbosity=0)
    assert "tenants_tenant" not in connections[library.label].introspection.table_names()
    connections[library.label].close()


def test_no_relation_across_two_databases(vendor, new_database) -> None:
    first, second = (new_database(vendor, library_sql(vendor)) for _ in range(2))
    artist = first.get_model("artist").objects.first()
    album = second.get_model("album").objects.first()

    with pytest.raises(ValueError, match="the current database router prevents this relation"):
        album.artist = artist


def test_a_secret_is_in_no_representation() -> None:
    row = Database(
        name="x",
        config={
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "x",
            "HOST": "h",
            "PASSWORD": "hunter2",
        },
    )

    assert "hunter2" not in repr(row) + str(row) + str(row.shown_config())
    assert isinstance(row, models.Model)


def test_a_bit_of_mariadb_is_a_boolean(mariadb, new_database) -> None:
    database = new_database(
        mariadb,
        (
            "CREATE TABLE flag (id INTEGER PRIMARY KEY, up BIT(1)); "
            "INSERT INTO flag VALUES (1, 1), (2, 0), (3, NULL);"
        ),
    )
    flag = database.get_model("flag")

    assert [row.up for row in flag.objects.order_by("id")] == [True, False, None]
    assert flag.objects.get(up=True).id == 1
