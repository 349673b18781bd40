"""A project's own class of a table: what it declares, and what each database has beyond it."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldError
from django.db import connections, models
from django.test.utils import CaptureQueriesContext

from dynamic_databases.active import use_database
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import EditConflict, NoActiveDatabase, UnknownTable
from dynamic_databases.table_columns import UnknownColumn
from tests.fixtures.databases import execute

CRM = """CREATE TABLE account (id {identity}, name VARCHAR(40), cf_tier INTEGER);
CREATE TABLE contact (id {identity}, account_id INTEGER REFERENCES account (id), name VARCHAR(40),
  city VARCHAR(40), cf_red_1 VARCHAR(40), CF_Size INTEGER);
INSERT INTO account (name, cf_tier) VALUES ('One', 1);
INSERT INTO contact (account_id, name, city, cf_red_1, CF_Size)
  VALUES (1, 'Ada', 'Wien', 'x', 7), (NULL, 'Bob', NULL, 'y', 3),
  (NULL, 'Cy', 'Graz', NULL, NULL);"""
LACKING = """CREATE TABLE account (id {identity}, title VARCHAR(40));
CREATE TABLE contact (id {identity}, account_id INTEGER REFERENCES account (id), name VARCHAR(40),
  note VARCHAR(40));
INSERT INTO account (title) VALUES ('Two');
INSERT INTO contact (account_id, name, note) VALUES (1, 'Dora', 'n');"""


class Account(DynamicSchemaModel):
    name = models.CharField(max_length=40, null=True)  # noqa: DJ001 - the database has it so

    class Meta:
        app_label = "own_classes"
        managed = False
        db_table = "account"


class Contact(DynamicSchemaModel):
    account = models.ForeignKey(Account, models.DO_NOTHING, null=True)
    name = models.CharField(max_length=40, null=True)  # noqa: DJ001 - the database has it so
    city = models.CharField(max_length=40, null=True)  # noqa: DJ001 - the database has it so

    class Meta:
        app_label = "own_classes"
        managed = False
        db_table = "contact"


class Clash(DynamicSchemaModel):
    cf_red_1 = models.CharField(max_length=40, db_column="city")

    class Meta:
        app_label = "own_classes"
        managed = False
        db_table = "contact"


@pytest.fixture
def crm(vendor, new_database):
    return new_database(vendor, CRM.format(identity=vendor.identity), "crm")


@pytest.fixture
def lacking(vendor, new_database):
    """A database whose contacts have no city, and whose accounts no name."""
    return new_database(vendor, LACKING.format(identity=vendor.identity), "lacking")


@pytest.fixture
def contacts(crm):
    return Contact.objects.using(crm.label)


@pytest.fixture
def updates(crm):
    """The UPDATEs that were sent, when it is called."""
    with CaptureQueriesContext(connections[crm.label]) as captured:
        yield lambda: [q["sql"] for q in captured.captured_queries if q["sql"][:6] == "UPDATE"]


def size_of(crm) -> str:
    """Return the column's name as the server keeps it."""
    (name,) = (c for c in crm.get_model("contact").attribute_of_column if c.casefold() == "cf_size")
    return name


def test_what_a_class_does_not_declare_is_custom(contacts, crm) -> None:
    row = contacts.get(name="Ada")

    assert dict(row.custom_fields) == {"cf_red_1": "x", size_of(crm): 7}
    assert row.custom_fields["CF_RED_1"] == "x" and "Cf_Red_1" in row.custom_fields
    assert "city" not in row.custom_fields


def test_each_database_has_its_own(crm, lacking) -> None:
    with use_database(crm.label):
        assert "cf_red_1" in Contact.objects.get(name="Ada").custom_fields
    with use_database(lacking.label):
        dora = Contact.objects.get()
    assert dict(dora.custom_fields) == {"note": "n"}


def test_saving_writes_what_differs_in_one_statement(contacts, crm, updates) -> None:
    row = contacts.get(name="Ada")
    row.city, row.name = "Linz", "Ada"
    row.custom_fields["CF_RED_1"] = "it's"
    row.save()
    row.save()

    (update,) = updates()
    assert "city" in update and "cf_red_1" in update
    assert '"name"' not in update and "ize" not in update
    found = execute(crm.url, "SELECT city, cf_red_1, cf_size FROM contact WHERE name = 'Ada'")
    assert [tuple(one) for one in found] == [("Linz", "it's", 7)]


def test_a_custom_field_alone_is_saved(contacts, updates) -> None:
    row = contacts.get(name="Bob")
    row.custom_fields["cf_size"] = 4
    row.save()

    assert len(updates()) == 1
    assert contacts.get(name="Bob").custom_fields["cf_size"] == 4


def test_expecting_what_was_read(contacts) -> None:
    mine, theirs = contacts.get(name="Ada"), contacts.get(name="Ada")
    theirs.custom_fields["cf_size"] = 8
    theirs.save(expect={"cf_size": 7, "city": "Wien"})
    assert mine.custom_fields["cf_red_1"] == "x"

    mine.name = "Ada L."
    with pytest.raises(EditConflict) as conflict:
        mine.save(expect={"CF_SIZE": 7})
    assert list(conflict.value.fields.values()) == [(7, 8)]
    mine.save(expect=True)
    assert contacts.get(name="Ada L.").custom_fields["cf_size"] == 8


