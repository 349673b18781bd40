"""Roles as files: all of a file is stored or nothing, and an error names its place."""

from __future__ import annotations

import json

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import CommandError

from tenants.models import Role, TablePermission
from tenants.process import process_directory
from tenants.role_files import read_roles
from tenants.roles import BadGrants, RoleGrants, read_grants
from tests.fixtures.commands import run

FILE = """
roles:
  support:
    tables:
      customer:
        select: {columns: [id, name], rows: {repId: {_eq: X-Gateway-User-Id}}, limit: 50}
        insert: {columns: "*", check: {country: {_in: [DE, US]}}, presets: {since: 2024-05-01}}
        update: {columns: [name], rows: {}, check: {}, presets: {}}
        delete: {rows: {_not: {invoices: {}}}}
      sales.invoice:
        select: {columns: "*", aggregate: true}
  reader:
    inherits: [support]
    limits: {max_depth: 8, requests_per_second: 5}
    tables: {}
"""


@pytest.fixture
def stored(transactional_db, registry, tmp_path):
    """`stored(text)` imports a file."""

    def store(text: str) -> str:
        path = tmp_path / "roles.yaml"
        path.write_text(text)
        return run("role", "import", str(path))

    return store


def test_what_a_file_says() -> None:
    roles = read_roles(FILE)

    support = roles["support"].tables
    customer = support["customer"]
    assert customer.select.columns == {"id", "name"}
    assert json.loads(customer.select.rows) == {"repId": {"_eq": "X-Gateway-User-Id"}}
    assert customer.select.limit == 50
    assert not customer.select.aggregate
    assert json.loads(customer.insert.presets) == {"since": "2024-05-01"}
    assert customer.update.rows == customer.update.check == customer.update.presets == ""
    assert json.loads(customer.delete.rows) == {"_not": {"invoices": {}}}
    assert support["sales.invoice"].select.aggregate
    assert support["sales.invoice"].insert is None
    assert roles["reader"] == RoleGrants(
        {}, ("support",), (("max_depth", 8), ("requests_per_second", 5))
    )


def table(text: str) -> str:
    return f"roles: {{r: {{tables: {{t: {text}}}}}}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "The file is no YAML"),
        ("roles: []", "roles: write an object"),
        ("rolls: {}", "an object with the key roles, and no other"),
        ("roles: {}\nother: {}", "an object with the key roles, and no other"),
        ("roles: {admin: {}}", "roles.admin: is no name of a role"),
        ("roles: {'a b': {}}", "roles.a b: is no name of a role"),
        ("roles: {r: {inherits: a}}", "roles.r.inherits: write a list of roles"),
        ("roles: {r: {inherits: [admin]}}", "roles.r.inherits: 'admin' is no role to inherit"),
        ("roles: {r: {limits: []}}", "roles.r.limits: it must be an object"),
        ("roles: {r: {limits: {max_deep: 1}}}", "roles.r.limits: 'max_deep' is no limit"),
        ("roles: {r: {limits: {tenant_requests: 1}}}", "'tenant_requests' is no limit"),
        ("roles: {r: {limits: {max_depth: 0}}}", "max_depth must be a whole number from 1"),
        ("roles: {r: {tabels: {}}}", "roles.r.tabels: is unknown; there are: tables, inherits"),
        ("roles: {r: {}, r: {}}", "line 1: r stands twice"),
        (table("{select: {columns: []}, select: {columns: []}}"), "select stands twice"),
        ("roles: {1: {}}", "line 1: 1 is no text"),
        (table("{read: {}}"), "roles.r.tables.t.read: is unknown; there are: select, insert"),
        (table("{select: {}}"), "t.select: columns is missing"),
        (table("{select: null}"), "t.select: write an object"),
        (table("{select: {columns: id}}"), "t.select.columns: write a list of names"),
        (table("{select: {columns: [1]}}"), "t.select.columns: write a list of names"),
        (table("{select: {columns: [], row: {}}}"), "t.select.row: is unknown; there are: columns"),
        (table("{select: {columns: [], rows: []}}"), "t.select.rows: write an object"),
        (table("{select: {columns: [], limit: 0}}"), "t.select.limit: write a whole number"),
        (table("{select: {columns: [], limit: true}}"), "t.select.limit: write a whole number"),
        (table("{select: {columns: [], aggregate: 1}}"), "t.select.aggregate: write true or false"),
        (table("{select: {columns: [], rows: {a: .nan}}}"), "t.select.rows: is no JSON"),
        (table("{insert: {columns: [], rows: {}}}"), "t.insert.rows: is unknown"),
        (table("{delete: {columns: []}}"), "t.delete.columns: is unknown; there are: rows"),
        (table("{delete: true}"), "t.delete: write an object of rows"),
    ],
)
def test_what_is_wrong_is_told_its_place(text: str, message: str) -> None:
    with pytest.raises(BadGrants) as raised:
        read_roles(text)
    assert message in str(raised.value)


