"""Keys of PostgreSQL's views: a view of one table that selects its whole primary key has that key.

What a view's column is selected from stands in the parsed query that the server keeps, as its
`pg_node_tree` spells it (primnodes.h, TargetEntry).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Such views have one table or view in FROM and nothing that makes one row of several
# (CREATE VIEW, "Updatable Views").
_QUERIES = """
SELECT r.ev_class, r.ev_action::text FROM pg_rewrite r
WHERE r.ev_type = '1' AND r.ev_class = ANY(%s) AND pg_relation_is_updatable(r.ev_class, false) <> 0
"""
_KEYS = """
SELECT i.indrelid, (i.indkey::int2[]::int[])[0:i.indnkeyatts - 1] FROM pg_index i
WHERE i.indisprimary AND i.indisvalid AND i.indrelid = ANY(%s)
"""
# A name's own braces and blanks are escaped.
_TOKENS = re.compile(
    r"\\.|(?P<open>\{)|(?P<close>\})"
    r"|:resno (?P<place>\d+) :resname (?:\\.|\S)+ :ressortgroupref \d+"
    r" :resorigtbl (?P<table>\d+) :resorigcol (?P<column>\d+) ",
    re.DOTALL,
)
_OF_SELECT = 2  # braces around the select list's entries: QUERY, then TARGETENTRY
_Origin = tuple[int, int]  # a table's OID and the number of its column


def view_keys(cursor: Any, views: Sequence[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Return the OID and the columns' numbers of each view that has a key."""
    if not views:
        return
    rows = cursor.execute(_QUERIES, [list(views)]).fetchall()
    origins = {oid: dict(_origins(query)) for oid, query in rows}
    followed = {oid: _from_tables(columns, origins) for oid, columns in origins.items()}
    tables = {table for columns in followed.values() for table, _ in columns.values()}
    keys = dict(cursor.execute(_KEYS, [list(tables)]).fetchall())
    for oid, columns in followed.items():
        # Of several columns that are the same one, the first.
        places = {origin: place for place, origin in reversed(columns.items())}
        for table in {table for table, _ in places} & keys.keys():
            key = [places.get((table, number)) for number in keys[table]]
            if None not in key:
                yield oid, tuple(place for place in key if place is not None)


def _origins(query: str) -> Iterator[tuple[int, _Origin]]:
    """Return the number of each column that is another's, with that other."""
    depth = 0
    for token in _TOKENS.finditer(query):
        depth += bool(token["open"]) - bool(token["close"])
        if depth == _OF_SELECT and token["table"] not in (None, "0"):
            yield int(token["place"]), (int(token["table"]), int(token["column"]))


def _from_tables(
    columns: Mapping[int, _Origin], origins: Mapping[int, Mapping[int, _Origin]]
) -> dict[int, _Origin]:
    """Return the same with columns of tables for those of views."""
    found: dict[int, _Origin] = {}
    for place, (table, column) in columns.items():
        origin = (table, column)
        while (before := origins.get(origin[0], {}).get(origin[1])) is not None:
            origin = before
        found[place] = origin
    return found
