"""The management schema at `/manage/graphql`: permissions, effects, and a schema that follows."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model

from dynamic_databases.change_log import changes_since
from dynamic_databases.models import Baseline, ColumnChange, Database
from tenants.authentication.tokens import issue_token
from tenants.models import Environment, Role, Tenant
from tests.fixtures.databases import make_url
from tests.fixtures.vendors import SQLITE

URL = "/manage/graphql"
ADD = (
    'mutation { addColumn(database: "crm", table: "contact", name: "cf_size", type: "Int") '
    "{ action column who state after } }"
)
SQL = (
    "CREATE TABLE contact (id {identity}, name VARCHAR(40)); "
    "INSERT INTO contact (name) VALUES ('Ada');"
)


@pytest.fixture
def crm(door, vendor, new_database, tenant_of):
    """A tenant `crm` with the database `crm` and its baseline; the token is its admin's."""
    door.database = new_database(vendor, SQL.format(identity=vendor.identity), "crm")
    door.database.baseline = Baseline.capture(door.database, "base")
    door.database.save()
    door.tenant, door.token = tenant_of("crm", production=door.database)
    return door


@pytest.fixture
def operator(door) -> str:
    return f"Bearer {issue_token(None, 'admin', None, None)}"


def test_a_column_is_added_filled_renamed_and_dropped(crm) -> None:
    """The tenant's own admin does it, and the tenant's schema follows at once."""
    added = crm.query(URL, ADD).data["addColumn"]
    assert (added["action"], added["state"], added["after"]["name"]) == ("add", "done", "cf_size")
    assert added["who"].startswith("token tgw_")

    set_it = (
        "mutation { updateContactByPk(pkColumns: {id: 1}, _set: {cfSize: 7}) "
        "{ cfSize customFields } }"
    )
    assert crm.query("/t/crm/graphql", set_it).data["updateContactByPk"] == {
        "cfSize": 7,
        "customFields": {"cf_size": 7},
    }

    rename = (
        'mutation { renameColumn(database: "crm", table: "contact", name: "cf_size", newName: '
        '"cf_weight") { state } }'
    )
    assert crm.query(URL, rename).data == {"renameColumn": {"state": "done"}}
    assert crm.query("/t/crm/graphql", "{ contact { cfWeight } }").data == {
        "contact": [{"cfWeight": 7}]
    }

    drop = (
        'mutation($force: Boolean) { dropColumn(database: "crm", table: "contact", name: '
        '"cf_weight", force: $force) { state } }'
    )
    refused = crm.query(URL, drop)
    assert refused.code == "BAD_USER_INPUT" and "force" in refused.error["message"]
    assert crm.query(URL, drop, {"force": True}).data == {"dropColumn": {"state": "done"}}
    assert (
        crm.query("/t/crm/graphql", "{ contact { cfWeight } }").code == "GRAPHQL_VALIDATION_FAILED"
    )
    query = (
        '{ database(name: "crm") { baseline changes { action state } '
        "tables { name columns { name dynamic } } } }"
    )
    shown = crm.query(URL, query).data["database"]
    assert [line["action"] for line in shown["changes"]] == ["drop", "drop", "rename", "add"]
    assert shown["baseline"] == "base@1"
    assert shown["tables"][0]["columns"] == [
        {"name": "id", "dynamic": False},
        {"name": "name", "dynamic": False},
    ]


def test_another_tenant_is_out_of_reach(crm, new_database, tenant_of) -> None:
    other = new_database(SQLITE, SQL.format(identity=SQLITE.identity), "other")
    tenant_of("other", production=other)

    answer = crm.query(URL, ADD.replace('"crm"', '"other"'))
    assert answer.code == "FORBIDDEN"
    unknown = crm.query(URL, ADD.replace('"crm"', '"nosuch"'))
    assert answer.error["message"] == unknown.error["message"]
    assert crm.query(URL, "{ databases { name } tenants { slug } }").data == {
        "databases": [{"name": "crm"}],
        "tenants": [{"slug": "crm"}],
    }
    assert not ColumnChange.objects.filter(database=other).exists()