def test_a_file_that_is_exported_says_the_same(stored) -> None:
    stored(FILE)
    text = run("role", "export")

    assert read_roles(text) == read_roles(FILE)
    assert run("role", "show", "reader") == (
        "roles:\n  reader:\n    inherits:\n    - support\n    limits:\n      max_depth: 8\n"
        "      requests_per_second: 5\n    tables: {}\n"
    )


def test_a_file_is_stored_as_a_whole_or_not_at_all(stored) -> None:
    stored(FILE)
    with pytest.raises(CommandError, match=r"Nothing was stored: roles\.z\.tables\.t\.read"):
        stored("roles: {support: {tables: {}}, z: {tables: {t: {read: {}}}}}")
    assert set(read_roles(run("role", "export"))["support"].tables) == {"customer", "sales.invoice"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "roles: {a: {inherits: [b]}}",
            "a inherits from b, which is no role; there are: a, reader",
        ),
        ("roles: {a: {inherits: [a]}}", "roles inherit in a circle: a → a"),
        ("roles: {support: {inherits: [reader]}}", "roles inherit in a circle: "),
    ],
)
def test_roles_inherit_from_others_in_no_circle(stored, text: str, message: str) -> None:
    stored(FILE)
    with pytest.raises(CommandError, match=message):
        stored(text)
    assert read_roles(run("role", "export")) == read_roles(FILE)


def test_the_admin_refuses_a_circle_and_unknown_limits(stored) -> None:
    stored(FILE)
    support = Role.objects.get(name="support")
    support.inherits = ["reader"]
    with pytest.raises(ValidationError, match="roles inherit in a circle"):
        support.full_clean()
    support.inherits, support.limits = [], {"max_deep": 1}
    with pytest.raises(ValidationError, match="'max_deep' is no limit"):
        support.full_clean()


def test_what_can_not_be_read_of_a_role_permits_less(stored) -> None:
    stored(FILE)
    Role.objects.filter(name="reader").update(inherits={"a": 1}, limits=[5])

    reader = process_directory().current().roles["reader"]
    assert reader.inherits == ()
    assert dict(reader.limits)["max_depth"] == 1


def test_a_table_that_a_file_lacks_is_not_permitted_any_more(stored) -> None:
    stored(FILE)
    answer = stored("roles: {support: {tables: {customer: {select: {columns: [id]}}}}}")

    assert answer == "support  False  customer  sales.invoice\n"
    assert set(read_roles(run("role", "export"))) == {"reader", "support"}
    (permission,) = process_directory().current().roles["support"].permissions
    assert json.loads(permission.grants) == {"select": {"columns": ["id"]}}


def test_permissions_of_before_are_exported_in_the_same_form(transactional_db) -> None:
    role = Role.objects.create(name="old")
    TablePermission.objects.create(
        role=role, table="*", select_columns=["*"], update_columns=["name"], can_delete=True
    )

    assert read_roles(run("role", "export", "old")) == {
        "old": RoleGrants(
            {
                "*": read_grants(
                    {
                        "select": {"columns": "*", "aggregate": True},
                        "update": {"columns": ["name"]},
                        "delete": {},
                    }
                )
            }
        )
    }


