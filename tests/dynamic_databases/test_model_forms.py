"""ModelForms of generated models: they ask the row's database, and write what was changed."""

from __future__ import annotations

import pytest
from django import forms
from django.forms import inlineformset_factory, model_to_dict, modelform_factory
from django.utils import timezone

from tests.fixtures.databases import library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE


@pytest.fixture(params=[SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def shop(request, new_database):
    """Two databases of one catalog, of one vendor."""
    sql = library_sql(request.param)
    return [new_database(request.param, sql, name) for name in ("first", "second")]


def test_choices_are_rows_of_the_forms_database(shop) -> None:
    shop[1].get_model("artist").objects.create(name="Only there")

    for database, expected in zip(shop, (3, 4), strict=True):
        form = modelform_factory(database.get_model("album"), fields=["artist", "title"])()
        assert form.as_p().count("<option value") == expected + 1  # and the empty one


def test_a_choice_of_another_database_is_none(shop) -> None:
    artist = shop[1].get_model("artist").objects.create(name="Only there")
    data = {"artist": artist.pk, "title": "x"}
    form_of = [modelform_factory(db.get_model("album"), fields=["artist", "title"]) for db in shop]

    assert form_of[0](data).errors == {
        "artist": ["Select a valid choice. That choice is not one of the available choices."]
    }
    row = form_of[1](data).save()
    assert (row.artist, row.home) == (artist, shop[1].label)


def test_a_form_writes_what_was_changed(shop, django_assert_num_queries) -> None:
    album = shop[0].get_model("album")
    form_of = modelform_factory(album, fields="__all__")
    row = album.objects.get(title="Second")  # its other columns are NULL
    data = {name: "" if value is None else value for name, value in model_to_dict(row).items()}

    form = form_of(data, instance=row)
    assert form.is_valid(), form.errors
    assert form.instance.changes() == {}
    form = form_of(data | {"title": "Third"}, instance=row)
    assert form.is_valid()
    assert form.instance.changes() == {"title": "Third"}
    form.save()
    assert album.objects.get(pk=row.pk).title == "Third"


@pytest.mark.parametrize(
    ("stored", "typed", "expected"),
    [
        (None, "", None),
        ("", "", ""),
        (" x ", " x ", " x "),
        ("a\nb", "a\r\nb", "a\nb"),
        ("a", "", ""),
        ("a", "b", "b"),
    ],
)
def test_texts_that_were_left_alone_stay(new_database, stored, typed, expected) -> None:
    sql = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)"
    note = new_database(SQLITE, sql).get_model("note")
    row = note.objects.create(text=stored)

    form = modelform_factory(note, fields=["text"])({"text": typed}, instance=note.objects.get())
    form.save()

    row.refresh_from_db()
    assert row.text == expected


def test_short_texts_have_one_line_and_their_length(new_database) -> None:
    sql = "CREATE TABLE note (id SERIAL PRIMARY KEY, title VARCHAR(5), text TEXT)"
    form_of = modelform_factory(new_database(POSTGRESQL, sql).get_model("note"), fields="__all__")

    assert isinstance(form_of.base_fields["title"].widget, forms.TextInput)
    assert isinstance(form_of.base_fields["text"].widget, forms.Textarea)
    assert form_of({"title": "123456"}).errors == {
        "title": ["Ensure this value has at most 5 characters (it has 6)."]
    }


def test_sqlite_bounds_no_text(new_database) -> None:
    sql = "CREATE TABLE note (id INTEGER PRIMARY KEY, title VARCHAR(5))"
    note = new_database(SQLITE, sql).get_model("note")
    form_of = modelform_factory(note, fields="__all__")

    assert isinstance(form_of.base_fields["title"].widget, forms.TextInput)
    assert form_of({"title": "123456"}).save().title == "123456"


def test_an_enum_is_a_choice(new_database) -> None:
    sql = """CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE day (id SERIAL PRIMARY KEY, mood mood);"""
    day = new_database(POSTGRESQL, sql).get_model("day")
    form_of = modelform_factory(day, fields="__all__")

    assert form_of({"mood": "good"}).save().mood == "good"
    assert "mood" in form_of({"mood": "so-so"}).errors
    assert form_of({"mood": ""}).save().mood is None


def test_a_local_time_is_kept_as_it_was_typed(shop) -> None:
    track = shop[0].get_model("track")
    form_of = modelform_factory(track, fields=["recorded_at"])

    with timezone.override("Europe/Vienna"):
        row = form_of({"recorded_at": "2026-07-01 10:00"}, instance=track.objects.get(pk=1)).save()
    row.refresh_from_db()
    assert row.recorded_at.isoformat() == "2026-07-01T10:00:00"


def test_related_rows_are_edited_together(shop) -> None:
    artist, album = (shop[0].get_model(name) for name in ("artist", "album"))
    formset_of = inlineformset_factory(artist, album, fields=["title"], extra=1)
    row = artist.objects.get(name="Björk")
    prefix = formset_of(instance=row).prefix
    data = {
        f"{prefix}-TOTAL_FORMS": 2,
        f"{prefix}-INITIAL_FORMS": 1,
        f"{prefix}-0-album_id": row.album_set.get().pk,
        f"{prefix}-0-artist": row.pk,
        f"{prefix}-0-title": "Debut",
        f"{prefix}-1-artist": row.pk,
        f"{prefix}-1-title": "Post",
    }

    formset = formset_of(data, instance=row)
    assert formset.is_valid(), formset.errors
    formset.save()
    assert sorted(row.album_set.values_list("title", flat=True)) == ["Debut", "Post"]
