"""The caller, as a value that does not change."""

from __future__ import annotations

import pytest

from tenants.principals import Principal

pytestmark = pytest.mark.pure


def test_session_variables_are_frozen_and_the_principals_own() -> None:
    given = {"x-gateway-user-id": "3"}
    principal = Principal("ann", "support", variables=given)
    given["x-gateway-user-id"] = "4"

    assert principal.variables == {"x-gateway-user-id": "3"}
    with pytest.raises(TypeError, match="item assignment"):
        principal.variables["x-gateway-user-id"] = "5"


def test_principals_are_compared_with_their_variables_and_can_be_keys() -> None:
    ann, ben = (Principal("a", "r", variables={"x-gateway-user-id": one}) for one in "34")
    assert ann != ben
    assert len({ann, ben, Principal("a", "r", variables={"x-gateway-user-id": "3"})}) == 2
