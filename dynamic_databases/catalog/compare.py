"""Two catalogs side by side: which columns the one has beyond the other."""

from __future__ import annotations

from dynamic_databases.catalog.types import Catalog, Table


def dynamic_columns(table: Table, baseline: Catalog | None) -> tuple[str, ...]:
    """Return the columns of `table` that the baseline's table of that name lacks.

    A table that the baseline lacks altogether has just columns, as every table has without a
    baseline.
    """
    base = baseline.by_name.get(table.name) if baseline else None
    if base is None:
        return ()
    return tuple(column.name for column in table.columns if column.name not in base.by_name)