def test_a_replica_that_is_none_is_refused_and_nothing_is_registered(
    door, postgresql, new_database, operator
) -> None:
    """A database of the same server replays nothing."""
    table = "CREATE TABLE t (id INT PRIMARY KEY)"
    urls = [new_database(postgresql, table).url for _ in range(2)]
    register = (
        'mutation($url: String!, $replica: String!) { registerDatabase(name: "shop", url: $url, '
        "replicas: [$replica]) { name replicas } }"
    )

    variables = dict(zip(("url", "replica"), urls, strict=True))
    answer = door.query(URL, register, variables, authorization=operator)

    assert "_REPLICA_1: it replays nothing: it is no replica" in answer.error["message"]
    assert not Database.objects.filter(name="shop").exists()


@pytest.mark.parametrize(
    "query",
    [
        'mutation { registerDatabase(name: "x", url: "sqlite:///x") { name } }',
        'mutation { removeDatabase(name: "crm") }',
        'mutation { addTenant(slug: "mine") { slug } }',
        'mutation { assignBaseline(database: "crm") { name } }',
        "{ baselines { label } }",
    ],
)
def test_what_needs_an_operator(crm, query) -> None:
    answer = crm.query(URL, query)

    assert answer.code == "FORBIDDEN"
    assert "operator" in answer.error["message"]
    assert Database.objects.filter(name="crm").exists()


def test_an_operator_sets_up_a_tenant(door, vendor, operator) -> None:
    url = make_url(vendor, SQL.format(identity=vendor.identity))

    def ask(query: str, **variables):
        return door.query(URL, query, variables, authorization=operator)

    register = (
        'mutation($url: String!) { registerDatabase(name: "shop", url: $url) '
        "{ name enabled tables { name } config } }"
    )
    shown = ask(register, url=url).data["registerDatabase"]
    assert shown["tables"] == [{"name": "contact"}]
    assert "12345678" not in json.dumps(shown["config"])
    assert ask(register, url=url).code == "BAD_USER_INPUT"
    capture = 'mutation { captureBaseline(database: "shop", name: "base") { label tables } }'
    assert ask(capture).data == {"captureBaseline": {"label": "base@1", "tables": 1}}
    assert ask(
        'mutation { assignBaseline(database: "shop", baseline: "base") { baseline } }'
    ).data == {"assignBaseline": {"baseline": "base@1"}}
    ask('mutation { addTenant(slug: "shop", name: "Shop") { slug } }').data  # noqa: B018 - raises where refused
    attach = (
        'mutation { attachDatabase(tenant: "shop", environment: "production", database: "shop") '
        "{ databases { environment database } } }"
    )
    assert ask(attach).data["attachDatabase"]["databases"] == [
        {"environment": "production", "database": "shop"}
    ]
    served = door.query("/t/shop/graphql", "{ contact { name } }", authorization=operator)
    assert served.data == {"contact": [{"name": "Ada"}]}
    refused = ask('mutation { removeDatabase(name: "shop") }')
    assert refused.code == "CONSTRAINT_VIOLATION"
    assert "shop production: shop" in refused.error["message"]
    removed = ask('mutation { removeDatabase(name: "shop", force: true) }')
    assert removed.data == {"removeDatabase": True}
    gone = door.query("/t/shop/graphql", "{ contact { name } }", authorization=operator)
    assert gone.code == "TENANT_UNAVAILABLE"


def test_what_is_attached_changes_its_own_row_alone(door, operator, transactional_db) -> None:
    """An environment that is there is not stored again: all tenants would be read anew."""
    Environment.objects.create(name="production")
    Tenant.objects.create(slug="shop")
    Database.objects.from_url("shop", "sqlite:///shop.sqlite3")
    before, _ = changes_since(None)
    attach = (
        'mutation { attachDatabase(tenant: "shop", environment: "production", database: '
        '"shop") { slug } }'
    )
    assert door.query(URL, attach, authorization=operator).data
    _, changes = changes_since(before)
    assert [change.what for change in changes] == ["tenants.tenantdatabase"]


def test_what_can_not_be_attached_leaves_no_environment_behind(
    door, operator, transactional_db
) -> None:
    Tenant.objects.create(slug="shop")
    attach = (
        'mutation { attachDatabase(tenant: "shop", environment: "staging", database: '
        '"none") { slug } }'
    )
    assert door.query(URL, attach, authorization=operator).code == "FORBIDDEN"
    assert not Environment.objects.exists()