def test_what_was_read_is_put_back(contacts) -> None:
    row, other = contacts.get(name="Ada"), contacts.get(name="Bob")
    row.custom_fields.load()
    for one in (row, other):
        one.city, one.custom_fields["cf_red_1"] = "Linz", "changed"
        one.restore(one.changes())
        assert one.changes() == {}
    assert (row.city, row.custom_fields["cf_red_1"]) == ("Wien", "x")
    assert other.custom_fields["cf_red_1"] == "y"


def test_a_new_row(contacts, crm) -> None:
    with use_database(crm.label):
        row = Contact(name="New")
        row.custom_fields["cf_size"] = 3
        row.save()
    found = contacts.get(pk=row.pk)
    assert (found.name, found.custom_fields["cf_size"]) == ("New", 3)
    row.custom_fields["cf_size"] = 5
    row.save()
    assert contacts.get(pk=row.pk).custom_fields["cf_size"] == 5


def test_values_by_column(contacts, crm) -> None:
    row = contacts.get(name="Ada")

    assert row.get_field_value("CITY") == row.get_field_value("city") == "Wien"
    assert row.get_field_value("cf_size") == row.get_attribute_by_column("CF_SIZE") == 7
    assert row.get_attribute_by_column("nope", "default") == "default"
    with use_database(crm.label):
        assert Contact.get_field_name_by_db_column("ACCOUNT_ID") == "account"
        assert Contact.get_field_db_column_name("account") == "account_id"
        assert Contact.get_field_name_by_db_column("Cf_Red_1") == "cf_red_1"
        with pytest.raises(UnknownColumn, match="Did you mean cf_red_1"):
            Contact.get_field_name_by_db_column("cf_red_2")


def test_a_column_that_was_added_meanwhile(contacts, crm) -> None:
    row = contacts.get(name="Ada")
    row.city = "unsaved"
    execute(crm.url, "ALTER TABLE contact ADD COLUMN cf_late INTEGER")
    execute(crm.url, "UPDATE contact SET cf_late = 5")

    fields = row.sync_dynamic_fields(force_refresh=True)
    assert (fields["cf_late"], row.city) == (5, "unsaved")


def names(rows) -> list[str]:
    return sorted(row.name for row in rows)


def test_they_filter_with_djangos_look_ups(contacts) -> None:
    assert names(contacts.custom(cf_red_1="x")) == ["Ada"]
    assert names(contacts.custom(CF_SIZE__gte=3, cf_red_1__in=["x", "y"])) == ["Ada", "Bob"]
    assert names(contacts.custom(cf_red_1__isnull=True)) == ["Cy"]
    assert names(contacts.custom(name="Ada", cf_size=7)) == ["Ada"]
    assert contacts.custom(cf_size__lt=7).count() == 1
    assert contacts.custom(cf_size=7).exists()
    assert names(contacts.custom(cf_size=7).custom(cf_red_1="y")) == []
    inner = contacts.custom(cf_size=7).values("pk")
    assert names(contacts.filter(pk__in=inner)) == ["Ada"]


def test_they_exclude_order_and_are_values(contacts, crm) -> None:
    attribute = crm.get_model("contact").attribute_of_column[size_of(crm)]
    known = contacts.custom("cf_red_1", "cf_size")

    assert names(known.exclude(cf_red_1="x").exclude(cf_red_1=None)) == ["Bob"]
    ordered = known.order_by(models.F(attribute).desc(nulls_last=True), "name")
    assert [row.name for row in ordered] == ["Ada", "Bob", "Cy"]
    assert known.filter(name="Ada").values("name", "cf_red_1").get() == {
        "name": "Ada",
        "cf_red_1": "x",
    }
    assert known.aggregate(total=models.Sum(attribute)) == {"total": 10}
    assert known.filter(cf_red_1="y").update(city="Enns") == 1


def test_a_generated_model_takes_the_same(crm) -> None:
    model = crm.get_model("contact")

    assert names(model.objects.custom(CF_RED_1="x", cf_size__gte=1)) == ["Ada"]
    with pytest.raises(UnknownColumn, match="has no column 'cf_shoe' in this database"):
        model.objects.custom(cf_shoe=1)


def test_an_unknown_column_is_refused_with_what_may_be_meant(contacts, crm, lacking) -> None:
    with pytest.raises(UnknownColumn, match=r"no column 'cf_red' .* Did you mean cf_red_1"):
        contacts.custom(cf_red__gte=1)
    with pytest.raises(FieldError):
        contacts.custom("nope")
    with pytest.raises(UnknownColumn, match="'cf_red_1'"):
        list(contacts.custom(cf_red_1="x").using(lacking.label))


