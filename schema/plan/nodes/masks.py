"""A table as a role sees it whose roles give different columns of different rows."""

from __future__ import annotations

from dataclasses import dataclass, fields

from dynamic_databases.catalog.types import Table
from schema.plan.nodes.conditions import EVERYTHING, Where


@dataclass(frozen=True)
class Cells:
    """Columns that hold their values in rows that satisfy `where`, and are NULL in others."""

    columns: tuple[str, ...]
    where: Where


@dataclass(frozen=True)
class MaskedTable(Table):
    """A table's rows that satisfy `rows`, with `cells` that are NULL in some of them.

    Whatever reads it can't reach a hidden cell: not in a filter, an order or an aggregate either.
    """

    rows: Where = EVERYTHING
    cells: tuple[Cells, ...] = ()


def masked(table: Table, rows: Where, cells: tuple[Cells, ...]) -> MaskedTable:
    """Return a table with its hidden rows and cells."""
    own = {field.name: getattr(table, field.name) for field in fields(Table)}
    return MaskedTable(**own, rows=rows, cells=cells)
