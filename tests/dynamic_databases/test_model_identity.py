"""Rows of two databases never mix, and rows are shown, validated and pickled as Django's are."""

from __future__ import annotations

import copy
import pickle

import pytest
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.db import models

from dynamic_databases.active import use_database
from dynamic_databases.errors import NoActiveDatabase
from dynamic_databases.process import process_registry
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE


@pytest.fixture(params=[SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def shop(request, new_database):
    """Two databases of one catalog, of one vendor."""
    sql = library_sql(request.param)
    return [new_database(request.param, sql, name) for name in ("first", "second")]


def test_rows_of_two_databases_are_never_equal(shop) -> None:
    first, second = (database.get_model("artist").objects.get(pk=1) for database in shop)

    assert first.name == second.name
    assert first != second
    assert len({first, second}) == 2
    assert first == shop[0].get_model("artist").objects.get(pk=1)


def test_a_related_row_is_equal_to_the_same_row_of_the_bound_model(shop) -> None:
    album = shop[0].get_model("album").objects.get(pk=1)

    assert album.artist == shop[0].get_model("artist").objects.get(pk=1)
    assert album.artist != shop[1].get_model("artist").objects.get(pk=1)


def test_a_new_row_has_the_database_of_its_model(shop) -> None:
    first, second = (database.get_model("artist")(pk=1) for database in shop)

    assert first != second
    assert first.home == shop[0].label
    assert first == shop[0].get_model("artist").objects.get(pk=1)


def test_a_row_is_saved_where_it_was_read(shop) -> None:
    artist = shop[0].get_model("artist")
    row = artist.objects.using(shop[1].label).get(pk=1)
    row.name = "Only in the second"
    row.save()

    assert artist.objects.get(pk=1).name == "Ada"
    assert shop[1].get_model("artist").objects.get(pk=1).name == "Only in the second"


def test_a_row_that_is_saved_to_another_database_is_written_wholly(shop) -> None:
    first, second = (database.get_model("artist").objects for database in shop)
    first.filter(pk=1).update(country="IS", name="Copied")

    row = first.defer("country").get(pk=1)
    row.save(using=shop[1].label)

    assert (second.get(pk=1).name, second.get(pk=1).country) == ("Copied", "IS")
    assert row.home == shop[1].label


def test_a_new_row_refers_to_rows_of_its_own_database_alone(shop) -> None:
    artist = shop[1].get_model("artist").objects.get(pk=1)
    album = shop[0].get_model("album")
    count = album.objects.count()

    with pytest.raises(ValueError, match="router prevents this relation"):
        album(artist=artist, title="New")
    with pytest.raises(ValueError, match="router prevents this relation"):
        album.objects.create(artist=artist, title="New")
    assert album.objects.count() == count


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (lambda album, other: album.filter(artist__in=other), "Subqueries"),
        (lambda album, other: album.exclude(artist_id__in=other.values("pk")), "Subqueries"),
        (lambda album, other: album.filter(models.Exists(other)), "Subqueries"),
        (lambda album, other: album.annotate(n=models.Subquery(other.values("pk"))), "Subqueries"),
        (lambda album, other: album.filter(artist=other.get(pk=1)), 'Cannot query "Ada"'),
        (lambda album, other: album.values("pk").union(other.values("pk")), "combined"),
        (lambda album, other: album.bulk_update([other.get(pk=1)], ["name"]), "Cannot update"),
    ],
    ids=["in", "exclude", "exists", "subquery", "row", "union", "bulk_update"],
)
def test_a_query_takes_nothing_of_another_database(shop, query, message: str) -> None:
    album = shop[0].get_model("album").objects.all()
    other = shop[1].get_model("artist").objects.all()

    with pytest.raises(ValueError, match=message):
        query(album, other)


def test_a_query_contains_no_row_of_another_database(shop) -> None:
    first, second = (database.get_model("artist").objects for database in shop)

    assert first.contains(first.get(pk=1))
    assert not first.contains(second.get(pk=1))


def test_a_bound_model_stays_out_of_the_settings_databases(shop) -> None:
    artist = shop[0].get_model("artist")

    assert artist.objects.using("default").get(pk=1)._state.db == shop[0].label
    assert artist._base_manager.using("default").count() == 3


@pytest.mark.parametrize(
    ("columns", "values", "expected"),
    [
        ("code INTEGER PRIMARY KEY, size INTEGER, name VARCHAR(9)", "7, 1, 'Ada'", "Ada"),
        ("code INTEGER PRIMARY KEY, name VARCHAR(9), note VARCHAR(9)", "7, NULL, 'x'", "7"),
        ("code VARCHAR(9) PRIMARY KEY, name VARCHAR(9)", "'at', 'Austria'", "Austria"),
        ("code VARCHAR(9) PRIMARY KEY, size INTEGER", "'at', 3", "at"),
        ("a INTEGER, b INTEGER, size INTEGER, PRIMARY KEY (a, b)", "1, 2, 3", "1, 2"),
    ],
)
def test_a_row_is_shown_by_its_first_text_or_its_key(
    new_database, columns: str, values: str, expected: str
) -> None:
    sql = f"CREATE TABLE thing ({columns}); INSERT INTO thing VALUES ({values});"
    thing = new_database(SQLITE, sql).get_model("thing")

    assert str(thing.objects.get()) == expected
    assert repr(thing.objects.get()) == f"<Thing: {expected}>"