def test_what_an_older_process_would_read_permits_nothing(stored) -> None:
    """It doesn't know `grants`, and must not read rows without their rules."""
    stored(FILE)
    for row in TablePermission.objects.all():
        assert (row.select_columns, row.insert_columns, row.update_columns) == (None, None, None)
        assert not row.can_delete


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"grants": {"select": {}}}, "columns is missing"),
        ({"grants": {}, "select_columns": ["*"]}, "Leave the other fields empty"),
        ({"grants": {}, "can_delete": True}, "Leave the other fields empty"),
    ],
)
def test_the_admin_refuses_what_can_not_be_read(transactional_db, fields, message: str) -> None:
    role = Role.objects.create(name="support")
    with pytest.raises(ValidationError, match=message):
        TablePermission(role=role, table="t", **fields).full_clean()


def test_grants_that_can_not_be_read_permit_nothing(transactional_db) -> None:
    role = Role.objects.create(name="support")
    TablePermission.objects.create(role=role, table="t", grants={"select": {"rows": 1}})

    (permission,) = process_directory().current().roles["support"].permissions
    assert permission.grants == "{}"


def test_roles_are_listed_and_removed(stored) -> None:
    stored(FILE)
    limits = {"max_depth": 8, "requests_per_second": 5}
    assert json.loads(run("role", "list", "--json")) == [
        {"role": "reader", "tables": 0, "inherits": ["support"], "limits": limits, "tokens": 0},
        {"role": "support", "tables": 2, "inherits": [], "limits": {}, "tokens": 0},
    ]
    with pytest.raises(CommandError, match="reader inherits from support; change it first"):
        run("role", "remove", "support")
    run("role", "remove", "reader")
    with pytest.raises(CommandError, match="There is no role called reader; there are: support"):
        run("role", "show", "reader")


def grants(role: str) -> dict:
    found: dict = yaml.safe_load(run("role", "show", role))["roles"][role]
    return found


def test_a_role_is_added_granted_and_revoked(stored) -> None:
    stored(FILE)
    run("role", "add", "desk", "--inherits", "support", "--limit", "max_depth=8")
    assert grants("desk") == {"inherits": ["support"], "limits": {"max_depth": 8}, "tables": {}}

    run("role", "grant", "desk", "region", "select", "--columns", "id, name", "--limit", "5")
    run("role", "grant", "desk", "region", "delete", "--rows", '{"id": {"_gt": 9}}')
    select, delete = {"columns": ["id", "name"], "limit": 5}, {"rows": {"id": {"_gt": 9}}}
    assert grants("desk")["tables"] == {"region": {"select": select, "delete": delete}}

    run("role", "grant", "desk", "region", "select", "--columns", "*", "--aggregate")
    run("role", "revoke", "desk", "region", "delete")
    assert grants("desk")["tables"] == {"region": {"select": {"columns": "*", "aggregate": True}}}
    run("role", "revoke", "desk", "region")
    assert grants("desk")["tables"] == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("add support", "Role with this Name already exists"),
        ("add admin", "is no name of a role"),
        ("add desk --inherits nobody", "desk inherits from nobody, which is no role"),
        ("add desk --limit max_depth", "--limit max_depth: write NAME=VALUE"),
        ("add desk --limit max_depth=x", "write a whole number"),
        ("grant nobody t select --columns *", "There is no role called nobody"),
        ("grant support t select", "support.t.select: columns is missing"),
        (
            "grant support t insert --columns * --aggregate",
            "support.t.insert.aggregate: is unknown",
        ),
        ("grant support t select --columns * --rows {", "argument --rows: '{' is no JSON"),
        ("revoke support t", "The role support has nothing of t"),
        ("revoke support sales.invoice delete", "The role support has no delete of sales.invoice"),
    ],
)
def test_what_can_not_be_done_with_a_role_is_said(stored, arguments: str, message: str) -> None:
    stored(FILE)
    before = run("role", "export")
    with pytest.raises(CommandError) as raised:
        run("role", *arguments.split())
    assert message in str(raised.value)
    assert run("role", "export") == before


def test_a_permission_of_before_keeps_what_it_was_by_a_grant(transactional_db) -> None:
    role = Role.objects.create(name="old")
    TablePermission.objects.create(role=role, table="t", select_columns=["id"], can_delete=True)
    run("role", "grant", "old", "t", "update", "--columns", "name")

    assert grants("old")["tables"]["t"] == {
        "select": {"columns": ["id"], "aggregate": True},
        "delete": {},
        "update": {"columns": ["name"]},
    }
