"""`GATEWAY_JWT` → the issuers whose tokens are taken, checked at start. No network is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tenants.authentication.issuers.claims import DEFAULT_CLAIMS, ClaimReader, read_claims
from tenants.authentication.issuers.keys import (
    PUBLIC_ALGORITHMS,
    SECRET_ALGORITHMS,
    BadKeys,
    key_set,
)

_REQUIRED = ("issuer", "audience", "algorithms")
_KEYS = ("key", "key_file", "jwks_url")
_KNOWN = (*_REQUIRED, *_KEYS, "leeway_s", "claims")
_LEEWAY_SECONDS = 30.0
_LONGEST_LEEWAY = 300


@dataclass(frozen=True)
class IssuerConfig:
    """One issuer: what its tokens say of themselves, where its keys are, how its claims are read.

    One of `key`, `key_file` and `jwks_url` is given. Without `audiences` its tokens have none.
    """

    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    key: bytes = field(default=b"", repr=False)
    key_file: Path | None = None
    jwks_url: str = ""
    leeway_seconds: float = _LEEWAY_SECONDS
    claims: ClaimReader = DEFAULT_CLAIMS


def read_issuers(text: str) -> tuple[IssuerConfig, ...]:
    """Return the issuers of a JSON list, or of one object; none for an empty text.

    Raises ValueError, which says which issuer is wrong and what would be right.
    """
    if not text:
        return ()
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    found: list[IssuerConfig] = []
    for number, one in enumerate(given if isinstance(given, list) else [given], 1):
        try:
            found.append(_issuer(one))
        except ValueError as error:
            raise ValueError(f"issuer {number}: {error}") from None
    names = [one.issuer for one in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"the issuer {twice[0]!r} comes twice; list its algorithms in one")
    return tuple(found)


def _issuer(given: object) -> IssuerConfig:
    if not isinstance(given, Mapping):
        raise ValueError(f"it must be an object of {', '.join(_KNOWN)}")  # noqa: TRY004
    if unknown := [name for name in given if name not in _KNOWN]:
        raise ValueError(f"{unknown[0]!r} is unknown; there are {', '.join(_KNOWN)}")
    if missing := [name for name in _REQUIRED if name not in given]:
        hint = "; null where its tokens have none" if missing[0] == "audience" else ""
        raise ValueError(f"{missing[0]} is missing{hint}")
    issuer = given["issuer"]
    if not isinstance(issuer, str) or not issuer:
        raise ValueError("issuer must be the text that its tokens have as iss")
    algorithms = _algorithms(given["algorithms"])
    return IssuerConfig(
        issuer,
        _audiences(given["audience"]),
        algorithms,
        leeway_seconds=_leeway(given.get("leeway_s", _LEEWAY_SECONDS)),
        claims=read_claims(given.get("claims")),
        **_key(given, algorithms),
    )


def _audiences(given: object) -> tuple[str, ...]:
    found = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(one, str) and one for one in found) or (given is not None and not found):
        raise ValueError("audience must be a text, a list of texts, or null")
    return tuple(found)


def _algorithms(given: object) -> tuple[str, ...]:
    known = (*SECRET_ALGORITHMS, *PUBLIC_ALGORITHMS)
    if not isinstance(given, list) or not given or not all(one in known for one in given):
        raise ValueError(f"algorithms must be a list of {', '.join(known)}")
    found = tuple(dict.fromkeys(given))
    secret = [name for name in found if name in SECRET_ALGORITHMS]
    if secret and len(secret) != len(found):
        raise ValueError(
            "algorithms mixes HS… (one secret for both sides) with public keys; one issuer has one"
        )
    return found


def _key(given: Mapping[str, Any], algorithms: Sequence[str]) -> dict[str, Any]:
    """Return the one place where the keys are. Raises ValueError where it can't serve."""
    names = [name for name in _KEYS if name in given]
    if len(names) != 1:
        raise ValueError(f"give one of {', '.join(_KEYS)}")
    (name,) = names
    value = given[name]
    if name == "jwks_url":
        return {name: _url(value, algorithms)}
    if name == "key" and isinstance(value, Mapping):
        value = json.dumps(value)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text")
    text = value.encode() if name == "key" else _contents(Path(value))
    try:
        key_set(text, algorithms)
    except BadKeys as error:
        raise ValueError(f"{name}: {error}") from None
    return {name: text if name == "key" else Path(value)}


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"key_file can't be read: {error.strerror}") from None


def _url(given: object, algorithms: Sequence[str]) -> str:
    parts = urlsplit(given) if isinstance(given, str) else None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("jwks_url must be an address such as https://id.example.com/jwks.json")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("jwks_url must have no user, password or fragment")
    if set(algorithms) & set(SECRET_ALGORITHMS):
        raise ValueError("jwks_url gives public keys: HS… needs key or key_file")
    return str(given)


def _leeway(given: object) -> float:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not 0 <= float(given) <= _LONGEST_LEEWAY:  # type: ignore[arg-type]
        raise ValueError(f"leeway_s must be a number of seconds from 0 to {_LONGEST_LEEWAY}")
    return float(given)  # type: ignore[arg-type]
