"""The default environment and the order of environments, as operators set them."""

from __future__ import annotations

import importlib
import json

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.db import connection
from django.urls import reverse

from dynamic_databases.models import Database
from tenants.models import Environment, Tenant, TenantDatabase
from tests.fixtures.commands import run
from tests.fixtures.vendors import SQLITE

pytestmark = pytest.mark.django_db(transaction=True)
_MIGRATION = importlib.import_module("tenants.migrations.0005_default_environment")


@pytest.fixture
def shop(new_database, tenant_of) -> Database:
    database = new_database(SQLITE, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "shop")
    tenant_of("shop", testing=database)
    return database


def test_a_tenant_is_added_with_its_default() -> None:
    run("tenant", "add", "acme", "--default-environment", "staging")
    run("tenant", "add", "globex")
    assert Tenant.objects.get(slug="acme").default_stage == "staging"
    assert Tenant.objects.get(slug="globex").default_stage == "production"


def test_the_default_is_shown_and_set(shop) -> None:
    shown = json.loads(run("tenant", "environment", "shop", "--json"))
    assert shown["default_environment"] == "production"
    assert "no database in service" in shown["note"]

    changed = json.loads(run("tenant", "environment", "shop", "testing", "--json"))
    assert changed == {"tenant": "shop", "default_environment": "testing"}


def test_attaching_elsewhere_says_what_requests_without_a_name_meet(shop) -> None:
    assert "tenant environment shop NAME" in run("tenant", "attach", "shop", "testing", "shop")
    assert "NAME" not in run("tenant", "attach", "shop", "production", "shop")


def test_the_order_of_environments() -> None:
    for name in ("development", "production", "testing"):
        Environment.objects.get_or_create(name=name)
    assert run("tenant", "environments", "production", "testing").splitlines() == [
        "production",
        "testing",
        "development",
    ]
    with pytest.raises(CommandError, match="There is no environment nowhere; there are: "):
        run("tenant", "environments", "nowhere")
    with pytest.raises(CommandError, match="A name is given twice"):
        run("tenant", "environments", "testing", "testing")


def test_an_import_sets_the_default(tmp_path) -> None:
    file = tmp_path / "tenants.csv"
    file.write_text(
        "slug,environment,default_environment,connection\nacme,testing,testing,sqlite:///"
        "a.sqlite3\n"
    )
    run("tenant", "import", str(file))
    assert Tenant.objects.get(slug="acme").default_stage == "testing"


def test_an_attached_database_is_removed_by_force_alone(shop) -> None:
    with pytest.raises(CommandError, match=r"shop is in use.*shop testing: shop.*--force"):
        run("database", "remove", "shop")
    assert TenantDatabase.objects.exists()

    assert run("database", "remove", "shop", "--force") == "shop  removed\n"
    assert not Database.objects.exists()


def test_the_admin_refuses_to_delete_an_attached_database(shop, client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    url = reverse("admin:dynamic_databases_database_delete", args=[shop.pk])

    page = client.get(url).content.decode()
    assert "shop testing: shop" in page
    assert "would require deleting the following protected related objects" in page
    client.post(url, {"post": "yes"})
    assert Database.objects.filter(pk=shop.pk).exists()

    TenantDatabase.objects.all().delete()
    client.post(url, {"post": "yes"})
    assert not Database.objects.filter(pk=shop.pk).exists()


def test_a_lone_environment_stays_the_default_in_an_upgrade(shop, new_database, tenant_of) -> None:
    """A tenant with one environment keeps it; one with production or with several gets that."""
    other = new_database(SQLITE, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    tenant_of("two", testing=shop, development=other)
    tenant_of("plain", production=other)

    with connection.schema_editor() as editor:
        _MIGRATION.keep_lone_environments(apps, editor)

    stages = {row.slug: row.default_stage for row in Tenant.objects.all()}
    assert stages == {"shop": "testing", "two": "production", "plain": "production"}
