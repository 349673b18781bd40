"""A plan as text: one line per node and per field that differs from its default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any

from dynamic_databases.catalog.types import Column, SqlType, Table, TableName


def text_of(node: object) -> str:
    """Return the tree of a plan's node; tables, columns and types stand as their names."""
    return "\n".join(_lines(node)) + "\n"


def _lines(value: object, head: str = "") -> Iterator[str]:
    if (short := _short(value)) is not None:
        yield f"{head}{short}"
    elif isinstance(value, tuple | list | frozenset):
        yield f"{head}{len(value)}:"
        for item in _in_order(value):
            yield from _indented(_lines(item, "- "))
    elif isinstance(value, dict):
        yield f"{head}{len(value)}:"
        for key, item in value.items():
            yield from _indented(_lines(item, f"{key}: "))
    else:
        yield f"{head}{type(value).__name__}"
        for field in fields(value):  # type: ignore[arg-type]
            item = getattr(value, field.name)
            if not _is_default(field, item):
                yield from _indented(_lines(item, f"{field.name}: "))


def _short(value: Any) -> str | None:
    """Return the text of a value that takes one line, None for one that has parts."""
    match value:
        case Table() | Column() | SqlType() | TableName():
            text = _name(value)
        case Enum():
            text = f"{type(value).__name__}.{value.name}"
        case () | []:
            text = "none"
        case tuple() | list() | frozenset() | dict():
            text = None
        case _:
            text = None if is_dataclass(value) else repr(value)
    return text


def _name(value: Table | Column | SqlType | TableName) -> str:
    name = value.name if isinstance(value, Table) else value
    is_qualified = isinstance(name, TableName) and name.schema
    return f"{name.schema}.{name.name}" if is_qualified else name.name


def _in_order(value: tuple[Any, ...] | list[Any] | frozenset[Any]) -> list[Any]:
    return sorted(value, key=str) if isinstance(value, frozenset) else list(value)


def _is_default(field: Field[Any], item: object) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return default is not MISSING and item == default


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
