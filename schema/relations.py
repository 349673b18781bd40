"""What the fields along foreign keys are called: an album's `artist`, an artist's `albums`.

The row that is referred to takes its name from the referring column less `Id`, the rows that refer
from their table's plural. Where a table refers to another twice, all but the main key say by which
column (`booksByEditorId`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dynamic_databases.beside import in_turns
from dynamic_databases.catalog.types import Catalog, ForeignKey, TableName
from schema.casing import camel_case, pascal_case, plural, singular, suffix_of


@dataclass(frozen=True)
class Relation:
    """A field that leads to rows of another table; `many` says whether to a list."""

    name: str
    columns: tuple[str, ...]  # of the table that has the field
    target: TableName
    target_columns: tuple[str, ...]
    many: bool
    nullable: bool
    forward: bool  # the foreign key is this table's own


def relation_names(
    catalog: Catalog, columns: Mapping[TableName, Mapping[str, str]]
) -> dict[TableName, list[Relation]]:
    """Return each table's relations, both ways along every foreign key; `columns` are the fields by column."""
    wanted: dict[TableName, list[tuple[str, str, Relation]]] = defaultdict(list)
    for table in in_turns(catalog.tables):
        count = Counter(key.target for key in table.foreign_keys)
        for key in table.foreign_keys:
            nullable = any(table.by_name[column].nullable for column in key.columns)
            own, by = _to_one_name(key, columns[table.name])
            forward = Relation(
                "", key.columns, key.target, key.target_columns, False, nullable, forward=True
            )
            wanted[table.name].append((own, f"{own}By{by}", forward))
            many = not table.is_unique(key.columns)
            back = camel_case(plural(camel_case(table.name.name)) if many else table.name.name)
            if table.name.schema:
                back = camel_case(f"{table.name.schema}_{back}")
            plain = back if count[key.target] == 1 or _is_main(key, own) else f"{back}By{by}"
            reverse = Relation(
                "", key.target_columns, table.name, key.columns, many, nullable=True, forward=False
            )
            wanted[key.target].append(
                (plain, f"{back}By{by}_{suffix_of(str(table.name))}", reverse)
            )
    return {
        table.name: _distinct(wanted[table.name], set(columns[table.name].values()))
        for table in in_turns(catalog.tables)
    }


def _distinct(wanted: list[tuple[str, str, Relation]], taken: set[str]) -> list[Relation]:
    """A column keeps its name; of two relations of one name neither is the first."""
    count = Counter(plain for plain, _, _ in wanted)
    named = []
    for plain, long, r in wanted:
        name = plain if count[plain] == 1 and plain not in taken else long
        if name in taken:
            name = f"{name}_{suffix_of('_'.join(r.columns + r.target_columns))}"
        taken.add(name)
        named.append(replace(r, name=name))
    return named


def _to_one_name(key: ForeignKey, columns: Mapping[str, str]) -> tuple[str, str]:
    """Return the field of a foreign key, its column less `Id`, and what follows `By` when it must."""
    by = "And".join(pascal_case(column) for column in key.columns)
    plain = columns[key.columns[0]]
    if len(key.columns) == 1 and len(plain) > 2 and plain.endswith("Id"):
        return plain[:-2], by
    return camel_case(str(key.target)), by


def _is_main(key: ForeignKey, field: str) -> bool:
    target = camel_case(key.target.name)
    return field in (target, singular(target))
