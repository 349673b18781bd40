"""Claims → who a token speaks for: by paths, by defaults, and as Hasura reads them."""

from __future__ import annotations

import pytest

from tenants.authentication.issuers.claims import BadClaims, Identity, read_claims

pytestmark = pytest.mark.pure
PLACE = {"tenant": {"value": "acme"}, "role": {"value": "reader"}}
NAMESPACE = "https://hasura.io/jwt/claims"


def read(claims: dict, **paths) -> Identity:
    return read_claims(PLACE | paths).identity(claims)


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("$.sub", {"sub": "7"}),
        ("$.app.user.id", {"app": {"user": {"id": "7"}}}),
        ("$['https://a.b/c']", {"https://a.b/c": "7"}),
        ('$["with space"].x', {"with space": {"x": "7"}}),
        ("$.ids[1]", {"ids": ["5", "7"]}),
        ("$.n", {"n": 7}),
        ({"path": "$.n", "default": "7"}, {}),
        ({"path": "$.n.m", "default": 7}, {"n": [1]}),
        ({"value": "7"}, {}),
    ],
)
def test_a_path_leads_to_a_variable(path, claims) -> None:
    found = read(claims, **{"X-Hasura-User-Id": path})
    assert found.variables == (("x-gateway-user-id", "7"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (1.5, "1.5"), ([1, "a"], '[1, "a"]'), ({"a": 1}, '{"a": 1}'), ("é", "é")],
)
def test_values_become_texts(value, text) -> None:
    found = read({"x": value}, **{"X-Gateway-Regions": "$.x"})
    assert found.variables == (("x-gateway-regions", text),)


@pytest.mark.parametrize("claims", [{}, {"x": None}, {"x": {"y": 1}}, {"x": []}])
def test_what_is_not_there_is_no_variable(claims) -> None:
    assert read(claims, **{"X-Gateway-A": "$.x[0].z"}).variables == ()


@pytest.mark.parametrize(
    ("claims", "role", "roles"),
    [
        ({"r": "reader"}, "reader", set()),
        ({"all": ["reader"]}, "reader", {"reader"}),
        ({"all": ["reader", "editor"]}, "", {"reader", "editor"}),
        ({"r": "editor", "all": ["reader", "editor"]}, "editor", {"reader", "editor"}),
        ({"all": "reader"}, "reader", {"reader"}),
    ],
)
def test_the_role_and_those_to_choose_from(claims, role, roles) -> None:
    found = read(claims, role="$.r", allowed_roles="$.all")
    assert (found.role, found.roles) == (role, roles)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"all": []},
        {"r": "admin", "all": ["reader"]},
        {"r": ["reader", "editor"]},
        {"r": ""},
        {"r": True},
        {"r": {"a": 1}},
        {"all": [["reader"]]},
        {"r": "reader", "env": ["a", "b"]},
        {"r": "reader", "env": ""},
    ],
)
def test_claims_that_say_no_role_or_place_are_refused(claims) -> None:
    with pytest.raises(BadClaims):
        read(claims, role="$.r", allowed_roles="$.all", environment="$.env")


def test_hasuras_claims() -> None:
    given = {
        "X-Hasura-Default-Role": "user",
        "x-hasura-allowed-roles": ["user", "editor"],
        "x-hasura-tenant": "acme",
        "x-hasura-environment": "testing",
        "x-hasura-user-id": "7",
        "x-hasura-regions": '{"DE","US"}',
        "x-hasura-role": "what the gateway says itself",
        "else": "is no variable",
    }
    found = read_claims("hasura").identity({NAMESPACE: given})

    assert found == Identity(
        "user",
        frozenset({"user", "editor"}),
        ("acme",),
        "testing",
        (("x-gateway-regions", '{"DE","US"}'), ("x-gateway-user-id", "7")),
    )


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {NAMESPACE: "{}"},
        {NAMESPACE: {"x-hasura-default-role": "a", "X-Hasura-Default-Role": "b"}},
        {NAMESPACE: {"x-hasura-allowed-roles": []}},
        {NAMESPACE: {"x-hasura-default-role": "a"} | {f"x-hasura-v{n}": "1" for n in range(33)}},
    ],
)
def test_claims_that_hasura_would_not_take_either(claims) -> None:
    with pytest.raises(BadClaims):
        read_claims("hasura").identity(claims)
