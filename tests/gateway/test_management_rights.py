"""What a token's bounds and a session's permissions let through at `/manage/graphql`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from django.apps import apps as django_apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from graphql import GraphQLEnumType, GraphQLNamedType, get_named_type, is_leaf_type

from dynamic_databases.models import Database
from gateway.management_api.rules import RULES
from gateway.management_api.schema import schema
from tenants.authentication.tokens import issue_token
from tenants.models import Environment, Tenant
from tests.fixtures.vendors import SQLITE

URL = "/manage/graphql"
SQL = f"CREATE TABLE contact (id {SQLITE.identity}, name VARCHAR(40));"


@pytest.fixture
def stages(door, new_database, tenant_of):
    """`acme` has databases in development and production, and `shared` in two environments."""
    for name in ("dev", "prod", "shared", "loose"):
        new_database(SQLITE, SQL, name)
    by_name = {row.name: row for row in Database.objects.all()}
    tenant_of("acme", development=by_name["dev"], production=by_name["prod"])
    tenant_of("both", development=by_name["shared"], staging=by_name["shared"])
    tenant_of("big", production=by_name["prod"])
    return door


def _token(tenant: str | None, environment: str | None) -> str:
    row = Tenant.objects.get(slug=tenant) if tenant else None
    stage = Environment.objects.get(name=environment) if environment else None
    return f"Bearer {issue_token(row, 'admin', stage, None)}"


def _add(database: str) -> str:
    return (
        f'mutation {{ addColumn(database: "{database}", table: "contact", name: "x", type: "Int") '
        "{ state } }"
    )


@pytest.mark.parametrize("slug", [None, "acme"])
def test_a_bound_token_sees_its_environment_alone(stages, slug) -> None:
    token = _token(slug, "development")
    query = "{ databases { name } tenants { slug databases { environment database } } }"
    found = stages.query(URL, query, authorization=token).data
    acme = {"slug": "acme", "databases": [{"environment": "development", "database": "dev"}]}
    both = {"slug": "both", "databases": [{"environment": "development", "database": "shared"}]}
    assert found["tenants"] == ([acme] if slug else [acme, both])
    assert [row["name"] for row in found["databases"]] == (["dev"] if slug else ["dev", "shared"])
    hidden = stages.query(URL, '{ database(name: "prod") { name } }', authorization=token)
    unknown = stages.query(URL, '{ database(name: "none") { name } }', authorization=token)
    assert hidden.code == "FORBIDDEN"
    assert hidden.error["message"] == unknown.error["message"]


@pytest.mark.parametrize(
    "mutation",
    [
        _add("prod"),
        _add("shared"),
        _add("loose"),
        (
            'mutation { dropColumn(database: "prod", table: "contact", name: "name", force: '
            "true) { state } }"
        ),
        'mutation { enableDatabase(name: "prod", enabled: false) { name } }',
        'mutation { enableDatabase(name: "shared", enabled: false) { name } }',
        'mutation { removeDatabase(name: "shared") }',
        'mutation { refreshSchema(database: "prod") { name } }',
        'mutation { registerDatabase(name: "x", url: "sqlite:///x.sqlite3") { name } }',
        'mutation { addTenant(slug: "new") { slug } }',
        (
            'mutation { attachDatabase(tenant: "acme", environment: "production", database: '
            '"dev") { slug } }'
        ),
        (
            'mutation { attachDatabase(tenant: "acme", environment: "development", database: '
            '"loose") { slug } }'
        ),
        (
            'mutation { attachDatabase(tenant: "big", environment: "development", database: '
            '"dev") { slug } }'
        ),
        'mutation { captureBaseline(database: "dev", name: "base") { label } }',
        'mutation { assignBaseline(database: "dev") { name } }',
        "{ baselines { label } }",
    ],
)
def test_an_operator_of_one_environment_stays_in_it(stages, mutation) -> None:
    before = list(Database.objects.order_by("pk").values("name", "revision", "enabled"))
    answer = stages.query(URL, mutation, authorization=_token(None, "development"))
    assert answer.code == "FORBIDDEN", answer.json
    assert "prod" not in answer.error["message"] and "staging" not in answer.error["message"]
    assert before == list(Database.objects.order_by("pk").values("name", "revision", "enabled"))


def test_inside_its_environment_an_operator_changes_what_it_may(stages) -> None:
    token = _token(None, "development")
    assert stages.query(URL, _add("dev"), authorization=token).data["addColumn"]["state"] == "done"
    disable = 'mutation { enableDatabase(name: "dev", enabled: false) { enabled } }'
    assert stages.query(URL, disable, authorization=token).data == {
        "enableDatabase": {"enabled": False}
    }
    attach = (
        'mutation { attachDatabase(tenant: "both", environment: "development", database: "dev") '
        "{ databases { environment database } } }"
    )
    assert stages.query(URL, attach, authorization=token).data["attachDatabase"]["databases"] == [
        {"environment": "development", "database": "dev"}
    ]


def test_a_tenants_admin_changes_no_database_of_another_tenant_too(stages) -> None:
    answer = stages.query(URL, _add("prod"), authorization=_token("big", None))
    assert answer.code == "FORBIDDEN"
    assert "another tenant" in answer.error["message"]


def test_a_tenants_admin_reads_no_host_and_no_path(stages) -> None:
    token = _token("acme", None)
    shown = stages.query(URL, "{ databases { config } }", authorization=token).data["databases"]
    assert {tuple(row["config"]) for row in shown} == {("ENGINE",)}
    Database.objects.filter(name="dev").update(
        config={"ENGINE": "django.db.backends.sqlite3", "NAME": "/elsewhere/secret.sqlite3"}
    )
    refresh = 'mutation { refreshSchema(database: "dev") { version } }'
    answer = stages.query(URL, refresh, authorization=token)
    assert answer.code == "TENANT_UNAVAILABLE"
    assert "/" not in answer.error["message"] and "ROOT" not in answer.error["message"]


def test_readiness_shows_a_bound_operator_its_environment_alone(stages) -> None:
    bound = stages.request("GET", "/readyz", headers={"authorization": _token(None, "development")})
    assert bound.json["tenants"] == {
        "acme": {"development": "unread"},
        "both": {"development": "unread"},
    }
    every = stages.request("GET", "/readyz", headers={"authorization": _token(None, None)})
    assert set(every.json["tenants"]["acme"]) == {"development", "production"}


def test_metrics_need_an_operator_of_all_environments(stages) -> None:
    bound = stages.request(
        "GET", "/metrics", headers={"authorization": _token(None, "development")}
    )
    assert (bound.status, bound.code) == (403, "FORBIDDEN")
    every = {"authorization": _token(None, None)}
    assert stages.request("GET", "/metrics", headers=every).status == 200


@pytest.mark.parametrize("path", ["graphql", "schema.graphql", "schema.json"])
def test_no_other_environment_is_served_to_a_bound_token(stages, path) -> None:
    headers = {"authorization": _token(None, "development")}
    body, method = (b"", "GET") if path != "graphql" else (b'{"query": "{ __typename }"}', "POST")
    if body:
        headers["content-type"] = "application/json"
    for where in (f"/t/acme/production/{path}", f"/t/big/{path}", f"/t/acme/{path}?env=production"):
        answer = stages.request(method, where, body, headers)
        assert (answer.status, answer.code) == (404, "TENANT_NOT_FOUND")
    assert stages.request(method, f"/t/acme/development/{path}", body, headers).status == 200
    targets = stages.request("GET", "/graphiql/targets", headers={**headers}).json
    assert {name for one in targets for name in one["environments"]} == {"development"}


def test_every_operation_has_a_rule() -> None:
    found = schema.graphql_schema
    fields = {*found.query_type.fields, *found.mutation_type.fields}
    assert fields == set(RULES)


@pytest.mark.django_db
def test_every_rule_names_permissions_that_exist() -> None:
    assert all(rule.permissions for rule in RULES.values())
    for rule in RULES.values():
        for name in rule.permissions:
            label, codename = name.split(".")
            assert django_apps.get_app_config(label)
            assert Permission.objects.filter(
                content_type__app_label=label, codename=codename
            ).exists(), name


def _calls() -> dict[str, str]:
    """Return a document for each operation, with arguments that GraphQL takes."""
    found: dict[str, str] = {}
    types = schema.graphql_schema
    for kind, root in (("query", types.query_type), ("mutation", types.mutation_type)):
        for name, field in root.fields.items():
            given = ", ".join(
                f"{key}: {_some_value(get_named_type(argument.type))}"
                for key, argument in field.args.items()
                if str(argument.type).endswith("!")
            )
            leaf = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
            found[name] = f"{kind} {{ {name}{f'({given})' if given else ''} {leaf} }}"
    return found


def _some_value(kind: GraphQLNamedType) -> str:
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return "false" if kind.name == "Boolean" else json.dumps("dev")


@pytest.mark.parametrize("operation", sorted(RULES))
def test_staff_need_each_permission_of_an_operation(stages, client, operation) -> None:
    user = get_user_model().objects.create_user("support", password="x", is_staff=True)
    needed = RULES[operation].permissions
    for missing in needed:
        user.user_permissions.set(
            Permission.objects.exclude(
                content_type__app_label=missing.split(".")[0], codename=missing.split(".")[1]
            )
        )
        client.force_login(user)
        answer = client.post(
            URL, json.dumps({"query": _calls()[operation]}), content_type="application/json"
        )
        error = answer.json()["errors"][0]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert missing in error["message"]
    rows = [
        Permission.objects.get(content_type__app_label=a, codename=b)
        for a, b in (name.split(".") for name in needed)
    ]
    user.user_permissions.set(rows)
    answer = client.post(
        URL, json.dumps({"query": _calls()[operation]}), content_type="application/json"
    )
    messages = [error["message"] for error in answer.json().get("errors", ())]
    assert not any("This needs the permission" in m and needed[0] in m for m in messages)


def test_a_token_of_the_command_keeps_its_bounds_over_http(gateway) -> None:
    """A real process: the commands make the tokens, uvicorn answers."""
    root = gateway.folder / "databases"
    root.mkdir(exist_ok=True)
    for name in ("shop", "dev"):
        with closing(sqlite3.connect(root / f"{name}.sqlite3")) as connection:
            connection.executescript(SQL)
    every = gateway.add_tenant("shop", "sqlite:///shop.sqlite3")
    dev = 'mutation { registerDatabase(name: "dev", url: "sqlite:///dev.sqlite3") { name } '
    attach = (
        'attachDatabase(tenant: "shop", environment: "development", database: "dev") { slug } }'
    )
    assert "errors" not in gateway.ask(URL, dev + attach, every).json()
    arguments = ("--operator", "--role", "admin", "--environment", "development")
    bound = gateway.manage("token", "create", *arguments).split()[-1]

    shown = gateway.ask(URL, "{ databases { name } tenants { databases { environment } } }", bound)
    assert shown.json()["data"] == {
        "databases": [{"name": "dev"}],
        "tenants": [{"databases": [{"environment": "development"}]}],
    }
    disable = 'mutation { enableDatabase(name: "shop", enabled: false) { name } }'
    refused = gateway.ask(URL, disable, bound).json()["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert gateway.ask("/t/shop/production/graphql", "{ __typename }", bound).status_code == 404
    assert gateway.ask("/t/shop/production/graphql", "{ __typename }", every).status_code == 200