def test_refresh_schema_follows_at_once(crm) -> None:
    from tests.fixtures.databases import execute  # noqa: PLC0415 - used once

    crm.query("/t/crm/graphql", "{ contact { name } }").data  # noqa: B018 - reads the catalog
    execute(crm.database.url, "ALTER TABLE contact ADD COLUMN nick VARCHAR(20)")
    before, after = (
        crm.query(URL, f'{kind} {{ {field}: "crm") {{ version }} }}').data
        for kind, field in (("query", "database(name"), ("mutation", "refreshSchema(database"))
    )

    assert before["database"]["version"] != after["refreshSchema"]["version"]
    assert crm.query("/t/crm/graphql", "{ contact { nick } }").data == {"contact": [{"nick": None}]}


def test_nobody_else_is_let_in(crm) -> None:
    Role.objects.create(name="reader")
    reader = issue_token(Tenant.objects.get(slug="crm"), "reader", None, None)

    assert crm.query(URL, ADD, authorization=f"Bearer {reader}").status == 403
    assert crm.query(URL, ADD, authorization="Bearer tgw_wrong").status == 401
    crm.token = None
    assert crm.query(URL, ADD).status == 401
    assert crm.request("GET", f"{URL}?query={{databases{{name}}}}").status == 405
    form = crm.request(
        "POST",
        URL,
        b"query={databases{name}}",
        {"content-type": "application/x-www-form-urlencoded"},
    )
    assert form.status == 415


def test_staff_by_session_need_the_csrf_token(crm, client) -> None:
    user = get_user_model().objects.create_superuser("root", password="x")
    from django.test import Client  # noqa: PLC0415 - with its CSRF checks on

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    body = json.dumps({"query": ADD})

    assert browser.post(URL, body, content_type="application/json").status_code == 403
    token = browser.cookies["csrftoken"].value  # the refusal brought it
    behind = {"X-CSRFToken": token, "Origin": "https://testserver", "Host": "testserver"}
    hidden = browser.post(URL, body, content_type="application/json", headers=behind)
    assert "GATEWAY_TRUSTED_PROXIES" in hidden.json()["errors"][0]["message"]
    answer = browser.post(
        URL, body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.json()["data"]["addColumn"]["who"] == "root"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("#\n" * 5000 + "{ databases { name } }", "QUERY_TOO_COMPLEX"),
        ("{ databases { " + "name " * 12_000 + "} }", "QUERY_TOO_COMPLEX"),
        (
            "{ " + " ".join(f"a{n}: databases {{ name }}" for n in range(40)) + " }",
            "QUERY_TOO_COMPLEX",
        ),
        ("{ databases {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=range(5),
)
def test_documents_keep_the_limits_here_too(door, operator, document: str, code: str) -> None:
    assert door.query("/manage/graphql", document, authorization=operator).code == code


def test_a_document_that_comes_again_is_answered_as_before(crm) -> None:
    """It is read once; variables, callers and what is found are each request's own."""
    query = "query($name: String!) { database(name: $name) { name } }"

    for name, answer in (("crm", {"name": "crm"}), ("none", None), ("crm", {"name": "crm"})):
        assert (crm.query(URL, query, {"name": name}).json["data"] or {}).get("database") == answer
    wrong = [crm.query(URL, "{ nothing }").error for _ in range(2)]
    assert wrong[0] == wrong[1]
    long = query + "#" + " " * 10_000
    assert [crm.query(URL, long, {"name": "crm"}).data for _ in range(2)] == [
        {"database": {"name": "crm"}}
    ] * 2
    crm.token = None
    assert crm.query(URL, query, {"name": "crm"}).status == 401


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"query": "{ databases { name } }", "variables": [1]}, "must be an object"),
        ({"query": ""}, "must be a GraphQL document"),
        ({"query": 5}, "must be a GraphQL document"),
    ],
    ids=("variables", "nothing", "number"),
)
def test_what_is_no_request_is_refused(door, operator, body: dict, told: str) -> None:
    headers = {"content-type": "application/json", "authorization": operator}
    answer = door.request("POST", URL, json.dumps(body).encode(), headers)

    assert answer.status == 400
    assert answer.code == "BAD_USER_INPUT"
    assert told in answer.error["message"]
