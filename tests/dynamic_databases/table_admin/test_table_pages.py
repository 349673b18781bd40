"""Tables that change, databases that are away, and what a project registers of them."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from dynamic_databases.models import Baseline, Database
from dynamic_databases.process import process_registry
from dynamic_databases.table_admin import register_tables
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.table_admin import form_of, page_of, registered, text_of
from tests.fixtures.vendors import POSTGRESQL, SQLITE


def test_two_databases_have_pages_and_log_entries_of_their_own(client, site, new_database) -> None:
    databases = [new_database(v, library_sql(v), v.name) for v in (SQLITE, POSTGRESQL)]
    site(registered(*databases))
    for database in databases:
        page = page_of(database, "artist", "1/change/")
        client.post(page, form_of(client, page) | {"name": f"Ada of {database.name}"})

    for database in databases:
        history = text_of(client.get(page_of(database, "artist", "1/history/")))
        assert history.count("Changed Name") == 1
        entry = LogEntry.objects.get(content_type__app_label=database.label)
        assert entry.get_edited_object().name == f"Ada of {database.name}"
    index = client.get("/tables/").content.decode()
    assert all(page_of(database, "artist", "1/change/") in index for database in databases)


def test_staff_need_the_permissions_of_the_database(client, site, new_database) -> None:
    first, second = (new_database(SQLITE, library_sql(SQLITE), name) for name in ("a", "b"))
    site(registered(first, second))
    ann = get_user_model().objects.create_user("ann", password="x" * 12, is_staff=True)
    kind = ContentType.objects.get_for_model(first.get_model("artist"))
    ann.user_permissions.add(Permission.objects.get(content_type=kind, codename="view_artist"))
    client.force_login(ann)

    assert "3 artist" in text_of(client.get(page_of(first, "artist")))
    assert client.get(page_of(first, "artist", "add/")).status_code == 403
    assert client.post(page_of(first, "artist", "1/change/"), {"name": "x"}).status_code == 403
    assert client.get(page_of(first, "album")).status_code == 403
    assert client.get(page_of(second, "artist")).status_code == 403


def test_an_added_column_is_shown(client, site, shop) -> None:
    site(registered(shop))
    page = page_of(shop, "artist", "1/change/")
    assert "born" not in form_of(client, page)
    execute(shop.url, "ALTER TABLE artist ADD COLUMN born INTEGER")

    assert "Born" in text_of(client.get(page))
    client.post(page, form_of(client, page) | {"born": "1815"})
    assert execute(shop.url, "SELECT born FROM artist WHERE artist_id = 1") == [(1815,)]


def test_a_dropped_column_is_gone_from_the_pages(client, site, shop) -> None:
    site(registered(shop))
    execute(shop.url, "ALTER TABLE artist DROP COLUMN country")

    assert "country" not in form_of(client, page_of(shop, "artist", "1/change/"))
    assert client.get(page_of(shop, "artist")).status_code == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"list_display": ["name", "country"]}, "'list_display[1]' refers to 'country'"),
        ({"search_fields": ["=country"]}, "'search_fields' refers to '=country'"),
    ],
    ids=["list_display", "search_fields"],
)
def test_an_admin_class_that_names_a_dropped_column_says_so(
    client, site, shop, options, message: str
) -> None:
    site(registered(shop, **options))
    execute(shop.url, "ALTER TABLE artist DROP COLUMN country")

    for _ in range(2):
        page = client.get(page_of(shop, "artist"), {"q": "AT"})
        assert page.status_code == 400
        assert message in text_of(page)
    execute(shop.url, "ALTER TABLE artist ADD COLUMN country VARCHAR(2)")
    assert client.get(page_of(shop, "artist")).status_code == 200


def test_a_dropped_table_has_a_clear_page(client, site, new_database) -> None:
    database = new_database(POSTGRESQL, library_sql(POSTGRESQL))
    site(registered(database))
    execute(database.url, "DROP TABLE artist CASCADE")

    for rest in ("", "1/change/", "add/", "1/delete/", "1/history/"):
        page = client.get(page_of(database, "artist", rest))
        assert page.status_code == 404
        assert "The database has no table 'artist' any more." in text_of(page)
    assert client.get("/tables/").status_code == 200
    assert client.get(page_of(database, "album")).status_code == 200


def test_a_database_out_of_service_has_a_clear_page(client, site, shop) -> None:
    site(registered(shop))
    shop.enabled = False
    shop.save()

    page = client.get(page_of(shop, "artist"))
    assert (page.status_code, "out of service" in text_of(page)) == (404, True)
    assert client.get("/tables/").status_code == 200


def test_a_database_that_is_down_has_a_clear_page(client, site, new_database) -> None:
    database = new_database(POSTGRESQL, library_sql(POSTGRESQL))
    site(registered(database))
    page = page_of(database, "artist", "1/change/")
    client.post(page, form_of(client, page) | {"name": "Eve"})
    config = database.config | {"HOST": "127.0.0.1", "PORT": "1"}
    Database.objects.filter(pk=database.pk).update(config=config)
    process_registry().forget(database.label)

    answer = client.get(page)
    assert answer.status_code == 503
    assert "check PORT" in text_of(answer)
    assert client.get("/tables/").status_code == 200  # with the log entry of the row


def test_what_the_database_refuses_has_a_clear_page(client, site, shop) -> None:
    site(registered(shop))

    page = client.post(page_of(shop, "artist", "1/delete/"), {"post": "yes"})
    assert page.status_code == 400
    assert "Nothing was saved." in text_of(page)
    assert shop.get_model("artist").objects.filter(pk=1).exists()


def test_unique_values_are_a_problem_of_the_form(client, site, shop) -> None:
    one = admin.AdminSite()
    one.register(shop.get_model("genre"))
    site(one)

    page = client.post(page_of(shop, "genre", "add/"), {"name": "Rock"})
    assert page.status_code == 200
    assert "already exists" in text_of(page)


def test_a_class_of_the_project_keeps_what_it_says(client, site, shop) -> None:
    class ArtistAdmin(admin.ModelAdmin):
        list_display = ["shout"]

        def changelist_view(self, request, extra_context=None):
            context = {"title": "All of them", **(extra_context or {})}
            return super().changelist_view(request, context)

        def shout(self, row):
            return row.name.upper()

    one = admin.AdminSite()
    one.register(shop.get_model("artist"), ArtistAdmin)
    site(one)

    page = text_of(client.get(page_of(shop, "artist")))
    assert "COLTRANE" in page
    assert "All of them" in page


def test_a_view_is_read_only(client, site, new_database) -> None:
    sql = """CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO a VALUES (1, 'x');
        CREATE VIEW only_names AS SELECT name FROM a;"""
    database = new_database(SQLITE, sql)
    one = admin.AdminSite()
    one.register(database.get_model("only_names"))
    site(one)

    assert client.get(page_of(database, "onlynames")).status_code == 200
    assert client.get(page_of(database, "onlynames", "add/")).status_code == 403


def test_keys_and_computed_columns_are_shown(client, site, new_database) -> None:
    sql = """CREATE TABLE item (code VARCHAR(9) PRIMARY KEY, net INTEGER NOT NULL,
        gross INTEGER GENERATED ALWAYS AS (net * 2) STORED);
        INSERT INTO item (code, net) VALUES ('a', 2);"""
    database = new_database(SQLITE, sql)
    one = admin.AdminSite()
    one.register(database.get_model("item"))
    site(one)
    page = page_of(database, "item", "a/change/")

    assert set(form_of(client, page)) == {"net"}
    assert client.post(page, {"net": "3"}).status_code == 302
    assert execute(database.url, "SELECT code, net, gross FROM item") == [("a", 3, 6)]
    client.post(page_of(database, "item", "add/"), {"code": "b", "net": "1"})
    assert execute(database.url, "SELECT code FROM item ORDER BY code") == [("a",), ("b",)]


def test_a_table_with_a_key_of_several_columns_is_refused(shop) -> None:
    with pytest.raises(ImproperlyConfigured, match="composite primary key"):
        admin.AdminSite().register(shop.get_model("playlist_track"))


def test_models_of_the_project_are_registered_as_ever() -> None:
    one = admin.AdminSite()

    one.register([Database, Baseline], list_per_page=7)

    assert {type(one.get_model_admin(model)).__mro__[1] for model in (Database, Baseline)} == {
        admin.ModelAdmin
    }


def test_tables_are_registered_by_the_name_of_the_database(client, site, shop) -> None:
    class ArtistAdmin(admin.ModelAdmin):
        list_display = ["country"]

    one = admin.AdminSite()
    assert register_tables(one, "shop", {"artist": ArtistAdmin, "album": None})
    site(one)

    assert "AT" in text_of(client.get(page_of(shop, "artist")))
    assert client.get(page_of(shop, "album")).status_code == 200


def test_a_project_starts_without_the_database(new_database, caplog) -> None:
    one = admin.AdminSite()
    database = new_database(POSTGRESQL, library_sql(POSTGRESQL), "shop")

    assert not register_tables(one, "other", {"artist": None})
    assert not register_tables(one, "shop", {"artist": None, "nothing": None})
    config = database.config | {"HOST": "127.0.0.1", "PORT": "1"}
    Database.objects.filter(pk=database.pk).update(config=config)
    process_registry().forget(database.label)
    assert not register_tables(one, "shop", {"artist": None})
    with connection.schema_editor() as editor:
        editor.alter_db_table(Database, "dynamic_databases_database", "moved")
    try:
        assert not register_tables(one, "shop", {"artist": None})
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Database, "moved", "dynamic_databases_database")

    reasons = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert reasons[0] == "there is none, or it is out of service."
    assert reasons[1].startswith("There is no table 'nothing'")
    assert "check PORT" in reasons[2]
    assert "run `manage.py migrate`" in reasons[3]
