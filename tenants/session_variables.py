"""Session variables: what is known of the caller, by names such as `x-gateway-user-id`."""

from __future__ import annotations

from collections.abc import Mapping

from dynamic_databases.session_names import session_name

# What the gateway itself knows of a request.
FIXED = ("x-gateway-tenant", "x-gateway-environment", "x-gateway-role")
_MOST, _LONGEST_NAME, _LONGEST_VALUE = 32, 100, 10_000
_NO_OBJECT = 'Session variables are an object: {"X-Gateway-User-Id": "3"}.'
Variables = tuple[tuple[str, str], ...]


def variable_name(text: str) -> str:
    """Return a name in its one spelling: `X-Hasura-User-Id` is `x-gateway-user-id`.

    Raises ValueError for what is no such name.
    """
    found = session_name(text) if len(text) <= _LONGEST_NAME else None
    if found is None:
        raise ValueError(f"{text!r} is no session variable; write X-Gateway-User-Id, for instance.")
    return found


def check_variables(given: object) -> Variables:
    """Return stored session variables, sorted by name. Raises ValueError for what are none."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise ValueError(_NO_OBJECT)  # noqa: TRY004 - a wrong value, as the others
    if len(given) > _MOST:
        raise ValueError(f"{len(given)} session variables are above the maximum of {_MOST}.")
    found: dict[str, str] = {}
    for text, value in given.items():
        name = variable_name(str(text))
        if name in FIXED:
            raise ValueError(f"{name} is what the request itself says; it can't be given.")
        if name in found:
            raise ValueError(f"{name} is given twice; give it once.")
        if not isinstance(value, str) or len(value) > _LONGEST_VALUE:
            raise ValueError(f"{name} must be a text of at most {_LONGEST_VALUE} characters.")
        found[name] = value
    return tuple(sorted(found.items()))
