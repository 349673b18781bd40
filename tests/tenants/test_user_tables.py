"""Configurations of user tables: what is taken, what is refused, and who gets which role."""

from __future__ import annotations

import pytest

from tenants.user_tables import UserTableConfig, check_user_table

pytestmark = pytest.mark.pure
SMALLEST = {"table": "app_user", "username": "email", "password": "secret", "role": "reader"}


def test_a_configuration_goes_to_json_and_back() -> None:
    given = {
        **SMALLEST,
        "active": "state",
        "active_value": "ok",
        "variables": {"X-Gateway-User-Id": "id", "X-Hasura-Region": "region"},
        "hash": "bcrypt",
        "rehash": "django",
        "dummies": ["a", "b"],
    }
    config = check_user_table(given)
    assert check_user_table(config.to_json()) == config
    assert config.columns == ("email", "secret", "state", "region", "id")
    assert config.formats == ("django", "bcrypt")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"table": ""}, "table is missing"),
        ({"username": None}, "username must be a text"),
        ({"password": "x" * 301}, "at most 300 characters"),
        ({"colour": "red"}, "'colour' is not known"),
        ({"role": ""}, "give role, or role_column"),
        ({"role_column": "job", "allowed_roles": ["a"]}, "give role, or role_column"),
        ({"role": "", "role_column": "job"}, "belong together"),
        ({"allowed_roles": ["admin"]}, "belong together"),
        ({"active_value": "1"}, "active_value needs active"),
        ({"allowed_roles": "admin"}, "allowed_roles must be a list"),
        ({"variables": {"User-Id": "id"}}, "is no session variable"),
        ({"variables": {"X-Gateway-Role": "id"}}, "can't be given"),
    ],
)
def test_what_is_refused(change, says) -> None:
    with pytest.raises(ValueError, match=says):
        check_user_table(SMALLEST | change)


@pytest.mark.parametrize("given", [None, [], "app_user", {}])
def test_what_is_no_configuration_at_all(given) -> None:
    with pytest.raises(ValueError, match=r"must be an object|table is missing"):
        check_user_table(given)


def config(**values) -> UserTableConfig:
    return check_user_table({**SMALLEST, **values})


@pytest.mark.parametrize(
    ("cell", "role"),
    [("reader", "reader"), ("reader  ", "reader"), ("admin", None), ("Reader", None), (None, None)],
)
def test_the_role_of_a_column(cell, role) -> None:
    listed = config(role="", role_column="job", allowed_roles=["reader"])
    assert listed.role_of(cell) == role
    assert config().role_of(cell) == "reader"


@pytest.mark.parametrize(
    ("cell", "active"),
    [
        *((True, True), (1, True), ("Y", True), (" t", True), ("enabled", True)),
        *((False, False), (0, False), ("n", False), ("", False), (None, False), ("2", False)),
    ],
)
def test_who_is_active(cell, active) -> None:
    assert config(active="is_active").is_active(cell) is active
    assert config().is_active(cell)


def test_who_is_active_by_a_value() -> None:
    by_value = config(active="state", active_value="open")
    assert by_value.is_active("open ")
    assert not by_value.is_active("Open")
    assert not by_value.is_active(True)


def test_the_digest_follows_all_but_the_dummies() -> None:
    assert config().digest == config(dummies=["x"]).digest
    changes = [
        {"role": "a"},
        {"active": "a"},
        {"hash": "bcrypt"},
        {"variables": {"X-Gateway-A": "a"}},
    ]
    assert len({config(**change).digest for change in changes} | {config().digest}) == 5
