"""Pieces of the dialects' SQL inside statements of Django's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.sql.compile_reads import dialect_of
from schema.sql.statement import PLACE, Sql


def bound(piece: Sql, variables: Mapping[str, Any], vendor: str) -> tuple[str, list[Any]]:
    """Return a piece of SQL with Django's placeholders, and its values."""
    dialect = dialect_of(vendor)
    values = [dialect.binder(slot)(slot.operand.read(variables)) for slot in piece.slots]
    return piece.text.replace("%", "%%").replace(PLACE, "%s"), values
