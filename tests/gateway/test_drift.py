"""What differs between databases, what that breaks, and which saved queries it breaks."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command

from dynamic_databases.columns import drop_column
from dynamic_databases.models import Baseline, Database
from tenants.models import Environment, Tenant
from tests.fixtures.databases import execute

BEFORE = """CREATE TABLE account (id {identity}, name VARCHAR(40) NOT NULL, tier VARCHAR(10),
    size INTEGER);
CREATE INDEX by_name ON account (name, tier);"""
AFTER = """CREATE TABLE account (id {identity}, name VARCHAR(40), size BIGINT, cf_note VARCHAR(40));
CREATE TABLE extra (id {identity});"""


def run(name: str, *arguments: str) -> tuple[str, str]:
    """Return what a command printed, and the error that it ended with."""
    out = StringIO()
    try:
        call_command(name, *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


@pytest.fixture
def shop(vendor, new_database, tenant_of):
    """A tenant whose development has drifted from its production, which is its baseline."""
    production = new_database(vendor, BEFORE.format(identity=vendor.identity), "shop_production")
    development = new_database(vendor, AFTER.format(identity=vendor.identity), "shop_development")
    baseline = Baseline.capture(production, "base")
    for row in (production, development):
        row.baseline = baseline
        row.save()
    tenant_of("shop", production=production, development=development)
    return development


def test_environments_side_by_side(shop) -> None:
    text, error = run("drift", "shop", "--from", "production", "--to", "development")

    for line in (
        "- column account.tier",
        "+ column account.cf_note",
        "~ type account.size",
        "~ nullability account.name: NOT NULL → NULL",
        "- index account.by_name: (name, tier)",
        "+ table extra: 1 columns",
    ):
        assert line in text
    for line in (
        "breaking: Account.tier was removed.",
        "breaking: Account.size changed type from Int to BigInt.",
        "breaking: Account.name changed type from String! to String.",
        "safe: Account.cfNote was added.",
    ):
        assert line in text
    assert "shop_development" in error


def test_as_json_with_an_exit_code_of_ones_own(shop) -> None:
    arguments = ("shop", "--from", "production", "--to", "development", "--json")
    text, error = run("drift", *arguments, "--fail-on", "nothing")
    (drift,) = json.loads(text)

    assert error == ""
    assert {change["level"] for change in drift["changes"]} == {"breaking", "dangerous", "safe"}
    found = {(d["what"], d["name"]): (d["before"], d["after"]) for d in drift["differences"]}
    assert (
        found["nullability", "name"] == ("NOT NULL", "NULL") and found["column", "tier"][1] is None
    )
    same, error = run(
        "drift", "shop", "--from", "production", "--to", "production", "--fail-on", "any"
    )
    assert "no difference" in same and error == ""


def test_clients_know_the_default_environment_where_none_is_named(shop) -> None:
    named, _ = run("drift", "shop", "--from", "production", "--to", "development")
    assert run("drift", "shop", "--to", "development")[0] == named
    Database.objects.get(name="shop_production").unregister()
    _, error = run("drift", "shop", "--to", "development")
    assert error == "shop's database in production is disabled: it isn't asked."
    tenant = Tenant.objects.get()
    tenant.default_environment = Environment.objects.get(name="development")
    tenant.save()
    assert "no difference" in run("drift", "shop", "--to", "development")[0]


def test_the_fleet_against_its_baseline(shop) -> None:
    text, error = run("drift", "--fleet")

    assert "base@1 → shop_production: no difference" in text
    assert "breaking: Account.tier was removed." in text
    assert "shop_development" in error and "shop_production" not in error


def test_a_database_that_does_not_answer_is_told(shop) -> None:
    shop.config = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "x",
        "HOST": "127.0.0.1",
        "PORT": "1",
        "USER": "u",
    }
    shop.save()
    text, error = run("drift", "--fleet")

    assert "base@1 → shop_production: no difference" in text
    assert "shop_development" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Write drift TENANT"),
        (("shop",), "Write drift TENANT"),
        (("nosuch", "--from", "a", "--to", "b"), "no tenant called nosuch"),
        (("shop", "--from", "production", "--to", "testing"), "it has: production, development"),
    ],
)
def test_what_is_asked_wrongly_is_told(shop, arguments, words) -> None:
    assert words in run("drift", *arguments)[1]


def test_the_admins_page(shop, admin_client) -> None:
    url = "/admin/drift/"

    page = admin_client.get(
        f"{url}?tenant=shop&before=production&after=development"
    ).content.decode()
    assert "Account.tier was removed." in page and "by_name" in page
    assert "No difference." in admin_client.get(f"{url}?fleet=1").content.decode()
    wrong = admin_client.get(f"{url}?tenant=shop&before=production&after=x").content.decode()
    assert "Select a valid choice" in wrong


def test_the_admins_page_asks_for_what_it_shows(shop, client) -> None:
    user = get_user_model().objects.create_user("support", password="x", is_staff=True)
    client.force_login(user)
    pair = "/admin/drift/?tenant=shop&before=production&after=development"

    def grant(*names: str) -> None:
        user.user_permissions.set(Permission.objects.filter(codename__in=names))

    grant("view_database")
    assert client.get(pair).status_code == 403
    assert client.get("/admin/drift/?fleet=1").status_code == 403
    grant("view_database", "view_baseline")
    fleet = client.get("/admin/drift/?fleet=1")
    assert fleet.status_code == 200 and 'name="tenant"' not in fleet.content.decode()
    assert client.get(pair).status_code == 403
    both = client.get(f"{pair}&fleet=1")
    assert both.context["drifts"] and both.context["drifts"] == fleet.context["drifts"]
    grant("view_database", "view_tenant", "view_tenantdatabase")
    assert "Account.tier was removed." in client.get(pair).content.decode()


def test_a_saved_query_is_found_before_it_fails(shop, tmp_path, door, tenant_of) -> None:
    """The query works; with the column gone it would not; after that it doesn't."""
    _, token = tenant_of("shop")
    folder = tmp_path / "queries" / "accounts"
    folder.mkdir(parents=True)
    (folder / "list.graphql").write_text("query Notes { account { ...Note } }")
    (folder / "fragments.gql").write_text("fragment Note on Account { id cfNote }")
    (folder / "other.graphql").write_text("query Other { account { id } }")

    def ask() -> dict:
        return door.query(
            "/t/shop/development/graphql", "{ account { cfNote } }", authorization=f"Bearer {token}"
        ).json

    development = (str(tmp_path / "queries"), "--tenant", "shop", "--environment", "development")
    text, error = run("check_operations", *development)
    assert error == "" and "2 documents on 1 databases: 0 databases break some" in text
    assert "errors" not in ask()
    text, error = run("check_operations", *development, "--without", "account.cf_note")
    assert "accounts/list.graphql" in text and "cfNote" in text and "other.graphql" not in text
    assert "shop/development" in error

    drop_column(shop, "account", "cf_note", who="ada")
    text, error = run("check_operations", *development, "--json")
    (place,) = json.loads(text)
    assert list(place["broken"]) == ["accounts/list.graphql"]
    assert ask()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_which_tenants_a_query_breaks_on(shop, tmp_path) -> None:
    (tmp_path / "tier.graphql").write_text("{ account { tier } }")
    (tmp_path / "bad.graphql").write_text("{ account {")

    text, error = run("check_operations", str(tmp_path))
    assert "shop/development: tier.graphql" in text and "shop/production: bad.graphql" in text
    assert "shop/production: tier.graphql" not in text
    (tmp_path / "bad.graphql").unlink()
    text, error = run("check_operations", str(tmp_path), "--common")
    assert error == ""


