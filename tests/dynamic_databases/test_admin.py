"""Databases in the admin: created, edited, tested; a secret is never shown."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from dynamic_databases.config.allowed import (
    _HARMLESS_OPTIONS,
    _OPTIONS,
    ENGINES,
    destination_of,
)
from dynamic_databases.config.secrets import HIDDEN
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Baseline, Database
from dynamic_databases.process import process_registry
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


@pytest.fixture
def referring(settings, tmp_path) -> None:
    """Configurations may refer to a variable and to a file."""
    settings.GATEWAY_SECRET_ENV = ("CRM_*",)
    settings.GATEWAY_SECRET_FILES_ROOT = tmp_path
    settings.GATEWAY_SECRET_FILES = ("crm",)


def form(**values: object) -> dict[str, object]:
    config = values.pop("config", CONFIG)
    return {
        "name": "crm",
        "enabled": "on",
        "baseline": "",
        "config": config if isinstance(config, str) else json.dumps(config),
        **values,
    }


def test_the_page_that_adds_one_shows_an_example_that_is_taken(admin) -> None:
    page = admin.get("/admin/dynamic_databases/database/add/")
    example = page.context["adminform"].form.fields["config"].widget.attrs["placeholder"]
    assert html.escape(example) in page.content.decode()
    assert (
        admin.post(
            "/admin/dynamic_databases/database/add/", form(config=json.loads(example))
        ).status_code
        == 302
    )


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

    kept = {**CONFIG, "PASSWORD": HIDDEN, "OPTIONS": {"connect_timeout": "7"}, "TIME_ZONE": "UTC"}
    assert admin.post(url, form(config=kept)).status_code == 302
    row.refresh_from_db()
    assert row.config["PASSWORD"] == sealed
    assert row.config["OPTIONS"] == {"connect_timeout": 7}


_MYSQL = {**CONFIG, "ENGINE": "django.db.backends.mysql"}
_MSSQL = {**CONFIG, "ENGINE": "mssql"}


@pytest.mark.parametrize(
    ("before", "changes", "key"),
    [
        (CONFIG, {"HOST": "evil.example"}, "HOST"),
        (CONFIG, {"PORT": "6000"}, "PORT"),
        (CONFIG, {"USER": "other"}, "USER"),
        (CONFIG, {"NAME": "other"}, "NAME"),
        (CONFIG, {"ENGINE": "django.db.backends.mysql"}, "ENGINE"),
        (CONFIG, {"OPTIONS": {"sslmode": "disable"}}, "OPTIONS.sslmode"),
        (CONFIG, {"OPTIONS": {"sslrootcert": "system"}}, "OPTIONS.sslrootcert"),
        (CONFIG, {"OPTIONS": {"channel_binding": "disable"}}, "OPTIONS.channel_binding"),
        (CONFIG, {"OPTIONS": {"target_session_attrs": "any"}}, "OPTIONS.target_session_attrs"),
        ({**CONFIG, "OPTIONS": {"sslmode": "require"}}, {"OPTIONS": {}}, "OPTIONS.sslmode"),
        (_MYSQL, {"OPTIONS": {"ssl_mode": "DISABLED"}}, "OPTIONS.ssl_mode"),
        (_MSSQL, {"OPTIONS": {"extra_params": "Encrypt=no"}}, "OPTIONS.extra_params"),
    ],
    ids=range(12),
)
def test_a_kept_password_goes_nowhere_else(admin, before, changes, key) -> None:
    row = Database.objects.create(name="crm", config=before)
    stored = dict(row.config)
    url = f"/admin/dynamic_databases/database/{row.pk}/change/"

    page = admin.post(url, form(config={**before, **changes, "PASSWORD": HIDDEN}))

    assert page.status_code == 200
    assert f"{key} changed: enter it again" in page.content.decode()
    row.refresh_from_db()
    assert row.config == stored
    given = admin.post(url, form(config={**before, **changes, "PASSWORD": "given again"}))
    assert given.status_code == 302
    row.refresh_from_db()
    assert row.config["PASSWORD"] != stored["PASSWORD"]


@pytest.mark.parametrize("reference", [{"$env": "CRM_PASSWORD"}, {"$file": "crm"}], ids=str)
@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"HOST": "evil.example"}, "HOST"),
        ({"PORT": "6000"}, "PORT"),
        ({"USER": "other"}, "USER"),
        ({"ENGINE": "django.db.backends.mysql"}, "ENGINE"),
        ({"OPTIONS": {"sslmode": "disable"}}, "OPTIONS.sslmode"),
    ],
    ids=["host", "port", "user", "engine", "TLS"],
)
def test_a_kept_reference_goes_nowhere_else(referring, admin, changes, key, reference) -> None:
    config = {**CONFIG, "PASSWORD": reference}
    row = Database.objects.create(name="crm", config=config)
    url = f"/admin/dynamic_databases/database/{row.pk}/change/"
    shown = json.loads(
        html.unescape(
            re.search(
                r"<textarea[^>]*>(.*?)</textarea>", admin.get(url).content.decode(), re.DOTALL
            )[1]
        )
    )
    assert shown["PASSWORD"] == HIDDEN

    harmless = admin.post(url, form(config={**shown, "OPTIONS": {"connect_timeout": 7}}))
    assert harmless.status_code == 302
    row.refresh_from_db()
    assert row.config["PASSWORD"] == reference
    page = admin.post(url, form(config={**shown, **changes}))
    assert f"{key} changed: enter it again" in html.unescape(page.content.decode())
    row.refresh_from_db()
    assert row.config["HOST"] == CONFIG["HOST"] and row.config["USER"] == CONFIG["USER"]
    again = admin.post(url, form(config={**shown, **changes, "PASSWORD": reference}))
    assert again.status_code == 302
    row.refresh_from_db()
    assert row.config["PASSWORD"] == reference


def test_code_that_keeps_a_reference_sends_it_nowhere_else(referring, transactional_db) -> None:
    row = Database.objects.create(
        name="crm", config={**CONFIG, "PASSWORD": {"$env": "CRM_PASSWORD"}}
    )
    for _ in range(2):  # what was given counts once
        row.config = {**row.config, "HOST": f"{row.config['HOST']}.example"}
        with pytest.raises(InvalidConfig, match="HOST changed"):
            row.save()
        with pytest.raises(InvalidConfig, match="HOST changed"):
            Database.objects.bulk_update([row], ["config"])
        row.secrets_given = True
        row.save()


def test_bulk_changes_keep_a_password_where_it_was(transactional_db) -> None:
    row = Database.objects.create(name="crm", config=CONFIG)
    row.config = {**row.config, "HOST": "evil.example"}
    with pytest.raises(InvalidConfig, match="HOST changed"):
        Database.objects.bulk_update([row], ["config"])


@pytest.mark.parametrize("engine", ENGINES)
def test_every_option_is_harmless_or_asks_for_the_password(engine) -> None:
    """An option that is new asks for the password until it is listed."""
    known = {f"OPTIONS.{key}" for key in _OPTIONS[engine]}
    config = {"ENGINE": engine, "OPTIONS": dict.fromkeys([*_OPTIONS[engine], "new"], "x")}
    deciding = set(destination_of(config)) - {"ENGINE"}
    assert "OPTIONS.new" in deciding
    assert {key.split(".")[1] for key in known - deciding} == set(_HARMLESS_OPTIONS[engine])


def test_who_only_views_databases_has_no_connection_test(admin, client, new_database) -> None:
    row = new_database(SQLITE, library_sql(SQLITE), "good")
    viewer = get_user_model().objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_database"))
    client.force_login(viewer)
    action = {"action": "test_connection", "_selected_action": [row.pk]}
    url = "/admin/dynamic_databases/database/"
    assert "connected" not in client.post(url, action, follow=True).content.decode()


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
    assert "Bad: The database can&#x27;t be reached. The file can&#x27;t be opened" in text
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


def staff(*codenames: str) -> Client:
    """Return a client of staff with these of Django's permissions."""
    user = get_user_model().objects.create_user(
        "support", password="a long password", is_staff=True
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_who_may_only_look_sees_no_sealed_secret_either(admin) -> None:
    assert admin.post("/admin/dynamic_databases/database/add/", form()).status_code == 302
    row = Database.objects.get()

    url = f"/admin/dynamic_databases/database/{row.pk}/change/"
    page = staff("view_database").get(url).content.decode()

    assert HIDDEN in page
    assert "db.example" in page
    assert "$encrypted" not in page
    assert row.config["PASSWORD"]["$encrypted"] not in page


@pytest.mark.parametrize("lookup", ["config__contains=gAAAA", "config__startswith=x", "config=1"])
def test_a_configuration_can_not_be_guessed_by_the_lists_filters(transactional_db, lookup) -> None:
    client = staff("view_database")

    assert client.get(f"/admin/dynamic_databases/database/?{lookup}").status_code == 400


def test_a_replicas_password_is_kept_while_the_replica_is_the_same(admin) -> None:
    replica = {"HOST": "replica.example", "PASSWORD": "hunter3"}
    admin.post("/admin/dynamic_databases/database/add/", form(replicas=json.dumps([replica])))
    row = Database.objects.get()
    address = f"/admin/dynamic_databases/database/{row.pk}/change/"

    assert "hunter3" not in admin.get(address).content.decode()
    hidden = {**replica, "PASSWORD": HIDDEN}
    kept = admin.post(address, form(config=row.shown_config(), replicas=json.dumps([hidden])))
    moved = {**hidden, "HOST": "elsewhere.example"}
    refused = admin.post(address, form(config=row.shown_config(), replicas=json.dumps([moved])))

    assert kept.status_code == 302
    assert Database.objects.get().opened_replicas()[0]["PASSWORD"] == "hunter3"
    assert "replica 1, PASSWORD: enter it again: the replica was changed" in html.unescape(
        refused.content.decode()
    )
