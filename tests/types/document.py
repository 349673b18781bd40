"""`docs/types.md`: what the tests know of every column type, as tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLNamedType

from schema import exact_numbers
from tests.types.cases import TITLES
from tests.types.spellings import SPELLINGS, Spelling

DOCUMENT = Path(__file__).parents[2] / "docs" / "types.md"
# What several operators together are called in the tables.
OPERATORS = {
    "equality": ("_eq", "_neq", "_in", "_nin"),
    "order": ("_gt", "_gte", "_lt", "_lte"),
    "like": ("_like", "_nlike", "_ilike", "_nilike"),
    "similar": ("_similar", "_nsimilar"),
    "regex": ("_regex", "_nregex", "_iregex", "_niregex"),
    "contains": ("_contains", "_containedIn"),
    "overlaps": ("_overlaps",),
    "keys": ("_hasKey", "_hasKeysAny", "_hasKeysAll"),
    "paths": ("_jsonbPathExists", "_jsonbPathMatch"),
    "labels": (
        "_ancestor",
        "_ancestorAny",
        "_descendant",
        "_descendantAny",
        "_matches",
        "_matchesAny",
        "_matchesFulltext",
    ),
    "cast": ("_cast",),
}
HEAD = """# Column types

`make golden` writes this page from the tests, which try each cell on a real server. The cells of
SQL Server are tried where one is named; its column of operators is that of its catalog's types.

Values are carried as JSON and taken back in the same spelling; NULL is `null` for every type.
Where a value is beyond what its scalar carries, its cell is `null` and the rest of the list is as
it should be. A required column has no null: there it is an error. Types that GraphQL has no scalar
for are carried as text, and the field's description says so. An array is a list, a domain counts
as the type that it stands on, an enum of the database is one of GraphQL.

"""
SCALARS = """## What is accepted

Inputs take these spellings, in values and conditions alike, and refuse others as BAD_USER_INPUT.

| scalar | accepted → answered | refused |
| --- | --- | --- |
"""
COMPARED = """
## What is compared

Every type takes `_isNull`. The tables name the other operators by these words. PostgreSQL says
itself which types it compares and sorts, by its operator classes. Its texts with a collation that
isn't deterministic take equality and order alone.

| word | operators |
| --- | --- |
"""
SORTED = """
A column of a type that is *sorted* is offered in `orderBy`, `distinctOn`, `by` of groups and
`count(columns:, distinct: true)`. *min, max* says that both take it.
"""
TABLE = """
## {}

| column type | GraphQL | SQL → JSON | compared by | sorted | min, max | |
| --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Facts:
    """What a schema offers for one column, and what the server answers of its values."""

    type: str
    scalar: str
    values: tuple[tuple[str, Any], ...]  # (as SQL writes them, as they are answered)
    operators: frozenset[str]
    sorted: bool
    extremes: bool
    note: str = ""


def facts_of(
    column: str,
    types: Mapping[str, GraphQLNamedType],
    table: str,
    values: Iterable[tuple[str, Any]],
    note: str,
    lacks: Collection[str] = (),
) -> Facts:
    """Return the facts of `x`, a column of this type, of a table called `table` in GraphQL.

    `lacks` are operators and aggregates that are offered and that the server refuses.
    """
    output = str(types[table].fields["x"].type).rstrip("!")
    is_enum = output.strip("[]") in types and hasattr(types[output.strip("[]")], "values")
    compared = set(types[f"{table}BoolExp"].fields["x"].type.fields) - {"_isNull"}
    refused = sorted(compared & set(lacks))
    sorted_by = "x" in types[f"{table}OrderBy"].fields
    aggregates = types[f"{table}AggregateFields"].fields
    ends = [
        name
        for name in ("min", "max")
        if name in aggregates and "x" in aggregates[name].type.of_type.fields
    ]
    assert sorted_by == ("x" in types[f"{table}SelectColumn"].values), column
    notes = [note, f"the server refuses {words(refused)}" if refused else ""]
    return Facts(
        column,
        output.replace(output.strip("[]"), "enum") if is_enum else output,
        tuple(values),
        frozenset(compared - set(refused)),
        sorted_by,
        len(ends) == 2 and not set(ends) & set(lacks),
        "; ".join(filter(None, notes)),
    )


def words(operators: Iterable[str]) -> str:
    """Return what operators are called together, those of no word by their own names."""
    left = set(operators)
    found = [word for word, own in OPERATORS.items() if left >= set(own)]
    left -= {name for word in found for name in OPERATORS[word]}
    return ", ".join([*found, *(f"`{name}`" for name in sorted(left))])


def row_of(facts: Facts) -> str:
    shown = [f"`{sql}` → `{exact_numbers.dumps(value)}`" for sql, value in facts.values]
    cells = [
        f"`{facts.type}`" if facts.type else "(none)",
        facts.scalar,
        ", ".join(shown),
        words(facts.operators),
        "yes" if facts.sorted else "",
        "yes" if facts.extremes else "",
        facts.note,
    ]
    return f"| {' | '.join(map(_cell, cells))} |"


def spelling_of(spelling: Spelling) -> str:
    pairs = [(exact_numbers.dumps(given), exact_numbers.dumps(to)) for given, to in spelling.taken]
    taken = ", ".join(f"`{given}` → `{answer}`" for given, answer in pairs)
    refused = ", ".join(f"`{exact_numbers.dumps(given)}`" for given in spelling.refused)
    return f"| {' | '.join([spelling.scalar, _cell(taken), _cell(refused)])} |"


def page(rows: Mapping[str, Iterable[str]]) -> str:
    """Return the whole page of the rows of each vendor."""
    legend = (f"| {word} | {' '.join(f'`{o}`' for o in own)} |" for word, own in OPERATORS.items())
    parts = [HEAD + SCALARS + "\n".join(map(spelling_of, SPELLINGS)) + "\n"]
    parts += [COMPARED + "\n".join(legend) + "\n" + SORTED]
    parts += [TABLE.format(TITLES[name]) + "\n".join(own) + "\n" for name, own in rows.items()]
    return "".join(parts)


def rows_in(text: str) -> dict[str, list[str]]:
    """Return the rows of each vendor's table in a page."""
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    return {
        name: [line for line in sections.get(title, "").splitlines() if line.startswith("| ")][2:]
        for name, title in TITLES.items()
    }


def type_in(row: str) -> str:
    """Return the column type that a row is about."""
    cell = re.split(r"(?<!\\) \| ", row.removeprefix("| "))[0].replace("\\|", "|")
    return "" if cell == "(none)" else cell.strip("`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
