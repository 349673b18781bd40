"""Databases in the admin: created, edited, tested; a secret is never shown."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from dynamic_databases.config.secrets import HIDDEN
from dynamic_databases.models import Baseline, Database
from dynamic_databases.registry import process_registry
from tests.fixtures.databases import library_sql
from tests.fixtures.vendors import SQLITE

CONFIG = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "crm",
    "USER": "u",
    "PASSWORD": "hunter2",
    "HOST": "db.example",
}


@pytest.fixture
def admin(transactional_db) -> Client:
    get_user_model().objects.create_superuser("root", password="a long password")
    client = Client()
    client.login(username="root", password="a long password")
    return client


def form(**values: object) -> dict[str, object]:
    config = values.pop("config", CONFIG)
    return {
        "name": "crm",
        "enabled": "on",
        "baseline": "",
        "config": config if isinstance(config, str) else json.dumps(config),
        **values,
    }


def test_a_password_is_never_shown_and_kept_when_it_comes_back_hidden(admin) -> None:
    assert admin.post("/admin/dynamic_databases/database/add/", form()).status_code == 302
    row = Database.objects.get()
    sealed = row.config["PASSWORD"]

    url = f"/admin/dynamic_databases/database/{row.pk}/change/"
    for page in (
        url,
        "/admin/dynamic_databases/database/",
        f"/admin/dynamic_databases/database/{row.pk}/history/",
    ):
        text = admin.get(page).content.decode()
        assert "hunter2" not in text and sealed["$encrypted"] not in text
    assert HIDDEN in admin.get(url).content.decode()

    admin.post(url, form(config={**CONFIG, "PASSWORD": HIDDEN, "HOST": "other.example"}))
    row.refresh_from_db()
    assert (row.config["PASSWORD"], row.config["HOST"]) == (sealed, "other.example")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({**CONFIG, "ENGINE": "os"}, "ENGINE"),
        ({**CONFIG, "OPTIONS": {"passfile": "/x"}}, "OPTIONS.passfile"),
        ("{", "valid JSON"),
        ("[]", "config"),
    ],
)
def test_a_refused_configuration_says_which_key(admin, config: object, words: str) -> None:
    page = admin.post("/admin/dynamic_databases/database/add/", form(config=config))

    assert page.status_code == 200
    assert words in page.content.decode()
    assert not Database.objects.exists()


def test_the_connection_is_tested(admin, new_database) -> None:
    good = new_database(SQLITE, library_sql(SQLITE), "good")
    bad = Database.objects.from_url("bad", "sqlite:///missing.sqlite3")
    action = {"action": "test_connection", "_selected_action": [good.pk, bad.pk]}

    text = admin.post("/admin/dynamic_databases/database/", action, follow=True).content.decode()
    assert "Good: connected, 5 tables" in text
    assert "Bad: The database can&#x27;t be reached." in text
    process_registry().connections.close_all()


def test_an_edited_database_is_read_anew(admin, new_database) -> None:
    row = new_database(SQLITE, "CREATE TABLE a (id INTEGER PRIMARY KEY);", "a")
    other = new_database(SQLITE, "CREATE TABLE b (id INTEGER PRIMARY KEY);", "b")
    assert [str(t.name) for t in row.catalog().tables] == ["a"]

    admin.post(
        f"/admin/dynamic_databases/database/{row.pk}/change/", form(name="a", config=other.config)
    )
    assert [str(t.name) for t in row.catalog().tables] == ["b"]


def test_columns_are_shown_and_changed(admin_client, new_database) -> None:
    database = new_database(SQLITE, "CREATE TABLE contact (id INTEGER PRIMARY KEY, name TEXT)")
    database.baseline = Baseline.capture(database, "base")
    database.save()
    url = f"/admin/dynamic_databases/database/{database.pk}/columns/"

    given = {"action": "add", "table": "contact", "column": "cf_size", "type": "Int"}
    assert admin_client.post(url, given).status_code == 302
    page = admin_client.get(url).content.decode()
    assert "cf_size" in page and "own" in page and "base@1" in page
    given = {"action": "drop", "table": "contact", "column": "name"}
    assert "is a column of the baseline" in admin_client.post(url, given).content.decode()
    given = {"action": "rename", "table": "contact", "column": "cf_size"}
    assert "rename needs this" in admin_client.post(url, given).content.decode()
    given |= {"new_name": "cf_weight"}
    assert admin_client.post(url, given).status_code == 302
    log = admin_client.get("/admin/dynamic_databases/columnchange/").content.decode()
    assert "admin (admin)" in log
    assert url in admin_client.get(url.replace("columns/", "change/")).content.decode()


def test_columns_need_the_permission_to_change_databases(
    client, django_user_model, new_database
) -> None:
    database = new_database(SQLITE, "CREATE TABLE contact (id INTEGER PRIMARY KEY)")
    client.force_login(django_user_model.objects.create_user("clerk", password="x", is_staff=True))

    assert (
        client.get(f"/admin/dynamic_databases/database/{database.pk}/columns/").status_code == 403
    )
