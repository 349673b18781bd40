"""Names of session variables: `X-Gateway-User-Id`, and Hasura's `X-Hasura-User-Id` for the same."""

from __future__ import annotations

import re

_NAME = re.compile(r"x-(?:gateway|hasura)-([a-z0-9]+(?:[-_][a-z0-9]+)*)", re.IGNORECASE)


def session_name(text: object) -> str | None:
    """Return the name that a text is, in its one spelling (`x-gateway-user-id`), or None."""
    found = _NAME.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else f"x-gateway-{found[1].lower()}"
