"""Claims of a verified token → the caller, by the paths that an issuer's settings name. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dynamic_databases.session_names import session_name
from tenants.session_variables import FIXED, Variables, check_variables

_STEP = re.compile(r"""\.([A-Za-z_][\w-]*)|\[(\d{1,4})\]|\['([^']+)'\]|\["([^"]+)"\]""")
_HASURA = "https://hasura.io/jwt/claims"
_OURS = ("role", "allowed_roles", "tenant", "environment")
Path = tuple[str | int, ...]


class BadClaims(ValueError):
    """Claims that don't name the caller; the text is for the log alone."""


@dataclass(frozen=True)
class Identity:
    """Who a token speaks for: names as its issuer wrote them.

    `role` is empty where several are allowed and none is the default. Without tenants it opens
    nothing; without an environment it opens each of its tenants' environments.
    """

    role: str
    roles: frozenset[str]
    tenants: tuple[str, ...]
    environment: str | None
    variables: Variables = ()


class ClaimReader(Protocol):
    """How the claims of an issuer are read."""

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        """Return who the claims speak for. Raises BadClaims."""
        ...


@dataclass(frozen=True)
class ClaimSource:
    """A path into the claims, and what counts where it leads nowhere; no path: that always."""

    path: Path | None
    default: Any = None

    def value(self, claims: Mapping[str, Any]) -> Any:
        found: Any = None if self.path is None else claims
        for step in self.path or ():
            match found:
                case Mapping() if isinstance(step, str):
                    found = found.get(step)
                case list() if isinstance(step, int) and step < len(found):
                    found = found[step]
                case _:
                    return self.default
        return self.default if found is None else found


_NOTHING = ClaimSource(None)


@dataclass(frozen=True)
class ClaimMap:
    """Where an issuer's claims hold what the gateway needs."""

    role: ClaimSource = _NOTHING
    allowed_roles: ClaimSource = _NOTHING
    tenant: ClaimSource = _NOTHING
    environment: ClaimSource = _NOTHING
    variables: Mapping[str, ClaimSource] = field(default_factory=dict)

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        given = {name: source.value(claims) for name, source in self.variables.items()}
        return _identity(
            self.role.value(claims),
            self.allowed_roles.value(claims),
            self.tenant.value(claims),
            self.environment.value(claims),
            given,
        )


@dataclass(frozen=True)
class HasuraClaims:
    """The namespace that Hasura reads: all its members but the roles are session variables."""

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        found = claims.get(_HASURA)
        if not isinstance(found, Mapping):
            raise BadClaims(f"the claim {_HASURA} is no object")
        given = {name.lower(): value for name, value in found.items()}
        if len(given) != len(found):
            raise BadClaims("a claim comes in two spellings")
        roles = given.pop("x-hasura-default-role", None), given.pop("x-hasura-allowed-roles", None)
        place = given.pop("x-hasura-tenant", None), given.pop("x-hasura-environment", None)
        variables = {name: value for name, value in given.items() if session_name(name)}
        return _identity(*roles, *place, variables)


# Where the settings of an issuer don't name claims.
DEFAULT_CLAIMS = ClaimMap(
    role=ClaimSource(("role",)),
    allowed_roles=ClaimSource(("allowed_roles",)),
    tenant=ClaimSource(("tenant",)),
    environment=ClaimSource(("environment",)),
    variables={"x-gateway-user-id": ClaimSource(("sub",))},
)


def read_claims(given: object) -> ClaimReader:
    """Return the reader that the settings of an issuer name. Raises ValueError."""
    if given is None:
        return DEFAULT_CLAIMS
    if given == "hasura":
        return HasuraClaims()
    if not isinstance(given, Mapping):
        raise ValueError('claims must be "hasura", or an object of names and paths')  # noqa: TRY004
    sources = {str(name): _source(str(name), value) for name, value in given.items()}
    variables: dict[str, ClaimSource] = {}
    for name in sources.keys() - set(_OURS):
        variable = session_name(name)
        if variable is None or variable in FIXED or variable in variables:
            raise ValueError(
                f"claims: {name!r} is none of {', '.join(_OURS)}, and no session variable such as "
                "X-Gateway-User-Id that is named once"
            )
        variables[variable] = sources[name]
    if "tenant" not in sources:
        raise ValueError('claims: tenant is missing; without it a token opens nothing: "$.tenant"')
    if not {"role", "allowed_roles"} & sources.keys():
        raise ValueError('claims: name role or allowed_roles, as "$.role"')
    role, allowed_roles, tenant, environment = (sources.get(name, _NOTHING) for name in _OURS)
    return ClaimMap(role, allowed_roles, tenant, environment, variables)


def _source(name: str, given: object) -> ClaimSource:
    """Return where a value comes from: a path, a path with a default, or a fixed value."""
    match given:
        case str():
            return ClaimSource(_path(name, given))
        case {"path": str() as path, **rest} if rest.keys() <= {"default"}:
            return ClaimSource(_path(name, path), rest.get("default"))
        case {"value": value, **rest} if not rest:
            return ClaimSource(None, value)
    raise ValueError(
        f'claims: {name} must be a path ("$.role"), {{"path": …, "default": …}} or {{"value": …}}'
    )


def _path(name: str, text: str) -> Path:
    """Return the steps of a JSON path: `$.a.b[0]['https://c']`. Raises ValueError."""
    steps: list[str | int] = []
    end = 1
    while text.startswith("$") and (match := _STEP.match(text, end)):
        word, index, single, double = match.groups()
        steps.append(word or single or double or int(index))
        end = match.end()
    if not steps or end != len(text):
        raise ValueError(
            f"claims: {name} must be a path such as $.role, $.roles[0] or $['https://a.b/role']"
        )
    return tuple(steps)


def _identity(
    role: object, allowed: object, tenant: object, environment: object, given: Mapping[str, Any]
) -> Identity:
    """Return checked values. Raises BadClaims."""
    roles = frozenset(_names(allowed, "the allowed roles"))
    default = "".join(_names(role, "the role", most=1))
    if default and roles and default not in roles:
        raise BadClaims("the role is none of the allowed roles")
    if not default and not roles:
        raise BadClaims("they name no role")
    if not default and len(roles) == 1:
        (default,) = roles
    stage = "".join(_names(environment, "the environment", most=1)) or None
    texts = {name: _text(value) for name, value in given.items() if value is not None}
    own = {name: text for name, text in texts.items() if session_name(name) not in FIXED}
    try:
        variables = check_variables(own)
    except ValueError:
        raise BadClaims("its session variables are too many or too long") from None
    return Identity(default, roles, tuple(_names(tenant, "the tenant")), stage, variables)


def _names(given: object, what: str, most: int | None = None) -> Sequence[str]:
    """Return the names that a claim holds: a text, a number or a list of them."""
    if given is None:
        return ()
    found = given if isinstance(given, list) else [given]
    if most is not None and len(found) > most:
        raise BadClaims(f"{what} is a list")
    if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in found):
        raise BadClaims(f"{what} is no name")
    names = [str(one) for one in found]
    if "" in names:
        raise BadClaims(f"{what} is empty")
    return names


def _text(value: Any) -> str:
    """Return a claim as the text of a session variable: lists and objects as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
