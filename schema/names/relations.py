"""What the fields along foreign keys are called: an album's `artist`, an artist's `albums`.

The row that is referred to takes its name from the referring column less `Id`, the rows that refer
from their table's plural. Where a table refers to another twice, all but the main key say by which
column (`booksByEditorId`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from dynamic_databases.catalog.types import ForeignKey, Table, TableName
from schema.names.casing import camel_case, pascal_case, plural, singular, suffix_of


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
    has_connection: bool = False  # a list whose rows have a key, so that they can be paged
    has_aggregate: bool = True  # the role may aggregate the rows that it leads to


@dataclass(frozen=True)
class Wanted:
    """A field that a foreign key asks for, on its own table or the one it refers to."""

    table: TableName
    relation: Relation  # by the plain name
    long: str  # where another wants the plain name


def wanted_relations(table: Table, columns: Mapping[str, str]) -> tuple[Wanted, ...]:
    """Return the fields along foreign keys, both ways; `columns` are fields by column."""
    found: list[Wanted] = []
    count = Counter(key.target for key in table.foreign_keys)
    for key in table.foreign_keys:
        nullable = any(table.by_name[column].nullable for column in key.columns)
        own, by = _to_one_name(key, columns)
        forward = Relation(
            own, key.columns, key.target, key.target_columns, False, nullable, forward=True
        )
        found.append(Wanted(table.name, forward, f"{own}By{by}"))
        many = not table.is_unique(key.columns)
        back = camel_case(plural(camel_case(table.name.name)) if many else table.name.name)
        if table.name.schema:
            back = camel_case(f"{table.name.schema}_{back}")
        plain = back if count[key.target] == 1 or _is_main(key, own) else f"{back}By{by}"
        reverse = Relation(
            plain,
            key.target_columns,
            table.name,
            key.columns,
            many,
            nullable=True,
            forward=False,
            has_connection=many and bool(table.primary_key),
        )
        long = f"{back}By{by}_{suffix_of(str(table.name))}"
        found.append(Wanted(key.target, reverse, long))
    return tuple(found)


def named_relations(
    wanted: Iterable[Wanted], columns: Mapping[TableName, Collection[str]]
) -> dict[TableName, list[Relation]]:
    """Return each table's relations; no name is another relation's or a column's."""
    of_table: dict[TableName, list[Wanted]] = {name: [] for name in columns}
    for one in wanted:
        if one.table in of_table:  # a key may lead out of the catalog
            of_table[one.table].append(one)
    return {name: _distinct(those, columns[name]) for name, those in of_table.items()}


def _distinct(wanted: list[Wanted], columns: Collection[str]) -> list[Relation]:
    """A column keeps its name; of two relations of one name neither is the first."""
    count = Counter(one.relation.name for one in wanted)
    if len(count) == len(wanted) and count.keys().isdisjoint(columns):
        return [one.relation for one in wanted]
    taken = set(columns)
    named = []
    for one in wanted:
        r = one.relation
        name = r.name if count[r.name] == 1 and r.name not in taken else one.long
        if name in taken:
            name = f"{name}_{suffix_of('_'.join(r.columns + r.target_columns))}"
        taken.add(name)
        named.append(replace(r, name=name))
    return named


def _to_one_name(key: ForeignKey, columns: Mapping[str, str]) -> tuple[str, str]:
    """Return a foreign key's field, its column less `Id`, and what follows `By` if needed."""
    by = "And".join(pascal_case(column) for column in key.columns)
    plain = columns[key.columns[0]]
    if len(key.columns) == 1 and len(plain) > 2 and plain.endswith("Id"):
        return plain[:-2], by
    return camel_case(str(key.target)), by


def _is_main(key: ForeignKey, field: str) -> bool:
    target = camel_case(key.target.name)
    return field in (target, singular(target))
