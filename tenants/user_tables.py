"""Where a tenant's people are: a table of its database, and what the columns of it say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tenants.session_variables import check_variables

_YES = frozenset("1 t true y yes on active enabled".split())
_LONGEST = 300  # characters of a name
_LONGEST_HASH = 1000


@dataclass(frozen=True, kw_only=True)
class UserTableConfig:
    """The table and columns in the database's spelling, how hashes are stored, who has which role.

    A person has the role `role`, or that of `role_column` where `allowed_roles` lists it.
    """

    table: str
    username: str
    password: str
    active: str = ""  # column; empty where everybody is active
    active_value: str = ""  # of the column, for an active person; empty for what means yes
    role: str = ""
    role_column: str = ""
    allowed_roles: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()  # name of a session variable → column
    hash: str = "django"
    rehash: str = ""  # the format that a log-in stores the hash in; empty where it is left alone
    # A hash of each format that fits no password: it is checked for a person that isn't there.
    dummies: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a log-in reads."""
        optional = (self.active, self.role_column)
        of_variables = (column for _, column in self.variables)
        return (self.username, self.password, *filter(None, optional), *of_variables)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that hashes may be in, the one to be first that new ones are stored in."""
        return tuple(dict.fromkeys(filter(None, (self.rehash, self.hash))))

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that a person may get."""
        return (self.role,) if self.role else self.allowed_roles

    @property
    def digest(self) -> str:
        """Return a SHA-256 that changes with what a log-in depends on, the dummies left aside."""
        text = json.dumps(self.to_json() | {"dummies": []}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def role_of(self, cell: Any) -> str | None:
        """Return a person's role by the cell of `role_column`; None where it is not allowed."""
        if self.role:
            return self.role
        found = cell.rstrip() if isinstance(cell, str) else cell  # CHAR columns are padded
        return found if found in self.allowed_roles else None

    def is_active(self, cell: Any) -> bool:
        """Return whether a person may log in by the cell of `active`."""
        if not self.active:
            return True
        if cell is None:
            return False
        text = str(cell).strip()
        if self.active_value:
            return text == self.active_value
        return text.lower() in _YES

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; what is empty is left out."""
        found = {name: value for name, value in asdict(self).items() if value}
        if self.variables:
            found["variables"] = dict(self.variables)
        return found


def check_user_table(given: Any) -> UserTableConfig:
    """Return a configuration that was stored or typed. Raises ValueError with what is wrong."""
    if not isinstance(given, Mapping):
        raise ValueError('it must be an object such as {"table": "app_user", …}')  # noqa: TRY004
    known = {field.name for field in fields(UserTableConfig)}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"{unknown[0]!r} is not known; there are {', '.join(sorted(known))}")
    values = {name: _value(name, value) for name, value in given.items()}
    for name in ("table", "username", "password"):
        if not values.get(name):
            raise ValueError(f"{name} is missing")
    config = UserTableConfig(**values)
    if bool(config.role) == bool(config.role_column):
        raise ValueError("give role, or role_column with allowed_roles")
    if bool(config.role_column) != bool(config.allowed_roles):
        raise ValueError("role_column and allowed_roles belong together")
    if config.active_value and not config.active:
        raise ValueError("active_value needs active")
    return config


def _value(name: str, value: Any) -> Any:
    if name == "variables":
        return check_variables(value)
    if name in ("allowed_roles", "dummies"):
        longest = _LONGEST_HASH if name == "dummies" else _LONGEST
        if not isinstance(value, list | tuple):
            raise ValueError(f"{name} must be a list")
        return tuple(_text(name, one, longest) for one in value)
    return _text(name, value, _LONGEST)


def _text(name: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise ValueError(f"{name} must be a text of at most {longest} characters")
    return value
