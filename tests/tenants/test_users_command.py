"""`manage.py tenant users`: what it checks in the database, warns of, stores and forgets."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError

from tenants.models import Role, TablePermission, UserTable
from tests.fixtures.commands import run
from tests.fixtures.databases import execute
from tests.fixtures.vendors import SQLITE
from tests.gateway.login.user_tables import OPTIONS, READERS, set_up, users_sql


@pytest.fixture
def acme(vendor, new_database, tenant_of):
    return _acme(vendor, new_database, tenant_of)


@pytest.fixture
def small_acme(new_database, tenant_of):
    return _acme(SQLITE, new_database, tenant_of)


def _acme(vendor, new_database, tenant_of):
    Role.objects.create(name="reader")
    database = new_database(vendor, users_sql(vendor), "acme")
    tenant_of("acme", production=database)
    return database


def test_it_sets_up_and_says_what_it_checked(acme) -> None:
    answer = json.loads(set_up("acme", *READERS, "--json"))

    assert answer == {
        "tenant": "acme",
        "environment": "any",
        "table": "app_user",
        "username": "email",
        "password": "secret",
        "active": "is_active",
        "role": "reader",
        "variables": {"x-gateway-user-id": "id"},
        "hash": "django",
        "checked": ["acme"],
        "warnings": ["app_user.email is not unique: who shares a name can't log in."],
    }
    assert json.loads(run("tenant", "users", "acme", "--json"))[0]["table"] == "app_user"
    (dummy,) = UserTable.objects.get().config["dummies"]
    stored = execute(acme.url, "SELECT secret FROM app_user WHERE id = 1")[0][0]
    assert dummy.rpartition("$")[0] == stored.rpartition("$")[0]
    assert dummy != stored
    assert dummy not in run("tenant", "users")

    set_up("acme", *READERS[:-1], "admin")  # again: the same row
    assert UserTable.objects.get().config["role"] == "admin"
    assert "removed" in run("tenant", "users", "acme", "--remove")
    with pytest.raises(CommandError, match="no such user table"):
        run("tenant", "users", "acme", "--remove")


def test_names_that_no_one_should_use(acme, vendor) -> None:
    columns = ('we"ird %s', "select", "na`me]")
    quoted = [vendor.quoted(name) for name in columns]
    execute(
        acme.url,
        f"CREATE TABLE {vendor.quoted('user')} ({quoted[0]} VARCHAR(50) PRIMARY KEY, "
        f"{quoted[1]} VARCHAR(200), {quoted[2]} INTEGER)",
    )
    options = ("--table", "user", "--username", columns[0], "--password", columns[1])
    answer = json.loads(
        set_up("acme", *options, "--role", "reader", "--active", columns[2], "--json")
    )
    assert answer["warnings"] == ["The table has no hash yet that could be checked."]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--table", "app_usr", *READERS[2:]), "no table 'app_usr'"),
        ((*READERS, "--variable", "X-Gateway-Team=team"), "no column team; it has"),
        ((*READERS, "--active", "alive"), "no column alive"),
        ((*READERS, "--username", "id"), "column id of app_user is .*: it must be a text"),
        ((*READERS, "--password", "job"), "can't be read as django"),
        ((*READERS, "--hash", "bcrypt"), "can't be read as bcrypt"),
        ((*READERS, "--hash", "os.system"), "no format of hashes"),
        ((*READERS, "--rehash", "os.system"), "no format of hashes"),
        ((*OPTIONS, "--role", "nobody"), "no role called nobody; there are: admin, reader"),
        (OPTIONS, "give role, or role_column"),
        ((*OPTIONS, "--role-column", "job"), "belong together"),
        ((*READERS, "--variable", "User=id"), "is no session variable"),
        ((*READERS, "--variable", "X-Gateway-A"), "write it as X-Gateway-User-Id=COLUMN"),
        ((*READERS, "--variable", "X-Hasura-User-Id=email"), "given twice"),
        ((*READERS, "--environment", "moon"), "no environment called moon"),
        ((*READERS, "--baseline", "crm"), "Name a tenant, or give --baseline"),
    ],
)
def test_what_is_refused_stores_nothing(small_acme, options, says) -> None:
    with pytest.raises(CommandError, match=says):
        set_up("acme", *options)
    assert not UserTable.objects.exists()


def test_a_role_that_may_read_the_hashes_is_warned_of(small_acme) -> None:
    may_read = "The role reader may read app_user.secret"
    role = Role.objects.get(name="reader")
    assert may_read not in set_up("acme")
    every = TablePermission.objects.create(role=role, table="*", select_columns=["*"])
    assert may_read in set_up("acme")
    own = TablePermission.objects.create(role=role, table="app_user", select_columns=["id"])
    assert may_read not in set_up("acme")
    own.delete()
    every.select_columns = ["secret"]
    every.save()
    assert may_read in set_up("acme")
    every.delete()
    rules = {"select": {"columns": ["id", "Secret"], "rows": {"id": {"_eq": 1}}}}
    parent = Role.objects.create(name="parent")
    TablePermission.objects.create(role=parent, table="appUser", grants=rules)
    assert may_read not in set_up("acme")
    role.inherits = ["parent"]
    role.save()
    assert may_read in set_up("acme")


def test_a_baselines_table_is_checked_in_one_of_its_databases(small_acme) -> None:
    with pytest.raises(CommandError, match="no baseline crm"):
        run("tenant", "users", "--baseline", "crm", *READERS)
    run("baseline", "capture", "acme", "--name", "crm")
    with pytest.raises(CommandError, match="No database in service"):
        run("tenant", "users", "--baseline", "crm", *READERS)
    run("baseline", "assign", "crm", "acme")
    answer = json.loads(run("tenant", "users", "--baseline", "crm@1", *READERS, "--json"))
    assert (answer["baseline"], answer["checked"]) == ("crm@1", ["acme"])
    assert run("tenant", "users", "--baseline", "crm@1").startswith("crm@1")


def test_a_user_table_goes_with_its_tenant(small_acme, tenant_of) -> None:
    set_up("acme", *READERS, "--environment", "production")
    tenant, _ = tenant_of("acme")
    tenant.delete()
    assert not UserTable.objects.exists()
