"""Roles at `/manage/graphql`: what `manage.py role` does, for operators alone."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from tenants.authentication.tokens import issue_token
from tenants.models import Role, Tenant
from tests.fixtures.row_rules import SHOP
from tests.fixtures.vendors import SQLITE

URL = "/manage/graphql"
FILE = """
roles:
  support:
    tables:
      customer: {select: {columns: [id, nam], rows: {repId: {_eq: X-Gateway-User-Id}}}}
"""
SEE = "{ roles { name inherits limits permissions { table grants } } }"


@pytest.fixture
def manage(door, new_database, tenant_of):
    tenant_of("shop", production=new_database(SQLITE, SHOP, "shop"))
    token = f"Bearer {issue_token(None, 'admin', None, None)}"
    return lambda query, sent=token, **variables: door.query(
        URL, query, variables, authorization=sent
    )


@pytest.fixture
def support(manage) -> None:
    store = "mutation($file: String!) { importRoles(file: $file) { name } }"
    assert manage(store, file=FILE).data == {"importRoles": [{"name": "support"}]}


def test_a_role_is_added_granted_revoked_and_removed(manage, support) -> None:
    add = 'mutation { addRole(name: "desk", inherits: ["support"], limits: {max_depth: 8}) '
    assert manage(add + "{ inherits limits } }").data["addRole"] == {
        "inherits": ["support"], "limits": {"max_depth": 8}
    }  # fmt: skip
    grant = (
        'mutation { grantRole(role: "desk", table: "region", operation: select, '
        'permission: {columns: "*"}) { permissions { table grants } } }'
    )
    assert manage(grant).data["grantRole"]["permissions"] == [
        {"table": "region", "grants": {"select": {"columns": "*"}}}
    ]
    assert [role["name"] for role in manage(SEE).data["roles"]] == ["desk", "support"]
    assert "inherits:\n    - support" in manage("{ exportRoles }").data["exportRoles"]

    revoke = 'mutation { revokeRole(role: "desk", table: "region") { permissions { table } } }'
    assert manage(revoke).data["revokeRole"]["permissions"] == []
    refused = manage('mutation { removeRole(name: "support") }')
    assert refused.code == "BAD_USER_INPUT"
    assert "desk inherits from support" in refused.error["message"]
    assert manage('mutation { removeRole(name: "desk") }').data == {"removeRole": True}


def test_a_role_is_checked_and_explained(manage, support) -> None:
    (problem,) = manage("{ checkRoles { place role table problem } }").data["checkRoles"]
    assert problem == {
        "place": "shop/production",
        "role": "support",
        "table": "customer",
        "problem": "it has no column 'nam'.",
    }
    explain = (
        'query($s: GenericScalar) { explainRole(role: "support", table: "customer", '
        'tenant: "shop", session: $s) { columns sql parameters rows } }'
    )
    found = manage(explain, s={"X-Gateway-User-Id": "4"}).data["explainRole"]
    assert found["rows"] == [{"id": 6}]
    assert "4" in found["parameters"]
    missing = manage(explain)
    assert (missing.code, missing.error["message"]) == (
        "FORBIDDEN",
        "The session variable x-gateway-user-id is missing.",
    )


GRANT = (
    'mutation {{ grantRole(role: "{}", table: "t", operation: select, permission: {}) {{ name }} }}'
)
EXPLAIN = '{{ explainRole(role: "support", table: "t", tenant: "{}") {{ sql }} }}'


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (GRANT.format("x", "{}"), "There is no role called x"),
        (GRANT.format("support", "5"), "support.t.select: write an object"),
        ('mutation { addRole(name: "a", limits: {max_deep: 1}) { name } }', "is no limit"),
        ('mutation { importRoles(file: "roles: []") { name } }', "roles: write an object"),
        (EXPLAIN.format("none"), "There is no active tenant called none"),
        (EXPLAIN.format("shop"), "The role sees no table called t"),
        ('{ checkRoles(tenants: ["none"]) { role } }', "There is no active tenant called none"),
    ],
)
def test_what_is_wrong_is_said(manage, support, query: str, message: str) -> None:
    answer = manage(query)
    assert answer.code == "BAD_USER_INPUT", answer.json
    assert message in answer.error["message"]


def test_a_tenants_admin_manages_no_roles(manage, support) -> None:
    token = f"Bearer {issue_token(Tenant.objects.get(slug='shop'), 'admin', None, None)}"
    for query in (SEE, 'mutation { removeRole(name: "support") }', "{ checkRoles { role } }"):
        assert manage(query, token).code == "FORBIDDEN"
    assert Role.objects.filter(name="support").exists()


def test_staff_see_no_rows_of_a_tenant(support, client) -> None:
    """A permission to see roles is none to see customers."""
    user = get_user_model().objects.create_user("ann", password="x", is_staff=True)
    names = ("view_role", "view_tablepermission", "view_tenant")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)

    def ask(query: str):
        return client.post(URL, json.dumps({"query": query}), "application/json").json()

    explain = (
        '{ explainRole(role: "support", table: "customer", tenant: "shop", '
        'session: {X_Gateway_User_Id: "4"}) { columns rows } }'
    )
    assert ask(explain)["data"]["explainRole"] == {"columns": ["id"], "rows": None}
    grant = 'mutation { revokeRole(role: "support", table: "customer") { name } }'
    assert ask(grant)["errors"][0]["extensions"]["code"] == "FORBIDDEN"
