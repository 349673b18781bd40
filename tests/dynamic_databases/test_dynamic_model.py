"""Saving by difference, and the dynamic columns as a mapping."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldDoesNotExist

from dynamic_databases.errors import EditConflict
from dynamic_databases.models import Baseline
from tests.fixtures.databases import execute
from tests.fixtures.statements import Sent, is_of_the_session
from tests.fixtures.vendors import MSSQL

BASE = "CREATE TABLE contact (id {identity}, name VARCHAR(40), city VARCHAR(40)"
ROW = "INSERT INTO contact (name, city) VALUES ('Ada', 'Wien');"


@pytest.fixture
def contacts(vendor, new_database):
    """A database whose contacts have three columns that its baseline lacks."""
    plain = new_database(vendor, f"{BASE.format(**vars(vendor))});", "plain")
    custom = f", cf_size INTEGER, cf_note VARCHAR(40), meta {vendor.json}"
    database = new_database(
        vendor,
        f"{BASE.format(**vars(vendor))}{custom}); {ROW} UPDATE contact SET cf_size = 7;",
        "custom",
    )
    database.baseline = Baseline.capture(plain, "crm")
    database.save()
    return database


@pytest.fixture
def statements(registry, contacts):
    """What the ORM sends to the contacts' database."""
    from django.db import connections  # noqa: PLC0415 - used once

    found = Sent()
    with connections[contacts.label].execute_wrapper(
        lambda run, sql, params, many, ctx: (
            is_of_the_session(sql) or found.append(sql),
            run(sql, params, many, ctx),
        )[1]
    ):
        yield found
    connections[contacts.label].close()


def test_dynamic_columns_are_read_when_they_are_used_at_once(contacts, statements) -> None:
    row = contacts.get_model("contact").objects.get()
    assert "cf_size" not in statements[0]

    assert dict(row.custom_fields) == {"cf_size": 7, "cf_note": None, "meta": None}
    assert row.custom_fields["cf_size"] == 7
    assert row.cf_note is None
    assert len(statements) == 2


def test_a_dynamic_attribute_loads_all_of_them(contacts, statements) -> None:
    row = contacts.get_model("contact").objects.get()

    assert (row.cf_size, row.cf_note, row.meta) == (7, None, None)
    assert len(statements) == 2


def test_dynamic_columns_can_be_filtered(contacts) -> None:
    assert contacts.get_model("contact").objects.filter(cf_size__gt=5).count() == 1


def test_saving_writes_what_differs_base_and_dynamic_in_one_statement(contacts, statements) -> None:
    row = contacts.get_model("contact").objects.get()
    row.city = "Graz"
    row.name = "Ada"
    row.custom_fields["cf_note"] = "it's"
    row.save()

    (update,) = statements.updates
    assert (
        "city" in update
        and "cf_note" in update
        and '"name"' not in update
        and '"cf_size"' not in update
    )
    assert execute(contacts.url, "SELECT name, city, cf_size, cf_note FROM contact") == [
        ("Ada", "Graz", 7, "it's")
    ]


def test_saving_without_a_difference_sends_nothing(contacts, statements) -> None:
    row = contacts.get_model("contact").objects.get()
    row.name = "Ada"
    row.custom_fields["cf_size"] = 7
    row.save()
    assert statements.updates == []


def test_a_change_inside_a_json_value_is_a_difference(contacts, vendor, statements) -> None:
    if vendor is MSSQL:
        pytest.skip("it keeps JSON in texts")
    row = contacts.get_model("contact").objects.get()
    row.custom_fields["meta"] = {"a": [1]}
    row.save()
    row.meta["a"].append(2)
    row.save()

    assert len(statements.updates) == 2
    assert contacts.get_model("contact").objects.get().meta == {"a": [1, 2]}


def test_saving_again_compares_with_what_was_saved(contacts, statements) -> None:
    row = contacts.get_model("contact").objects.get()
    row.city = "Graz"
    row.save()
    row.save()
    assert len(statements.updates) == 1
    row.city = "Wien"
    row.save()
    assert len(statements.updates) == 2


def test_what_update_fields_leave_out_is_saved_later(contacts) -> None:
    row = contacts.get_model("contact").objects.get()
    row.name, row.city = "Grace", "Graz"
    row.save(update_fields=["name"])
    assert row.changes() == {"city": "Graz"}
    row.save()
    assert execute(contacts.url, "SELECT name, city FROM contact") == [("Grace", "Graz")]


def test_expecting_what_was_read(contacts) -> None:
    model = contacts.get_model("contact")
    mine, theirs = model.objects.get(), model.objects.get()
    theirs.city = "Linz"
    theirs.save(expect=True)

    mine.city = "Graz"
    with pytest.raises(EditConflict) as conflict:
        mine.save(expect=True)
    assert conflict.value.fields == {"city": ("Wien", "Linz")}
    assert model.objects.get().city == "Linz"
    mine.name = "Grace"
    mine.city = "Wien"
    mine.save(expect=True)
    assert (model.objects.get().name, model.objects.get().city) == ("Grace", "Linz")


def test_expecting_given_values_and_nulls(contacts) -> None:
    row = contacts.get_model("contact").objects.get()
    row.custom_fields["cf_note"] = "x"
    row.save(expect={"cf_note": None, "name": "Ada"})
    row.city = "Graz"
    with pytest.raises(EditConflict):
        row.save(expect={"cf_note": None})


def test_an_unknown_dynamic_column_is_refused_by_name(contacts) -> None:
    row = contacts.get_model("contact").objects.get()

    with pytest.raises(KeyError, match="no dynamic column 'nope'; it has cf_size, cf_note, meta"):
        row.custom_fields["nope"] = 1
    with pytest.raises(KeyError):
        row.custom_fields["name"] = "a base column"


def test_a_new_row_with_dynamic_columns(contacts) -> None:
    model = contacts.get_model("contact")
    row = model(name="New")
    row.custom_fields["cf_size"] = 3
    row.save()
    assert model.objects.get(name="New").custom_fields["cf_size"] == 3


def test_names_of_columns_and_attributes(contacts) -> None:
    model = contacts.get_model("contact")
    row = model.objects.get()

    assert model.get_field_db_column_name("cf_size") == "cf_size"
    assert model.get_field_name_by_db_column("city") == "city"
    assert row.get_field_value("cf_size") == 7
    assert row.get_attribute_by_column("cf_size") == 7
    assert row.get_attribute_by_column("nope", "default") == "default"
    with pytest.raises(FieldDoesNotExist):
        model.get_field_name_by_db_column("nope")


def test_a_column_that_was_added_meanwhile(contacts) -> None:
    row = contacts.get_model("contact").objects.get()
    row.city = "unsaved"
    execute(contacts.url, "ALTER TABLE contact ADD COLUMN cf_late INTEGER")
    execute(contacts.url, "UPDATE contact SET cf_late = 5, cf_size = 8")
    assert "cf_late" not in row.custom_fields

    fields = row.sync_dynamic_fields(force_refresh=True)
    assert (fields["cf_late"], fields["cf_size"], row.city) == (5, 8, "unsaved")
    fields["cf_late"] = 6
    row.save()
    assert execute(contacts.url, "SELECT cf_late, city FROM contact") == [(6, "unsaved")]


def test_without_a_baseline_there_are_just_columns(library) -> None:
    row = library.get_model("artist").objects.first()

    assert dict(row.custom_fields) == {}
