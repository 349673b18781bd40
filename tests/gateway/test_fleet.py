"""Pages that list tenants stay affordable with thousands: a constant number of queries."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dynamic_databases.models import Baseline, Database
from tenants.authentication.tokens import issue_token
from tenants.models import Environment, Tenant, TenantDatabase
from tests.fixtures.vendors import SQLITE

MANAGE = "/manage/graphql"


@pytest.fixture
def fleet(transactional_db) -> Callable[[int], None]:
    """Add tenants `t0`, `t1`, …, each with two environments, databases and a token."""
    stages = [Environment.objects.get_or_create(name=name)[0] for name in ("production", "testing")]

    def grow(count: int) -> None:
        start = Tenant.objects.count()
        for number in range(start, start + count):
            tenant = Tenant.objects.create(slug=f"t{number}")
            issue_token(tenant, "admin", None, None)
            for stage in stages:
                url = f"sqlite:///t{number}_{stage}.sqlite3"
                database = Database.objects.from_url(f"t{number}_{stage}", url)
                TenantDatabase.objects.create(tenant=tenant, environment=stage, database=database)

    grow(2)
    return grow


def ask(client: Client, what: str) -> str:
    """Return the answer to a query of the management schema, or a page of the admin."""
    if what.startswith("{"):
        answer = client.post(MANAGE, {"query": what}, content_type="application/json")
    else:
        answer = client.get(what)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


@pytest.mark.parametrize(
    ("what", "names_all"),
    [
        ("{ tenants { slug databases { environment database } } }", True),
        ("{ databases { name baseline config } }", True),
        ("/admin/tenants/tenant/", True),
        ("/admin/tenants/tenant/T0/change/", False),
        ("/admin/tenants/apitoken/", True),
        ("/admin/dynamic_databases/database/", True),
        ("/admin/drift/", False),
    ],
)
def test_many_tenants_take_no_more_queries_than_few(fleet, admin_client, what, names_all) -> None:
    what = what.replace("T0", str(Tenant.objects.get(slug="t0").pk))
    ask(admin_client, what)  # what Django asks once per process
    with CaptureQueriesContext(connection) as for_few:
        ask(admin_client, what)
    fleet(10)
    ask(admin_client, what)  # and once after a database was saved: its content types
    with CaptureQueriesContext(connection) as for_many:
        answer = ask(admin_client, what)

    assert len(for_many) == len(for_few)
    assert ("t11" in answer) == names_all


def test_no_page_that_edits_one_tenant_names_the_others_databases(fleet, admin_client) -> None:
    pk = Tenant.objects.get(slug="t0").pk
    page = admin_client.get(f"/admin/tenants/tenant/{pk}/change/").content.decode()
    assert "t0_production" in page
    assert "t1_production" not in page

    found = admin_client.get(
        "/admin/autocomplete/",
        {
            "app_label": "tenants",
            "model_name": "tenantdatabase",
            "field_name": "database",
            "term": "t1_p",
        },
    ).json()
    assert [one["text"] for one in found["results"]] == ["t1_production"]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("limit: 2", ["t0", "t1"]),
        ("limit: 2, offset: 3", ["t11", "t2"]),
        ('search: "T1", limit: 3', ["t1", "t10", "t11"]),
        ("limit: 0", []),
    ],
)
def test_tenants_by_the_page(fleet, door, arguments, found) -> None:
    fleet(10)
    operator = f"Bearer {issue_token(None, 'admin', None, None)}"
    answer = door.query(MANAGE, f"{{ tenants({arguments}) {{ slug }} }}", authorization=operator)
    assert [row["slug"] for row in answer.data["tenants"]] == found


def test_a_page_that_cannot_be_is_refused(door) -> None:
    operator = f"Bearer {issue_token(None, 'admin', None, None)}"
    for arguments in ("limit: -1", "offset: -1"):
        answer = door.query(
            MANAGE, f"{{ databases({arguments}) {{ name }} }}", authorization=operator
        )
        assert answer.code == "BAD_USER_INPUT"
        assert "from 0 on" in answer.error["message"]


def test_a_baselines_catalog_is_not_read_with_every_row_that_names_it(new_database) -> None:
    database = new_database(SQLITE, "CREATE TABLE a (id INTEGER PRIMARY KEY)", "a")
    database.baseline = Baseline.capture(database, "base")
    database.save()
    known = database.baseline.catalog

    with CaptureQueriesContext(connection) as queries:
        row = Database.objects.get(pk=database.pk)
        assert row.baseline.catalog is known
        assert Database.objects.with_baselines().get(pk=database.pk).baseline.catalog is known
    assert not any("catalog_json" in query["sql"] for query in queries)


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("tenant", "environment", "found"),
    [
        (None, None, {"t0": ["production", "testing"], "t1": ["production", "testing"]}),
        (None, "testing", {"t0": ["testing"], "t1": ["testing"]}),
        ("t1", None, {"t1": ["production", "testing"]}),
        ("t1", "testing", {"t1": ["testing"]}),
    ],
)
def test_graphiql_may_switch_to_what_the_caller_may_enter(door, tenant, environment, found) -> None:
    row = Tenant.objects.get(slug=tenant) if tenant else None
    stage = Environment.objects.get(name=environment) if environment else None
    door.token = issue_token(row, "admin", stage, None)
    told = json.loads(door.request("GET", "/graphiql/targets").body)
    assert {one["tenant"]: one["environments"] for one in told} == found


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("token", [None, "tgw_nobodys"])
def test_graphiql_tells_nobody_of_tenants(door, token) -> None:
    door.token = token
    answer = door.request("GET", "/graphiql/targets")
    assert (answer.status, answer.body) == (200, b"[]")
