"""Add, rename, widen and drop a column at run time: validated, locked, audited; the schema follows."""

from dynamic_databases.columns.change import (
    add_column,
    drop_column,
    rename_column,
    tell_others,
    widen_column,
)

__all__ = ["add_column", "drop_column", "rename_column", "tell_others", "widen_column"]
