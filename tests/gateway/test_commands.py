"""Commands about baselines, columns, schemas and operators, as an operator types them."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from dynamic_databases.models import Baseline, Database
from tenants.models import Tenant
from tests.fixtures.commands import run
from tests.fixtures.databases import execute
from tests.fixtures.installations import ROOT, clean_environment
from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import SQLITE

SQL = "CREATE TABLE contact (id INTEGER PRIMARY KEY, name VARCHAR(40), city VARCHAR(40))"


@pytest.fixture
def shop(new_database, tenant_of) -> Database:
    database = new_database(SQLITE, SQL, "shop")
    tenant_of("shop", production=database)
    return database


def test_a_baseline_has_versions(shop) -> None:
    assert run("baseline", "capture", "shop", "--name", "crm") == "crm@1  1 tables  3 columns\n"
    assert run("baseline", "capture", "shop", "--name", "crm") == "crm@1  1 tables  3 columns\n"
    execute(shop.url, "ALTER TABLE contact ADD COLUMN age INTEGER")
    assert run("baseline", "capture", "shop", "--name", "crm") == "crm@2  1 tables  4 columns\n"

    assert run("baseline", "assign", "crm@1", "shop") == "shop  crm@1\n"
    assert (
        run("baseline", "show", "crm")
        == "contact:  id INTEGER, name VARCHAR(40), city VARCHAR(40), age INTEGER\n"
    )
    assert [line["databases"] for line in json.loads(run("baseline", "list", "--json"))] == [
        "1 databases",
        "0 databases",
    ]
    assert Baseline.objects.named("crm").version == 2
    assert run("baseline", "remove", "crm@2") == "crm@2  removed\n"
    with pytest.raises(CommandError, match="crm@1 is assigned"):
        run("baseline", "remove", "crm@1")
    assert run("baseline", "unassign", "shop") == "shop  none\n"


def test_a_tenants_baseline_goes_to_databases_that_come_later(
    shop, new_database, tenant_of
) -> None:
    run("baseline", "capture", "shop", "--name", "crm")
    assert run("baseline", "assign", "crm", "--tenant", "shop") == "shop  crm@1\n"
    later = new_database(SQLITE, SQL, "later")
    run("tenant", "attach", "shop", "testing", "later")

    later.refresh_from_db()
    assert str(later.baseline) == str(Tenant.objects.get().baseline) == "crm@1"


_SQL_SERVER = "Server=tcp:db,1433;Initial Catalog=crm;User ID=sa;Password=hunter2"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("database", "add", "x", "oracle://db/x"), "oracle:// is not known"),
        (("database", "add", "x", "sqlite:////etc/passwd"), "GATEWAY_SQLITE_ROOT"),
        (("database", "add", "x", "postgresql://u:hunter2@127.0.0.1:1/x"), "can't be reached"),
        (("database", "add", "x", _SQL_SERVER), "can't be reached"),
        (("token", "create", "nobody", "--role", "admin"), "no tenant called nobody"),
        (("tenant", "add", "No Slug"), "0-9"),
        (("token", "create", "acme", "--role", "chief"), "no role called chief"),
        (("token", "create", "acme", "--role", "admin", "--expires", "soon"), "90d"),
        (("tenant", "attach", "acme", "production", "nope"), "no database called nope"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(transactional_db, arguments, words) -> None:
    run("tenant", "add", "acme")
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert run("database", "list") == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("capture", "nosuch", "--name", "x"), "no database called nosuch"),
        (("capture", "shop", "--name", "a@b"), "valid value"),
        (("assign", "nosuch", "shop"), "no baseline nosuch"),
        (("assign", "crm@7", "shop"), "no baseline crm@7; there are: crm@1"),
        (("assign", "crm"), "Name at least one database"),
    ],
)
def test_what_is_wrong_with_a_baseline_is_told(shop, arguments, words) -> None:
    run("baseline", "capture", "shop", "--name", "crm")

    with pytest.raises(CommandError, match=words):
        run("baseline", *arguments)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("tenant add Shop", "slug: use a-z, 0-9 and -"),
        ("database add x books.sqlite3", "no '='.* sqlite:///books.sqlite3"),
        (
            "database add x sqlite:///x.sqlite3",
            "Nothing was registered. .* there is a file NAME in GATEWAY_SQLITE_ROOT",
        ),
        (
            "database add x sqlite:////etc/x",
            "^Nothing was registered. NAME: .* or change the setting$",
        ),
    ],
)
def test_a_refusal_says_what_was_wrong_and_what_is_right(db, command, words) -> None:
    with pytest.raises(CommandError, match=words):
        run(*command.split())


def test_columns_by_command(shop) -> None:
    run("baseline", "capture", "shop", "--name", "crm")
    run("baseline", "assign", "crm", "shop")

    assert "add contact.cf_size" in run(
        "column", "add", "shop", "contact", "cf_size", "Int", "--default", "3"
    )
    assert execute(shop.url, "INSERT INTO contact (id) VALUES (1)") == []
    run("column", "rename", "shop", "contact", "cf_size", "cf_weight")
    run("column", "widen", "shop", "contact", "cf_weight", "String(40)")
    assert execute(shop.url, "SELECT cf_weight FROM contact") == [("3",)]
    with pytest.raises(CommandError, match="--force"):
        run("column", "drop", "shop", "contact", "cf_weight")
    run("column", "drop", "shop", "contact", "cf_weight", "--force")
    log = json.loads(run("column", "log", "shop", "--json"))
    assert [(line["change"], line["state"]) for line in log] == [
        ("drop contact.cf_weight", "done"),
        ("drop contact.cf_weight", "failed"),
        ("widen contact.cf_weight", "done"),
        ("rename contact.cf_size", "done"),
        ("add contact.cf_size", "done"),
    ]
    assert all("(manage.py)" in line["who"] for line in log)


def test_the_common_schema_is_exported(shop) -> None:
    with pytest.raises(CommandError, match="has no baseline"):
        run("export_schema", "shop", "--common")
    run("baseline", "capture", "shop", "--name", "crm")
    run("baseline", "assign", "crm", "shop")
    run("column", "add", "shop", "contact", "cf_size", "Int")

    assert "cfSize" in run("export_schema", "shop")
    common = run("export_schema", "shop", "--common")
    assert "cfSize" not in common and "customFields" in common


def test_every_tenants_schema_is_loaded(shop, new_database, tenant_of) -> None:
    dead = new_database(SQLITE, SQL, "dead")
    tenant_of("dead", production=dead)
    assert "2 databases, 1 schemas" in run("load_schema")
    dead.config = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "x",
        "HOST": "127.0.0.1",
        "PORT": "1",
    }
    dead.save()

    assert "1 databases, 1 schemas" in run("load_schema", "shop")
    with pytest.raises(CommandError, match="can't be served now: dead/production"):
        run("load_schema")
    with pytest.raises(CommandError, match="no active tenant called nosuch"):
        run("load_schema", "nosuch")


def test_a_default_environment_out_of_service_is_no_loaded_schema(
    shop, new_database, tenant_of
) -> None:
    tenant_of("shop", development=new_database(SQLITE, SQL, "spare"))
    Database.objects.get(name="shop").unregister()
    out = StringIO()

    with pytest.raises(CommandError, match=r"can't be served now: shop/production$"):
        call_command("load_schema", stdout=out)
    reason = "The tenant's default environment has no database in service; in service: development."
    assert f"shop/production: {reason}" in out.getvalue()


def test_a_tenant_is_loaded_by_each_of_its_names(shop) -> None:
    assert "1 databases, 1 schemas" in run("load_schema", str(Tenant.objects.get(slug="shop").pk))


def test_a_token_of_an_operator(shop, door) -> None:
    token = run("token", "create", "--operator", "--role", "admin").splitlines()[-1]

    found = door.query("/t/shop/graphql", "{ contact { name } }", authorization=f"Bearer {token}")
    assert found.data == {"contact": []}
    assert any(line["tenant"] == "every" for line in json.loads(run("token", "list", "--json")))
    for wrong in (("--role", "admin"), ("shop", "--operator", "--role", "admin")):
        with pytest.raises(CommandError, match="Name a tenant, or give --operator"):
            run("token", "create", *wrong)


def test_a_server_warms_the_schemas_that_it_is_told(gateway_with) -> None:
    first = gateway_with()
    path = first.folder / "databases" / "shop.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute(SQL)
    connection.close()
    first.command_all(
        ("database", "add", "shop", f"sqlite:///{path}"),
        ("tenant", "add", "shop"),
        ("tenant", "attach", "shop", "production", "shop"),
    )
    warmed = gateway_with(GATEWAY_WARM="*")

    def is_open() -> bool:
        """Nobody asked, and yet the server has the file open."""
        descriptors = Path(f"/proc/{warmed.server.pid}/fd").iterdir()
        return path.resolve() in [one.resolve() for one in descriptors]

    wait_for(is_open, seconds=10)


def test_secrets_go_to_a_new_key_while_the_old_one_still_opens_them(db, settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.GATEWAY_SECRET_KEYS = (old,)
    row = Database.objects.from_url("crm", "postgresql://gateway:hunter2@db.example.com/crm")
    settings.GATEWAY_SECRET_KEYS = (new, old)

    assert run("secrets", "list") == "crm  to be rotated\n"
    assert json.loads(run("secrets", "rotate", "--json")) == {"rotated": 1, "databases": 1}
    assert json.loads(run("secrets", "rotate", "--json")) == {"rotated": 0, "databases": 1}
    rotated = Database.objects.get()
    assert rotated.revision == row.revision  # nobody reconnects
    settings.GATEWAY_SECRET_KEYS = (new,)
    assert Database.objects.get().opened_config()["PASSWORD"] == "hunter2"
    assert run("secrets", "list") == "crm  first key\n"


def test_secrets_that_no_key_opens_are_named_and_kept(db, settings) -> None:
    settings.GATEWAY_SECRET_KEYS = (Fernet.generate_key().decode(),)
    row = Database.objects.from_url("crm", "postgresql://gateway:hunter2@db.example.com/crm")
    settings.GATEWAY_SECRET_KEYS = (Fernet.generate_key().decode(),)

    assert run("secrets", "list") == "crm  no key opens them\n"
    with pytest.raises(CommandError, match="opens the secrets of crm: give them again"):
        run("secrets", "rotate")
    assert Database.objects.get().config == row.config


def test_references_that_no_setting_allows_any_more_are_named(db, settings) -> None:
    settings.GATEWAY_SECRET_ENV, settings.GATEWAY_SECRET_FILES = ("*",), ("*",)
    config = {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "db.example.com"}
    for name, secret in {"by_env": {"$env": "CRM"}, "by_file": {"$file": "crm"}}.items():
        Database.objects.create(name=name, config={**config, "PASSWORD": secret})
    settings.GATEWAY_SECRET_ENV, settings.GATEWAY_SECRET_FILES = ("DB_*",), ()

    listed = run("secrets", "list").splitlines()
    assert listed[0].startswith("by_env  refused: $env must name") and "lists DB_*" in listed[0]
    assert listed[1].startswith("by_file  refused: $file must name") and "lists none" in listed[1]
    assert "refused: PASSWORD: $env must name" in run("database", "list")
    with pytest.raises(CommandError, match=r"by_env: PASSWORD: \$env must name"):
        run("database", "test", "by_env")
    warned = [one.msg for one in run_checks(databases=["default"]) if one.id.endswith("W001")]
    assert [name in text for name, text in zip(("by_env", "by_file"), warned, strict=True)] == [
        True,
        True,
    ]


@pytest.fixture
def terminal(monkeypatch):
    """Standard input is a terminal: `terminal(b"text")` types there."""
    keyboard, screen = pty.openpty()
    with os.fdopen(screen, "r") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield lambda text: os.write(keyboard, text)
    os.close(keyboard)


def remove(*options: str) -> str:
    """Remove the database `shop`; return what is shown."""
    out = StringIO()
    try:
        call_command("database", "remove", "shop", *options, stdout=out, stderr=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}"
    return out.getvalue()


@pytest.fixture
def unattached(new_database) -> Database:
    """A database that no tenant has, with a baseline."""
    database = new_database(SQLITE, SQL, "shop")
    run("baseline", "capture", "shop", "--name", "crm")
    run("baseline", "assign", "crm", "shop")
    return database


@pytest.mark.parametrize("wrong", [b"\n", b"yes\n", b"\x04"], ids=["nothing", "yes", "end"])
def test_a_terminal_confirms_before_a_database_is_removed(unattached, terminal, wrong) -> None:
    terminal(wrong)
    shown = remove()
    assert "Its baseline crm@1 stays." in shown and shown.endswith("Nothing was removed.")
    assert Database.objects.filter(name="shop").exists()

    terminal(b"shop\n")
    assert remove().endswith("shop  removed\n")
    assert not Database.objects.filter(name="shop").exists()


def test_a_terminal_says_what_goes_with_a_database(shop, terminal) -> None:
    assert "is in use" in remove()  # refused before anything is asked
    terminal(b"no\n")
    shown = remove("--force")
    assert "This goes or fails without it: shop production: shop" in shown
    assert Database.objects.filter(name="shop").exists()


def test_no_input_asks_nothing(unattached, terminal) -> None:
    assert remove("--no-input").endswith("shop  removed\n")


def test_the_database_of_the_controller_is_removed_by_force_alone(
    unattached, terminal, settings
) -> None:
    settings.GATEWAY_CONTROLLER = {
        "database": "shop",
        "table": "t",
        "id": "id",
        "connection": "url",
    }
    named = "GATEWAY_CONTROLLER, which looks tenants up in it"

    assert named in remove()
    terminal(b"shop\n")
    shown = remove("--force")
    assert f"This goes or fails without it: {named}" in shown and "removed" in shown


def test_a_command_before_the_first_migrate_says_what_to_run(tmp_path: Path) -> None:
    """By Django's own command line, as a project's `manage.py` has it."""
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="gateway.settings"
    )
    command = [sys.executable, "-m", "django", "tenant", "list"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "run `manage.py migrate`" in done.stderr and "Traceback" not in done.stderr
