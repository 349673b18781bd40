"""`Authorization: Bearer <token>` (RFC 6750, §2.1)."""

from __future__ import annotations

from collections.abc import Mapping


def bearer_token(headers: Mapping[str, str]) -> str:
    """Return the token of a request's headers; empty where there is none of this scheme."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
