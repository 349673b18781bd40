"""Limits that a tenant has instead of the gateway's: names of settings, and numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

NAMES = frozenset(
    (
        "answer_limit_bytes at_most_rows body_limit_bytes deadline_ms default_rows max_aliases "
        "max_comments max_cost max_depth max_directives max_errors max_input_depth "
        "max_root_fields max_rows max_tokens requests_per_second tenant_requests"
    ).split()
)
_HIGHEST = 1_000_000_000_000
TenantLimits = tuple[tuple[str, int], ...]


def check_limits(given: Any, names: Collection[str] = NAMES) -> TenantLimits:
    """Return the limits sorted by name. Raises ValueError, which says what is wrong."""
    if not isinstance(given, dict):
        raise ValueError('it must be an object such as {"max_rows": 5000}')  # noqa: TRY004
    for name, figure in given.items():
        if name not in names:
            raise ValueError(f"{name!r} is no limit; there are {', '.join(sorted(names))}")
        if isinstance(figure, bool) or not isinstance(figure, int) or not 1 <= figure <= _HIGHEST:
            raise ValueError(f"{name} must be a whole number from 1 to {_HIGHEST}")
    return tuple(sorted(given.items()))
