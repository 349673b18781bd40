"""An app for each registered database, which Django finds by the alias and nothing else holds."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connections, transaction

from dynamic_databases.errors import UnknownTable
from dynamic_databases.models import Database
from tests.fixtures.databases import library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE

DEFAULT_SCHEMA = {"sqlite": "main", "postgresql": "public", "microsoft": "dbo"}


def test_django_finds_the_models_of_a_database(library) -> None:
    genre = apps.get_model(library.label, "genre")

    assert genre is library.get_model("genre")
    assert genre is apps.get_model(f"{library.label}.genre")
    assert genre is apps.get_app_config(library.label).get_model("genre")
    assert list(genre.objects.order_by("name").values_list("name", flat=True)) == ["Jazz", "Rock"]
    assert apps.get_model(library.label, "PlaylistTrack") is library.get_model("playlist_track")
    names = {model.__name__ for model in apps.get_app_config(library.label).get_models()}
    assert names == {"Artist", "Album", "Genre", "Track", "PlaylistTrack"}


def test_the_default_schema_may_be_named(library) -> None:
    vendor = library.catalog().vendor
    schema = DEFAULT_SCHEMA.get(vendor)
    if schema is None:  # MySQL has no schemas: a database is one
        with pytest.raises(UnknownTable):
            library.get_model("public.genre")
        return
    assert library.get_model(f"{schema}.genre") is library.get_model("genre")
    assert apps.get_model(library.label, f"{schema}.genre") is library.get_model("genre")


def test_another_schemas_table_keeps_its_name(new_database) -> None:
    sql = "CREATE SCHEMA sales; CREATE TABLE sales.author (id INTEGER PRIMARY KEY);"
    database = new_database(POSTGRESQL, f"{sql} CREATE TABLE author (id INTEGER PRIMARY KEY);")

    assert database.get_model("public.author").table_name == "author"
    assert database.get_model("sales.author").table_name == "sales.author"
    with pytest.raises(UnknownTable):
        database.get_model("hr.author")


@pytest.fixture
def shop(new_database) -> Database:
    return new_database(SQLITE, library_sql(SQLITE))


def test_the_label_is_an_alias_for_transactions(shop) -> None:
    """Could it be called, `atomic` would take it for a function to decorate."""
    assert shop.label == f"DYNAMIC_DATABASE_{shop.pk}"
    assert apps.get_app_config(shop.label).label == shop.label
    with transaction.atomic(using=shop.label):
        assert connections[shop.label].in_atomic_block


def test_what_is_not_there_raises_what_django_raises(shop) -> None:
    for label in ("DYNAMIC_DATABASE_999", "acme", "DYNAMIC_DATABASE_"):
        with pytest.raises(LookupError, match="No installed app"):
            apps.get_app_config(label)
    with pytest.raises(LookupError, match="no table 'nothing'"):
        apps.get_model(shop.label, "nothing")


def test_unregistering_leaves_nothing(shop) -> None:
    before = list(apps.get_app_configs())
    apps.get_model(shop.label, "genre")

    assert list(apps.get_app_configs()) == before
    assert not any(model.__name__ == "Genre" for model in apps.get_models())
    assert not any(label.startswith(("catalog_", "DYNAMIC")) for label in apps.all_models)
    shop.unregister()
    with pytest.raises(LookupError, match="No installed app"):
        apps.get_app_config(shop.label)
    shop.register()
    assert apps.get_model(shop.label, "genre").objects.count() == 2


def test_models_without_a_key_are_made(new_database) -> None:
    """For these Django asks for the app, and so for its models, while they are being made."""
    row = new_database(SQLITE, "CREATE TABLE log (line TEXT); INSERT INTO log VALUES ('one')")

    assert list(apps.get_model(row.label, "log").objects.values_list("line", flat=True)) == ["one"]
