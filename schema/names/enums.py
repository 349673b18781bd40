"""The values of an enum in GraphQL."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schema.names.casing import not_reserved
from schema.names.disambiguation import distinct


def enum_value_names(labels: Iterable[str]) -> dict[str, str]:
    """Return label → GraphQL enum value, in the labels' order; valid names stay."""
    plain = {label: _enum_value(label) for label in labels}
    names = distinct(plain, frozenset({"true", "false", "null"}))
    return {label: names[label] for label in plain}


def _enum_value(label: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]+", "_", label)
    name = not_reserved(name)
    return f"_{name}" if not name or name[0].isdigit() else name
