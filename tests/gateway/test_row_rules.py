"""Roles with row rules as operators and clients meet them: files, tokens, requests, reports."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError

from tests.fixtures.commands import run
from tests.fixtures.row_rules import SHOP
from tests.fixtures.vendors import SQLITE

ROLES = """
roles:
  support:
    tables:
      region: {select: {columns: "*"}}
      customer:
        select: {columns: [id, name], rows: {repId: {_eq: X-Gateway-User-Id}}}
        update: {columns: [name], check: {name: {_neq: forbidden}}}
      Invoice:
        select: {columns: "*"}
      item:
        select: {columns: [id, labels], rows: {lable: {_eq: x}}}
  tenants:
    tables:
      customer: {select: {columns: "*", rows: {name: {_eq: X-Gateway-Tenant}}}}
"""
LIST = "{ customer { id name } }"


@pytest.fixture
def shop(new_database, tenant_of, tmp_path):
    database = new_database(SQLITE, SHOP, "shop")
    tenant_of("shop", production=database)
    path = tmp_path / "roles.yaml"
    path.write_text(ROLES)
    run("role", "import", str(path))
    return database


@pytest.fixture
def ask(shop, door):
    def send(token: str, query: str):
        return door.query("/t/shop/graphql", query, authorization=f"Bearer {token}")

    return send


def token_of(*variables: str, role: str = "support") -> str:
    options = [part for one in variables for part in ("--variable", one)]
    return run("token", "create", "shop", "--role", role, *options).splitlines()[-1]


def test_users_of_a_role_see_their_own_rows_by_one_schema(ask) -> None:
    third, fourth = token_of("X-Gateway-User-Id=3"), token_of("X-Hasura-User-Id=4")
    found = [ask(token, LIST) for token in (third, fourth, third)]

    assert [[row["id"] for row in one.data["customer"]] for one in found] == [[1, 2], [6], [1, 2]]
    assert len({one.headers["x-schema-version"] for one in found}) == 1


def test_without_the_session_variable_a_request_is_forbidden(ask) -> None:
    answer = ask(token_of(), LIST)

    assert answer.code == "FORBIDDEN"
    assert answer.error["message"] == "The session variable x-gateway-user-id is missing."
    assert ask(token_of(), "{ region { id } }").data["region"]


def test_a_check_that_fails_is_forbidden(ask) -> None:
    token = token_of("X-Gateway-User-Id=3")
    update = 'mutation { updateCustomerByPk(pkColumns: {id: 1}, _set: {name: "%s"}) { name } }'

    assert ask(token, update % "forbidden").code == "FORBIDDEN"
    assert ask(token, update % "x").data == {"updateCustomerByPk": {"name": "x"}}
    assert ask(token, LIST).data["customer"][0] == {"id": 1, "name": "x"}


def test_what_the_request_itself_says_is_a_session_variable(ask) -> None:
    assert ask(token_of(role="tenants"), LIST).data == {"customer": []}


def test_a_rule_that_names_nothing_closes_its_table(ask, shop) -> None:
    """Nor is a table permitted whose name differs from the API's and the database's."""
    token = token_of("X-Gateway-User-Id=3")
    for query in ("{ item { id } }", "{ invoice { id } }"):
        assert ask(token, query).code == "GRAPHQL_VALIDATION_FAILED"


def test_a_check_of_roles_tells_what_names_nothing(shop, capsys) -> None:
    with pytest.raises(CommandError, match="3 problems; a table with a wrong rule is not permit"):
        run("role", "check", "--tenant", "shop")
    with pytest.raises(CommandError):
        run("role", "check", "support", "--json")
    assert "0" in run("role", "check", "tenants")
    for wrong, message in (
        (("nobody",), "There is no role called nobody; there are: support, tenants"),
        (("--tenant", "other"), "There is no active tenant called other"),
        (("--environment", "testing"), "No tenant has a database there"),
    ):
        with pytest.raises(CommandError, match=message):
            run("role", "check", *wrong)


def test_the_problems_that_a_check_finds(shop) -> None:
    from io import StringIO  # noqa: PLC0415

    from django.core.management import call_command  # noqa: PLC0415

    out = StringIO()
    with pytest.raises(CommandError):
        call_command("role", "check", "--json", stdout=out)
    problems = [(line["table"], line["problem"]) for line in json.loads(out.getvalue())]
    assert problems[0][0] == "item"
    assert problems[0][1].startswith("select.rows: there is no 'lable' here; there are: _and, _not")
    assert problems[1:] == [
        ("Invoice", "the database has no such table."),
        ("item", "it has no column 'labels'."),
    ]


def test_what_a_role_sees_is_explained(shop) -> None:
    explained = ("role", "explain", "support", "customer", "--tenant", "shop")
    found = json.loads(run(*explained, "--as", "user-id=4", "--json"))

    assert found["columns"] == "id, name"
    assert 'WHERE t1."rep_id" = ?' in found["sql"]
    assert json.loads(found["parameters"]) == [4]
    assert [json.loads(row) for row in found["rows"]] == [{"id": 6, "name": "secret Carl"}]
    for wrong, message in (
        (explained, "session variable x-gateway-user-id is missing"),
        ((*explained, "--as", "user-id"), "write NAME=VALUE"),
        ((*explained, "--as", "role=admin"), "is what the request itself says"),
        ((*explained, "--environment", "testing"), "shop has no database in testing"),
        (("role", "explain", "support", "item", "--tenant", "shop"), "it sees: customer, region"),
    ):
        with pytest.raises(CommandError, match=message):
            run(*wrong)
