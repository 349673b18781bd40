"""What a role may do with a table, as files and the control database hold it: checked values.

It is the form of `manage.py role import`: an object per operation, rows and checks as BoolExp in
the API's own names. Whether the names are those of a database is known where its schema is built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from tenants.limits import NAMES, TenantLimits, check_limits
from tenants.principals import ADMIN_ROLE, ANONYMOUS

_KEYS = {
    "select": ("columns", "rows", "limit", "aggregate"),
    "insert": ("columns", "check", "presets"),
    "update": ("columns", "rows", "check", "presets"),
    "delete": ("rows",),
}
OPERATIONS = tuple(_KEYS)
_OBJECTS = ("rows", "check", "presets")
_ALL = "*"
_MOST_ROWS, _LONGEST = 1_000_000, 20_000
NOT_GIVEN = (ADMIN_ROLE, ANONYMOUS)  # names that stand for callers, not for stored roles
# What a request costs; how large it may be, and how many there may be at once, is the tenant's.
ROLE_LIMITS = NAMES - {"body_limit_bytes", "tenant_requests"}
ROLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")


class BadGrants(ValueError):
    """Permissions that can't be taken; the message begins with the place."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}" if place else text)


@dataclass(frozen=True)
class Operation:
    """What an operation may touch: columns, and JSON texts of its rules (empty for none)."""

    columns: frozenset[str] = frozenset()
    rows: str = ""
    check: str = ""
    presets: str = ""
    limit: int | None = None
    aggregate: bool = False


@dataclass(frozen=True)
class Grants:
    """What a role may do with one table; an operation that is None is not permitted."""

    select: Operation | None = None
    insert: Operation | None = None
    update: Operation | None = None
    delete: Operation | None = None
    text: str = field(default="{}", compare=False)  # what it was read from, as JSON

    @property
    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True)
class RoleGrants:
    """A role as a file has it: what it may do by table, its parents, and limits of its requests."""

    tables: Mapping[str, Grants]
    inherits: tuple[str, ...] = ()
    limits: TenantLimits = ()


def read_role(name: str, given: object, place: str = "") -> RoleGrants:
    """Return the role that a JSON value is. Raises BadGrants for what is none."""
    if name in NOT_GIVEN or not ROLE_NAME.fullmatch(name):
        raise BadGrants(place, "is no name of a role; admin has everything and can't be given.")
    given = _mapping(given, place)
    _check_keys(given, ("tables", "inherits", "limits"), place)
    inside = _inside(place, "tables")
    tables = _mapping(given.get("tables", {}), inside)
    return RoleGrants(
        {table: read_grants(one, _inside(inside, table)) for table, one in tables.items()},
        check_inherits(given.get("inherits", ()), _inside(place, "inherits")),
        check_role_limits(given.get("limits", {}), _inside(place, "limits")),
    )


def read_grants(given: object, place: str = "") -> Grants:
    """Return the permissions that a JSON value is. Raises BadGrants for what is none."""
    if not isinstance(given, Mapping):
        raise BadGrants(place, "write an object of select, insert, update and delete.")
    _check_keys(given, tuple(_KEYS), place)
    operations = {
        name: _operation(value, name, _inside(place, name)) for name, value in given.items()
    }
    return Grants(**operations, text=_text(given, place))


def check_inherits(given: object, place: str = "inherits") -> tuple[str, ...]:
    """Return the names of the roles that one inherits from. Raises BadGrants."""
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise BadGrants(place, "write a list of roles.")
    for name in given:
        if name in NOT_GIVEN or not ROLE_NAME.fullmatch(name):
            raise BadGrants(place, f"{name!r} is no role to inherit from.")
    return tuple(dict.fromkeys(given))


def check_inheritance(inherits: Mapping[str, Iterable[str]], place: str = "") -> None:
    """See that roles inherit from roles that exist, in no circle. Raises BadGrants."""
    for name, parents in inherits.items():
        if unknown := [one for one in parents if one not in inherits]:
            known = ", ".join(sorted(inherits))
            raise BadGrants(
                place, f"{name} inherits from {unknown[0]}, which is no role; there are: {known}."
            )
    try:
        TopologicalSorter(inherits).prepare()
    except CycleError as error:
        raise BadGrants(place, f"roles inherit in a circle: {' → '.join(error.args[1])}.") from None


def with_inherited(role: str, inherits: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a role, and after it those that it inherits from, each once.

    `inherits` has the parents of each role that there is; one that was removed is left out.
    """
    found = [role]
    for name in found:  # it grows meanwhile
        found += [one for one in inherits[name] if one in inherits and one not in found]
    return found


def check_role_limits(given: object, place: str = "limits") -> TenantLimits:
    """Return a role's limits sorted by name. Raises BadGrants."""
    try:
        return check_limits(given, ROLE_LIMITS)
    except ValueError as error:
        raise BadGrants(place, f"{error}.") from None


def _operation(given: object, name: str, place: str) -> Operation:
    if not isinstance(given, Mapping):
        raise BadGrants(place, f"write an object of {', '.join(_KEYS[name])}; leave it out for no.")
    _check_keys(given, _KEYS[name], place)
    if "columns" in _KEYS[name] and "columns" not in given:
        raise BadGrants(place, 'columns is missing; write a list of names, or "*" for all.')
    return Operation(
        columns=_columns(given.get("columns", ()), _inside(place, "columns")),
        limit=_limit(given.get("limit"), _inside(place, "limit")),
        aggregate=_flag(given.get("aggregate", False), _inside(place, "aggregate")),
        **{key: _object(given.get(key), _inside(place, key)) for key in _OBJECTS},
    )


def _check_keys(given: Mapping[Any, Any], known: tuple[str, ...], place: str) -> None:
    unknown = [str(key) for key in given if key not in known]
    if unknown:
        raise BadGrants(_inside(place, unknown[0]), f"is unknown; there are: {', '.join(known)}.")


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadGrants(place, "write an object.")
    return value


def _columns(given: object, place: str) -> frozenset[str]:
    if given == _ALL:
        return frozenset({_ALL})
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise BadGrants(place, 'write a list of names, or "*" for all.')
    return frozenset(given)


def _limit(given: object, place: str) -> int | None:
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= _MOST_ROWS:
        raise BadGrants(place, f"write a whole number from 1 to {_MOST_ROWS}.")
    return given


def _flag(given: object, place: str) -> bool:
    if not isinstance(given, bool):
        raise BadGrants(place, "write true or false.")
    return given


def _object(given: object, place: str) -> str:
    """Return the JSON text of a rule, in one spelling; empty where it asks nothing."""
    if given is None or given == {}:
        return ""
    if not isinstance(given, Mapping):
        raise BadGrants(place, "write an object, or {} for all rows.")
    return _text(given, place)


def _text(given: object, place: str) -> str:
    try:
        text = json.dumps(given, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadGrants(place, f"is no JSON: {error}.") from None
    if len(text) > _LONGEST:
        raise BadGrants(place, f"is longer than {_LONGEST} characters.")
    return text


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
