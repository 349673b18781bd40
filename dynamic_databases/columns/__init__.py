"""Add, rename, widen and drop a column at run time: validated, locked and audited."""

from dynamic_databases.columns.change import (
    add_column,
    drop_column,
    read_everywhere,
    rename_column,
    widen_column,
)

__all__ = ["add_column", "drop_column", "read_everywhere", "rename_column", "widen_column"]
