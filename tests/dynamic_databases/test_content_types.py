"""A content type for each database and table, with its permissions, gone with the database."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, models

from dynamic_databases.active import use_database
from dynamic_databases.errors import NoActiveDatabase
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE


class Tag(models.Model):
    """A model of a project's own that points to any row."""

    word = models.CharField(max_length=20)
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveIntegerField()
    row = GenericForeignKey()

    class Meta:
        app_label = "project"
        apps = Apps()

    def __str__(self) -> str:
        return self.word


@pytest.fixture
def tags(transactional_db) -> Iterator[type[Tag]]:
    with connection.schema_editor() as editor:
        editor.create_model(Tag)
    yield Tag
    with connection.schema_editor() as editor:
        editor.delete_model(Tag)


@pytest.fixture
def shop(new_database) -> list[Database]:
    """Two databases with the same tables."""
    return [
        new_database(vendor, library_sql(vendor), vendor.name) for vendor in (SQLITE, POSTGRESQL)
    ]


def types_of(database: Database) -> set[str]:
    return set(ContentType.objects.filter(app_label=database.label).values_list("model", flat=True))


def test_a_content_type_is_of_a_database_and_a_table(shop) -> None:
    first, second = (database.get_model("artist") for database in shop)
    assert types_of(shop[0]) == set()

    one, other = map(ContentType.objects.get_for_model, (first, second))

    assert one != other
    assert (one.app_label, one.model) == (shop[0].label, "artist")
    assert (one.model_class(), other.model_class()) == (first, second)
    assert ContentType.objects.get_for_model(first.objects.get(pk=1)) == one
    assert ContentType.objects.get_for_models(first, second, Database) == {
        first: one,
        second: other,
        Database: ContentType.objects.get_for_model(Database),
    }
    assert types_of(shop[0]) == {"artist"}


def test_a_row_that_a_relation_gave_has_the_type_of_its_database(shop) -> None:
    for database in shop:
        artist = database.get_model("album").objects.get(pk=1).artist
        found = ContentType.objects.get_for_model(artist)
        assert (found.app_label, found.model) == (database.label, "artist")


def test_a_model_of_no_database_has_no_content_type(shop) -> None:
    artist = process_registry().models(shop[0].label).find("artist")

    with pytest.raises(NoActiveDatabase):
        ContentType.objects.get_for_model(artist)
    with use_database(shop[1].label):
        assert ContentType.objects.get_for_model(artist).app_label == shop[1].label


def test_a_generic_relation_points_into_each_database(shop, tags) -> None:
    for database in shop:
        row = database.get_model("artist").objects.get(pk=1)
        row.name = f"Ada of {database.name}"
        row.save()
        tags.objects.create(word=database.name, row=row)

    found = {tag.word: tag.row for tag in tags.objects.all()}
    assert {word: row.name for word, row in found.items()} == {
        "sqlite": "Ada of sqlite",
        "postgresql": "Ada of postgresql",
    }
    assert {row.home for row in found.values()} == {database.label for database in shop}
    fetched = {tag.word: tag.row for tag in tags.objects.prefetch_related("row")}
    assert fetched == found


def test_a_generic_relation_takes_what_a_relation_gave(shop, tags) -> None:
    artist = shop[1].get_model("album").objects.get(pk=1).artist

    tags.objects.create(word="x", row=artist)

    assert tags.objects.get().row == shop[1].get_model("artist").objects.get(pk=1)


def test_a_log_entry_is_of_one_database(shop) -> None:
    user = get_user_model().objects.create_user("ann")
    for database in shop:
        rows = database.get_model("artist").objects.filter(pk=1)
        LogEntry.objects.log_actions(user.pk, rows, CHANGE, f"in {database.name}")

    for database in shop:
        kind = ContentType.objects.get_for_model(database.get_model("artist"))
        entry = LogEntry.objects.get(content_type=kind, object_id="1")
        assert entry.change_message == f"in {database.name}"
        assert entry.get_edited_object().home == database.label


def test_permissions_are_stored_with_the_content_type(shop) -> None:
    first, second = (database.get_model("artist") for database in shop)
    kind = ContentType.objects.get_for_model(first)

    names = set(Permission.objects.filter(content_type=kind).values_list("codename", flat=True))
    assert names == {"add_artist", "change_artist", "delete_artist", "view_artist"}
    user = get_user_model().objects.create_user("ann")
    user.user_permissions.add(Permission.objects.get(content_type=kind, codename="view_artist"))
    assert user.has_perm(f"{shop[0].label}.view_artist")
    assert not user.has_perm(f"{shop[1].label}.view_artist")
    assert ContentType.objects.get_for_model(second) != kind


