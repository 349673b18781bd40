"""Control rows that are written past `save()`: upserts, and SQL by hand with its remedy."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from dynamic_databases.models import Database
from tenants.models import Tenant
from tests.fixtures.databases import make_url
from tests.fixtures.processes import ROOT
from tests.fixtures.vendors import POSTGRESQL, SQLITE

AUTHORS = "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);"
REMEDY = (ROOT / "docs" / "operating.md").read_text().partition("## Control rows by hand")[2]


def authors(name: str) -> str:
    return f"{AUTHORS} INSERT INTO author (name) VALUES ('{name}');"


@pytest.fixture
def ada(new_database) -> Database:
    return new_database(SQLITE, authors("Ada"), "shop")


@pytest.fixture
def acme(ada, tenant_of) -> Tenant:
    tenant, _ = tenant_of("acme", production=ada)
    return tenant


def found(database: Database) -> list[str]:
    author = database.get_model("author")
    return list(author.objects.values_list("name", flat=True))


def poll() -> None:
    """Look for what other processes changed."""
    apps.get_app_config("dynamic_databases").invalidator.poll_now()


def upsert(*rows: Database) -> None:
    options = {"update_conflicts": True, "update_fields": ["config"], "unique_fields": ["name"]}
    Database.objects.bulk_create(rows, **options)


def test_an_upserted_database_is_followed(ada) -> None:
    assert found(ada) == ["Ada"]
    other = Database.objects.from_url("other", make_url(SQLITE, authors("Bob")))

    upsert(Database(name="shop", config=other.config), Database(name="new", config=other.config))

    assert found(ada) == ["Bob"]
    ada.refresh_from_db()
    assert ada.revision > other.revision
    assert Database.objects.get(name="new").label in settings.DATABASES


def test_an_upserted_password_can_be_opened(new_database) -> None:
    """It is sealed for the row that is there, not for the one that was made in Python."""
    stored = new_database(POSTGRESQL, AUTHORS, "shop")
    config = {**stored.config, "PASSWORD": "a new one"}

    upsert(Database(name="shop", config=config))

    assert Database.objects.get().opened_config()["PASSWORD"] == "a new one"
    assert settings.DATABASES[stored.label]["PASSWORD"] == "a new one"


def test_an_upserted_tenant_is_followed(acme) -> None:
    assert "acme" in settings.DATABASES
    Tenant.objects.bulk_create(
        [Tenant(slug="acme", active=False)],
        update_conflicts=True,
        update_fields=["active"],
        unique_fields=["slug"],
    )
    assert "acme" not in settings.DATABASES


def statements() -> list[str]:
    block = REMEDY.partition("```sql\n")[2]
    return [line.partition("--")[0] for line in block.partition("```")[0].splitlines()]


def test_sql_by_hand_is_followed_with_its_remedy(acme, ada) -> None:
    """As the page has it: the row's revision where it is a database's, then the number."""
    assert found(ada) == ["Ada"]
    url = make_url(SQLITE, authors("Bob"))
    Database.objects.from_url("other", url)
    of_database, number = statements()
    with connection.cursor() as cursor:
        cursor.execute("SELECT config FROM dynamic_databases_database WHERE name = 'other'")
        (text,) = cursor.fetchone()
        cursor.execute(
            "UPDATE dynamic_databases_database SET config = %s WHERE name = 'shop'", [text]
        )
        cursor.execute(of_database)
        cursor.execute(number)
    poll()
    assert found(ada) == ["Bob"]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_tenant SET active = %s WHERE slug = 'acme'", [False])
        cursor.execute(number)
    poll()
    assert "acme" not in settings.DATABASES