def test_a_default_environment_out_of_service_breaks_every_query(shop, tmp_path) -> None:
    (tmp_path / "id.graphql").write_text("{ account { id } }")
    Database.objects.get(name="shop_production").unregister()

    text, error = run("check_operations", str(tmp_path))
    assert (
        "shop/production: The tenant's default environment has no database in service; "
        "in service: development."
    ) in text
    assert error == "Documents break on: shop/production"
    assert run("check_operations", str(tmp_path), "--environment", "development")[1] == ""


def test_nothing_checked_is_no_success(shop, tmp_path) -> None:
    (tmp_path / "id.graphql").write_text("{ account { id } }")

    for arguments in (("--tenant", "nosuch"), ("--environment", "nosuch")):
        assert run("check_operations", str(tmp_path), *arguments)[1]


def test_a_folder_without_documents_is_told(db, tmp_path) -> None:
    assert "no .graphql or .gql file" in run("check_operations", str(tmp_path))[1]
    assert "is no folder" in run("check_operations", str(tmp_path / "x"))[1]


def test_indexes_of_a_database(vendor, new_database) -> None:
    from dynamic_databases.catalog.indexes import read_indexes  # noqa: PLC0415 - used once
    from dynamic_databases.catalog.types import TableName  # noqa: PLC0415 - likewise
    from dynamic_databases.process import process_registry  # noqa: PLC0415 - likewise

    database = new_database(vendor, BEFORE.format(identity=vendor.identity), "indexed")
    execute(database.url, "CREATE UNIQUE INDEX one_size ON account (size)")
    with process_registry().connections.lease(database.label) as wrapper:
        found = read_indexes(wrapper)

    assert found == {
        TableName("", "account"): {"by_name": "(name, tier)", "one_size": "unique (size)"}
    }