@pytest.mark.parametrize(
    "end", [Database.unregister, Database.delete], ids=lambda end: end.__name__
)
def test_they_are_gone_with_the_database(shop, end) -> None:
    user = get_user_model().objects.create_user("ann")
    for database in shop:
        ContentType.objects.get_for_model(database.get_model("genre"))
        rows = database.get_model("artist").objects.filter(pk=1)
        LogEntry.objects.log_actions(user.pk, rows, CHANGE, database.name)
    label, (_, kept) = shop[0].label, shop

    end(shop[0])

    assert not ContentType.objects.filter(app_label=label).exists()
    assert not Permission.objects.filter(content_type__app_label=label).exists()
    assert types_of(kept) == {"artist", "genre"}
    assert LogEntry.objects.get(change_message="sqlite").content_type is None
    assert LogEntry.objects.get(change_message="postgresql").content_type is not None


def test_out_of_service_for_a_while_they_stay(shop) -> None:
    kind = ContentType.objects.get_for_model(shop[0].get_model("artist"))
    shop[0].enabled = False
    shop[0].save()

    assert ContentType.objects.get(pk=kind.pk).model_class() is None
    shop[0].register()
    found = ContentType.objects.get_for_model(shop[0].get_model("artist"))
    assert found.pk == kind.pk


def test_a_database_that_takes_a_key_again_begins_without(shop) -> None:
    key = shop[0].pk
    shop[0].delete()
    ContentType.objects.create(app_label=f"DYNAMIC_DATABASE_{key}", model="artist")

    again = Database(pk=key, name="again", config=shop[1].config)
    again.secrets_given = True
    again.save(force_insert=True)

    assert types_of(again) == set()


def test_what_another_process_deleted_is_not_remembered(shop) -> None:
    genre = shop[0].get_model("genre")
    kind = ContentType.objects.get_for_model(genre)
    ContentType.objects.filter(pk=kind.pk).delete()

    # What a poll does that finds another process's change of the database.
    apps.get_app_config("dynamic_databases").invalidator.caches.database_changed(shop[0].label)

    found = ContentType.objects.get_for_model(shop[0].get_model("genre"))
    assert found.pk != kind.pk
    assert ContentType.objects.filter(pk=found.pk).exists()


def test_names_are_shown_of_a_database_that_is_down(shop) -> None:
    kind = ContentType.objects.get_for_model(shop[1].get_model("artist"))
    config = shop[1].config | {"HOST": "127.0.0.1", "PORT": "1"}
    Database.objects.filter(pk=shop[1].pk).update(config=config)
    process_registry().forget(shop[1].label)

    kind = ContentType.objects.get(pk=kind.pk)
    assert (kind.name, str(kind)) == ("artist", f"Database {shop[1].label} | artist")
    assert str(Permission.objects.filter(content_type=kind)[0]).startswith(
        f"Database {kind.app_label}"
    )
    assert str(ContentType.objects.get_for_model(Database)).endswith("| database")


def test_stale_types_are_those_of_tables_that_are_gone(shop) -> None:
    for table in ("artist", "genre"):
        ContentType.objects.get_for_model(shop[0].get_model(table))
    execute(shop[0].url, "DROP TABLE track")
    execute(shop[0].url, "DROP TABLE genre")
    process_registry().refresh(shop[0].label)
    command = ("remove_stale_contenttypes", "--no-input", "--verbosity", "0")

    call_command(*command)
    assert types_of(shop[0]) == {"artist", "genre"}
    call_command(*command, "--include-stale-apps")
    assert types_of(shop[0]) == {"artist"}


def test_types_of_a_database_that_is_down_are_not_stale(shop) -> None:
    ContentType.objects.get_for_model(shop[1].get_model("artist"))
    config = shop[1].config | {"HOST": "127.0.0.1", "PORT": "1"}
    Database.objects.filter(pk=shop[1].pk).update(config=config)
    process_registry().forget(shop[1].label)

    with pytest.raises(CommandError, match="can't be reached"):
        call_command("remove_stale_contenttypes", "--no-input", "--include-stale-apps")
    assert types_of(shop[1]) == {"artist"}


def test_migrations_see_no_change(transactional_db) -> None:
    output = io.StringIO()

    call_command("makemigrations", "contenttypes", "--check", "--dry-run", stdout=output)

    assert "No changes" in output.getvalue()