def test_an_absent_column_is_told_when_it_is_asked_for(lacking) -> None:
    rows = Contact.objects.using(lacking.label)
    dora = rows.get()

    assert (dora.name, rows.count(), dora.account.pk) == ("Dora", 1, 1)
    words = "contact has no column 'city' in this database"
    for ask in (
        lambda: dora.city,
        lambda: dora.get_field_value("city"),
        lambda: rows.filter(city="Wien").first(),
        lambda: rows.exclude(city="Wien").count(),
        lambda: rows.order_by("-city").first(),
        lambda: rows.values_list("city").first(),
        lambda: rows.only("city").first(),
        lambda: rows.filter(city="Wien").update(name="x"),
        lambda: rows.update(city="Wien"),
        lambda: rows.filter(city="Wien").delete(),
        lambda: rows.create(name="x", city="Wien"),
        lambda: rows.values().first(),
        lambda: rows.annotate(place=models.F("city")).first(),
    ):
        with pytest.raises(UnknownColumn, match=words):
            ask()
    dora.city = "Wien"
    with pytest.raises(UnknownColumn, match=words):
        dora.save()
    assert dora.get_attribute_by_column("city", "none") == "none"


def test_an_absent_column_of_a_related_table_is_told(lacking) -> None:
    rows = Contact.objects.using(lacking.label)
    for ask in (
        lambda: rows.filter(account__name="Two").first(),
        lambda: rows.order_by("account__name").first(),
        lambda: rows.values("account__name").first(),
    ):
        with pytest.raises(UnknownColumn, match="account has no column 'name'"):
            ask()
    assert rows.none().count() == 0
    assert rows.filter(account__pk=1).order_by("account").exists()


def test_rows_are_written_without_absent_columns(lacking) -> None:
    rows = Contact.objects.using(lacking.label)
    row = rows.create(name="Eve")
    row.name = "Eva"
    row.save()
    row.refresh_from_db()

    assert rows.get(pk=row.pk).name == "Eva"
    assert names(rows.select_related("account")) == ["Dora", "Eva"]
    rows.filter(pk=row.pk).delete()
    assert rows.count() == 1


def test_many_rows_are_created_at_once(lacking) -> None:
    rows = Contact.objects.using(lacking.label)
    rows.bulk_create([Contact(name="Eve"), Contact(name="Fay")])
    assert names(rows.all()) == ["Dora", "Eve", "Fay"]
    with pytest.raises(UnknownColumn, match="'city'"):
        rows.bulk_create([Contact(name="Gus"), Contact(name="Hal", city="Wien")])
    assert rows.count() == 3


def test_a_row_that_is_read_again(contacts, crm) -> None:
    row = contacts.get(name="Ada")
    assert row.custom_fields["cf_size"] == 7
    execute(crm.url, "UPDATE contact SET cf_size = 8, city = 'Linz' WHERE name = 'Ada'")
    row.refresh_from_db()

    row.custom_fields["cf_size"] = 7  # before it is read: it differs from what is there now
    row.save()
    assert contacts.get(name="Ada").custom_fields["cf_size"] == 7
    assert (row.city, row.changes()) == ("Linz", {})


def test_another_attribute_of_a_columns_name_is_refused(contacts) -> None:
    with pytest.raises(FieldError, match=r"Clash.cf_red_1 is not the column 'cf_red_1'"):
        Clash.objects.using(contacts.db).first()


def test_a_table_that_is_not_there_is_told(vendor, new_database) -> None:
    other = new_database(vendor, "CREATE TABLE other (id INTEGER PRIMARY KEY);")
    with pytest.raises(UnknownTable, match="'contact'"):
        Contact.objects.using(other.label).first()


def test_elsewhere_it_is_a_model_as_any_other() -> None:
    """A database that isn't registered has the columns that the class declares."""
    assert Contact.get_field_db_column_name("city") == "city"
    with pytest.raises(UnknownColumn):
        Contact.get_field_name_by_db_column("cf_red_1")
    assert str(Contact.objects.using("default").filter(city="x").query).count("city") == 2


def test_a_row_is_copied_to_another_database_with_all_its_columns(
    contacts, crm, new_database, vendor, lacking
) -> None:
    other = new_database(vendor, CRM.format(identity=vendor.identity), "other")
    row = contacts.get(name="Ada")
    Contact.objects.using(other.label).filter(pk=row.pk).update(name="Other")

    with pytest.raises(UnknownColumn, match="cf_red_1"):
        row.save(using=lacking.label)
    row.custom_fields["cf_red_1"] = "new"
    row.save(using=other.label)

    copied = Contact.objects.using(other.label).get(pk=row.pk)
    assert (copied.name, copied.custom_fields["cf_red_1"]) == ("Ada", "new")
    assert contacts.get(name="Ada").custom_fields["cf_red_1"] == "x"


def test_custom_takes_other_conditions_in_filter(contacts) -> None:
    condition = models.Q(cf_red_1="x")

    with pytest.raises(TypeError, match=r"give conditions to filter\(\)"):
        contacts.custom(condition)
    assert contacts.custom("cf_red_1").filter(condition).count() == 1


def test_a_row_of_no_database_has_no_custom_fields_yet() -> None:
    with pytest.raises(NoActiveDatabase, match="Contact"):
        Contact(name="New").custom_fields["cf_red_1"] = "x"