def test_showing_a_row_costs_no_query(shop, django_assert_num_queries) -> None:
    row = shop[0].get_model("artist").objects.only("country").get(pk=1)

    with django_assert_num_queries(0, using=shop[0].label):
        assert str(row) == "1"


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_copy_is_the_same_row(shop, copied) -> None:
    artist = shop[0].get_model("artist")
    row = artist.objects.get(pk=2)
    row.country = "IS"

    again = copied(row)

    assert type(again) is artist
    assert (again, again.name, again.home) == (row, "Björk", shop[0].label)
    assert again.changes() == {"country": "IS"}
    again.save()
    assert artist.objects.get(pk=2).country == "IS"


def test_a_pickled_related_row_comes_back_bound(shop) -> None:
    album = shop[0].get_model("album").objects.select_related("artist").get(pk=1)

    again = pickle.loads(pickle.dumps(album))

    assert again.artist == album.artist
    assert type(pickle.loads(pickle.dumps(album.artist))) is shop[0].get_model("artist")


def test_models_and_querysets_are_pickled(shop) -> None:
    album = shop[0].get_model("album")
    query = album.objects.filter(artist__name="Ada", track__genre__isnull=False).distinct()

    assert pickle.loads(pickle.dumps(album)) is album
    again = pickle.loads(pickle.dumps(query))
    assert [row.title for row in again] == ["First"]
    assert [row.title for row in again.all()] == ["First"]  # a clone asks the database
    assert pickle.loads(pickle.dumps(query.query)).model is album


def test_djangos_cache_keeps_rows_and_results(shop) -> None:
    artist = shop[0].get_model("artist")
    cache = caches["default"]
    cache.set("row", artist.objects.get(pk=1))
    cache.set("rows", artist.objects.order_by("name"))

    assert cache.get("row") == artist.objects.get(pk=1)
    assert [row.name for row in cache.get("rows")] == ["Ada", "Björk", "Coltrane"]
    cache.clear()


def test_a_row_that_was_pickled_before_the_catalog_changed(new_database) -> None:
    database = new_database(SQLITE, library_sql(SQLITE))
    pickled = pickle.dumps(database.get_model("artist").objects.get(pk=1))
    execute(database.url, "ALTER TABLE artist ADD COLUMN born INTEGER")
    execute(database.url, "UPDATE artist SET born = 1815 WHERE artist_id = 1")
    process_registry().refresh(database.label)

    row = pickle.loads(pickled)

    assert type(row) is database.get_model("artist")
    assert (row.name, row.born) == ("Ada", 1815)


def test_a_pickled_row_of_a_database_out_of_service(new_database) -> None:
    database = new_database(SQLITE, library_sql(SQLITE))
    pickled = pickle.dumps(database.get_model("artist").objects.get(pk=1))
    database.unregister()

    with pytest.raises(LookupError, match=f"No installed app with label '{database.label}'"):
        pickle.loads(pickled)


def test_a_row_of_no_database_is_validated_in_the_active_one(shop) -> None:
    artist = process_registry().models(shop[0].label).find("artist")

    assert artist(pk=1) == artist(pk=1)
    genre = process_registry().models(shop[0].label).find("genre")
    with pytest.raises(NoActiveDatabase):
        genre(name="Rock").full_clean()
    with use_database(shop[0].label), pytest.raises(ValidationError, match="already exists"):
        genre(name="Rock").full_clean()


def test_unique_values_are_looked_up_in_the_rows_own_database(shop) -> None:
    first, second = (database.get_model("genre") for database in shop)
    second.objects.create(name="Only there")

    first(name="Only there").full_clean()
    with pytest.raises(ValidationError, match="already exists"):
        second(name="Only there").full_clean()
    with pytest.raises(ValidationError, match="already exists"):
        first(name="Rock").validate_unique()
    row = first.objects.get(name="Rock")
    row.full_clean()


def test_foreign_keys_are_looked_up_in_the_rows_own_database(shop) -> None:
    first, second = shop
    artist = second.get_model("artist").objects.create(name="New")

    second.get_model("album")(artist_id=artist.pk, title="x").full_clean()
    with pytest.raises(ValidationError, match="is not a valid choice"):
        first.get_model("album")(artist_id=artist.pk, title="x").full_clean()


def test_keys_of_several_columns_are_validated(new_database) -> None:
    sql = """CREATE TABLE seat (id INTEGER PRIMARY KEY, hall INTEGER NOT NULL,
        place INTEGER NOT NULL, UNIQUE (hall, place)); INSERT INTO seat VALUES (1, 1, 1);"""
    seat = new_database(SQLITE, sql).get_model("seat")

    seat(hall=1, place=2).full_clean()
    with pytest.raises(ValidationError, match="already exists"):
        seat(hall=1, place=1).full_clean()


def test_names_of_classes_fit_into_content_types(new_database) -> None:
    name = "a" * 150
    sql = f"CREATE TABLE {name} (id INTEGER PRIMARY KEY); CREATE TABLE {name}b (id INTEGER);"
    database = new_database(SQLITE, sql)

    names = {database.get_model(table)._meta.model_name for table in (name, f"{name}b")}
    assert len(names) == 2
    assert max(map(len, names)) <= 93  # a permission's name has `delete_` before it


def test_a_models_label_is_the_databases(shop) -> None:
    for database in shop:
        meta = database.get_model("artist")._meta
        assert meta.label == f"{database.label}.Artist"
        assert meta.app_config.label == database.label
        assert (meta.verbose_name, meta.verbose_name_plural) == ("artist", "artist")
        assert issubclass(database.get_model("artist"), models.Model)
