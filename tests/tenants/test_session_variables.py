"""Names and values of session variables, and the tokens that carry them."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError

from tenants.authentication.tokens import TokenAuthenticator
from tenants.models import ApiToken, Tenant
from tenants.process import process_directory
from tenants.session_variables import check_variables, variable_name
from tests.fixtures.commands import run

NOW = dt.datetime.now(dt.UTC)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("X-Gateway-User-Id", "x-gateway-user-id"),
        ("x-hasura-user-id", "x-gateway-user-id"),
        ("X-HASURA-Org_2", "x-gateway-org_2"),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert variable_name(text) == name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"User-Id": "3"}, "is no session variable"),
        ({"X-Gateway-": "3"}, "is no session variable"),
        ({"X-Gateway-Ä": "3"}, "is no session variable"),
        ({"X-Gateway-" + "a" * 100: "3"}, "is no session variable"),
        ({"X-Gateway-User-Id": 3}, "must be a text"),
        ({"X-Gateway-User-Id": "1", "X-Hasura-User-Id": "2"}, "is given twice"),
        ({"X-Hasura-Role": "admin"}, "is what the request itself says"),
        ({"X-Gateway-Tenant": "acme"}, "is what the request itself says"),
        ({f"X-Gateway-{i}": "" for i in range(33)}, "above the maximum of 32"),
        ([], "are an object"),
    ],
)
def test_what_is_no_session_variable_is_refused(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_variables(given)


@pytest.fixture
def acme(db, registry) -> Tenant:  # whose end has the directory read all again
    return Tenant.objects.create(slug="acme")


def principal_of(token: str):
    header = {"authorization": f"Bearer {token}"}
    return TokenAuthenticator().authenticate(header, process_directory().current(), NOW)


@pytest.mark.django_db(transaction=True)
def test_a_token_carries_its_session_variables(acme) -> None:
    given = ("--variable", "X-Hasura-User-Id=3", "--variable", "X-Gateway-Org=a=b")
    token = run("token", "create", "acme", "--role", "admin", *given).splitlines()[-1]

    expected = {"x-gateway-user-id": "3", "x-gateway-org": "a=b"}
    assert principal_of(token).variables == expected
    (line,) = json.loads(run("token", "list", "--json"))
    assert line["variables"] == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["X-Gateway-User-Id"], "write NAME=VALUE"),
        (["User=3"], "is no session variable"),
        (["X-Gateway-A=1", "x-gateway-a=2"], "is given twice"),
        (["X-Gateway-A=1", "X-Hasura-A=2"], "is given twice"),
    ],
)
def test_a_wrong_one_is_refused_where_it_is_typed(acme, given: list[str], message: str) -> None:
    options = [part for text in given for part in ("--variable", text)]
    with pytest.raises(CommandError, match=message):
        run("token", "create", "acme", "--role", "admin", *options)


@pytest.mark.django_db(transaction=True)
def test_stored_ones_that_can_not_be_read_are_left_out(acme) -> None:
    token = run("token", "create", "acme", "--role", "admin").splitlines()[-1]
    row = ApiToken.objects.get()
    row.variables = {"X-Gateway-Role": "admin"}
    with pytest.raises(ValidationError, match="is what the request itself says"):
        row.full_clean()
    row.save()

    assert principal_of(token).variables == {}
