"""Rows of registered databases by serializers, `dumpdata` and `loaddata`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.management import CommandError, call_command

from dynamic_databases.fixtures import in_order
from dynamic_databases.models import Baseline, Database
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE

PLAIN = library_sql(POSTGRESQL).split("INSERT")[0]


@pytest.fixture
def pair(vendor, new_database) -> tuple[Database, Database]:
    """A database with rows, and one of the same tables without any, of each vendor."""
    empty = library_sql(vendor).split("INSERT")[0]
    return new_database(vendor, library_sql(vendor), "full"), new_database(vendor, empty, "empty")


@pytest.fixture
def music(new_database) -> Database:
    return new_database(SQLITE, library_sql(SQLITE), "music")


def dump(*labels: str, **options: object) -> str:
    output = io.StringIO()
    call_command("dumpdata", *labels, stdout=output, stderr=io.StringIO(), **options)
    return output.getvalue()


def rows_of(database: Database) -> dict[str, list[dict[str, object]]]:
    """All rows of a database, by table."""
    return {
        str(table.name): list(database.get_model(str(table.name)).objects.order_by("pk").values())
        for table in database.catalog().tables
    }


@pytest.mark.parametrize("how", ["json", "xml", "jsonl", "python"])
def test_serializers_bring_rows_back(music, how) -> None:
    track = music.get_model("track")
    before = list(track.objects.order_by("pk").values())

    text = serializers.serialize(how, track.objects.order_by("pk"))
    music.get_model("playlist_track").objects.all().delete()
    track.objects.all().delete()
    for found in serializers.deserialize(how, text, using=music.label):
        assert type(found.object) is track
        found.save()

    assert list(track.objects.order_by("pk").values()) == before


def test_a_deserialized_row_goes_to_the_database_of_its_label(music) -> None:
    text = serializers.serialize("json", music.get_model("genre").objects.filter(name="Rock"))

    (found,) = serializers.deserialize("json", text)
    found.object.name = "Rock'n'Roll"
    found.save()

    assert json.loads(text)[0]["model"] == f"{music.label}.genre"
    assert music.get_model("genre").objects.get(pk=found.object.pk).name == "Rock'n'Roll"


def test_a_database_is_dumped_and_loaded_into_another(pair, tmp_path) -> None:
    full, empty = pair
    before = rows_of(full)
    file = tmp_path / "rows.json"
    text = dump(full.label, indent=1)
    file.write_text(text.replace(f'"{full.label}.', f'"{empty.label}.'))

    call_command("loaddata", file, database=empty.label, verbosity=0)

    assert rows_of(empty) == before
    added = empty.get_model("genre").objects.create(name="New")
    assert added.pk == 3  # the server counts on from the keys that were loaded


def test_a_table_is_dumped_alone_as_djangos_command_has_it(music, tmp_path) -> None:
    label = f"{music.label}.artist"
    assert [row["fields"]["name"] for row in json.loads(dump(label, primary_keys="2,3"))] == [
        "Björk",
        "Coltrane",
    ]
    assert {row["model"] for row in json.loads(dump(database=music.label))} > {label}
    kept = json.loads(dump(music.label, exclude=[label, f"{music.label}.playlist_track"]))
    assert {row["model"].partition(".")[2] for row in kept} == {"album", "genre", "track"}
    dump(label, output=str(tmp_path / "artists.json.gz"))
    music.get_model("artist").objects.filter(pk=3).update(name="x")
    call_command("loaddata", tmp_path / "artists.json.gz", database=music.label, verbosity=0)
    assert music.get_model("artist").objects.get(pk=3).name == "Coltrane"


def test_rows_are_in_an_order_that_can_be_loaded(music) -> None:
    names = [str(table.name) for table in in_order(music.catalog())]

    assert names.index("artist") < names.index("album") < names.index("track")
    assert names.index("track") < names.index("playlist_track")


def test_tables_in_a_ring_are_in_the_catalogs_order(new_database) -> None:
    sql = """CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b (id));
        CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id));"""
    catalog = new_database(SQLITE, sql).catalog()

    assert in_order(catalog) == list(catalog.tables)


def test_natural_keys_name_rows_in_another_database(new_database, tmp_path) -> None:
    sql = """CREATE TABLE country (id SERIAL PRIMARY KEY, code VARCHAR(2) NOT NULL UNIQUE);
        CREATE TABLE city (id SERIAL PRIMARY KEY, name VARCHAR(20) NOT NULL,
          country_id INTEGER NOT NULL REFERENCES country (id));"""
    here = new_database(POSTGRESQL, f"{sql} INSERT INTO country VALUES (7, 'AT');", "here")
    there = new_database(POSTGRESQL, f"{sql} INSERT INTO country VALUES (1, 'AT');", "there")
    country = here.get_model("country").objects.get()
    here.get_model("city").objects.create(name="Wien", country_id=country.pk)
    options = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True}
    text = dump(here.label, **options)
    file = tmp_path / "rows.json"
    file.write_text(text.replace(f'"{here.label}.', f'"{there.label}.'))

    call_command("loaddata", file, database=there.label, verbosity=0)

    assert country.natural_key() == ("AT",)
    assert there.get_model("city").objects.get().country_id == 1
    assert there.get_model("country").objects.count() == 1


@pytest.mark.parametrize(
    "columns",
    [
        "id SERIAL PRIMARY KEY, code VARCHAR(2) UNIQUE",
        "id SERIAL PRIMARY KEY, other INTEGER NOT NULL UNIQUE REFERENCES thing (id)",
        "code VARCHAR(2) PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE",
    ],
    ids=["may be NULL", "points to another row", "the key says it"],
)
def test_a_table_without_a_natural_key(new_database, columns) -> None:
    thing = new_database(POSTGRESQL, f"CREATE TABLE thing ({columns})").get_model("thing")

    assert not hasattr(thing, "natural_key")


def test_columns_beyond_the_baseline_are_dumped(music) -> None:
    music.baseline = Baseline.capture(music, "music")
    music.save()
    execute(music.url, "ALTER TABLE genre ADD COLUMN cf_mood VARCHAR(9) DEFAULT 'calm'")

    rows = json.loads(dump(f"{music.label}.genre"))
    assert {row["fields"]["cf_mood"] for row in rows} == {"calm"}


def test_what_cannot_be_loaded_is_left_out(new_database) -> None:
    sql = """CREATE TABLE line (a INTEGER, b INTEGER); INSERT INTO line VALUES (1, 1), (1, 1);
        CREATE TABLE item (id INTEGER PRIMARY KEY, net INTEGER,
          gross INTEGER GENERATED ALWAYS AS (net * 2) STORED);
        INSERT INTO item (net) VALUES (3);
        CREATE VIEW all_lines AS SELECT * FROM line;"""
    database = new_database(SQLITE, sql)
    output, errors = io.StringIO(), io.StringIO()

    call_command("dumpdata", database.label, stdout=output, stderr=errors)

    label = f"{database.label}.item"
    assert json.loads(output.getvalue()) == [{"model": label, "pk": 1, "fields": {"net": 3}}]
    assert errors.getvalue() == "line is left out: it has no key.\n"


def test_rows_of_one_database_are_loaded_into_no_other(music, new_database, tmp_path) -> None:
    other = new_database(SQLITE, library_sql(SQLITE), "other")
    file = tmp_path / "rows.json"
    file.write_text(dump(f"{music.label}.genre").replace("Rock", "Pop"))

    for options, expected in (
        ({}, f"Give --database={music.label}."),
        ({"database": other.label}, f"write {other.label} for {music.label} in the file"),
    ):
        with pytest.raises(CommandError, match=expected):
            call_command("loaddata", file, verbosity=0, **options)
    for database in (music, other):
        assert not database.get_model("genre").objects.filter(name="Pop").exists()


def test_rows_of_the_project_are_loaded_into_no_registered_database(music, tmp_path) -> None:
    get_user_model().objects.create_user("ann")
    file = tmp_path / "rows.json"
    genre = dump(f"{music.label}.genre").replace("Rock", "Pop").rstrip("]\n")
    file.write_text(f"{genre}, {dump('auth.user').lstrip('[')}")

    with pytest.raises(CommandError, match=r"auth\.User is a table of the project itself"):
        call_command("loaddata", file, database=music.label, verbosity=0)
    assert not music.get_model("genre").objects.filter(name="Pop").exists()  # all or nothing


def test_the_projects_own_rows_go_as_ever(transactional_db, tmp_path) -> None:
    get_user_model().objects.create_user("ann")
    file = Path(tmp_path / "users.json")
    file.write_text(dump("auth.user"))
    get_user_model().objects.all().delete()

    call_command("loaddata", file, verbosity=0)

    assert get_user_model().objects.get().username == "ann"


@pytest.mark.parametrize(
    ("labels", "options", "expected"),
    [
        (["{label}", "auth"], {}, "One database at a time"),
        (["auth.user"], {"database": "{label}"}, "One database at a time"),
        (["{label}.nothing"], {}, "Unknown model"),
        (["DYNAMIC_DATABASE_999"], {}, "No installed app"),
    ],
)
def test_what_is_no_dump_is_said(music, labels, options, expected) -> None:
    filled = [label.format(label=music.label) for label in labels]
    values = {name: value.format(label=music.label) for name, value in options.items()}

    with pytest.raises(CommandError, match=expected):
        dump(*filled, **values)


def test_a_database_that_is_down_is_said(new_database) -> None:
    database = new_database(POSTGRESQL, PLAIN)
    config = database.config | {"HOST": "127.0.0.1", "PORT": "1"}
    database.config = config
    database.secrets_given = True
    Database.objects.filter(pk=database.pk).update(config=config)

    with pytest.raises(CommandError, match="can't be reached"):
        dump(database.label)


def test_any_name_of_a_database_is_taken(music, tenant_of, tmp_path) -> None:
    """As a shell gives it: Django's own parser knows the databases of the settings alone."""
    tenant_of("acme", production=music)
    file = tmp_path / "rows.json"

    call_command("dumpdata", "--database", "acme", "--output", str(file), "--verbosity", "0")
    call_command("loaddata", str(file), "--database", music.label, "--verbosity", "0")

    assert len(json.loads(file.read_text())) == sum(map(len, rows_of(music).values()))
    for command in (("dumpdata",), ("loaddata", str(file))):
        with pytest.raises(CommandError, match="There is no database called 'nobody'"):
            call_command(*command, "--database", "nobody")
