"""How columns can be compared and changed, by their type and the database's vendor."""

from __future__ import annotations

from dynamic_databases.catalog.types import Kind, SqlType, Support
from schema.plan.nodes import How, Op

_EQUALITY = (Op.EQ, Op.NEQ)
_LISTS = (Op.IN, Op.NIN)
_ORDER = (Op.GT, Op.GTE, Op.LT, Op.LTE)
_ORDERED = (*_EQUALITY, *_LISTS, *_ORDER)
_LIKES = (Op.LIKE, Op.NLIKE, Op.ILIKE, Op.NILIKE)
_REGEX = (Op.REGEX, Op.NREGEX, Op.IREGEX, Op.NIREGEX)
_KEYS = (Op.HAS_KEY, Op.HAS_KEYS_ANY, Op.HAS_KEYS_ALL)
_CONTAINMENT = (Op.CONTAINS, Op.CONTAINED_IN)
# What the kinds that are missing here can be asked is _ORDERED.
_OPERATORS: dict[Kind, tuple[Op, ...]] = {
    Kind.TEXT: (*_ORDERED, *_LIKES),
    Kind.ENUM: (*_EQUALITY, *_LISTS),
}
# Kinds whose values each server compares in its own way, or not at all.
_AS_SUPPORTED = (Kind.BINARY, Kind.JSON, Kind.ARRAY, Kind.OTHER)
# Regular expressions need an engine of the server's own: SQLite has none, and one of Python's
# would run for ever on a hostile pattern.
_OF_VENDOR: dict[tuple[str, Kind], tuple[Op, ...]] = {
    ("postgresql", Kind.TEXT): (Op.SIMILAR, Op.NSIMILAR, *_REGEX),
    ("postgresql", Kind.ENUM): _ORDER,
    ("sqlite", Kind.JSON): _KEYS,
    ("mysql", Kind.TEXT): _REGEX,
    ("mysql", Kind.JSON): (*_CONTAINMENT, *_KEYS),
}
_PATHS = (Op.JSONB_PATH_EXISTS, Op.JSONB_PATH_MATCH)
# Of label paths, which PostgreSQL's extension ltree has.
_OF_LTREE = (
    Op.ANCESTOR,
    Op.ANCESTOR_ANY,
    Op.DESCENDANT,
    Op.DESCENDANT_ANY,
    Op.MATCHES,
    Op.MATCHES_ANY,
    Op.MATCHES_FULLTEXT,
)
_ARRAY_UPDATES = (How.APPEND, How.PREPEND)
_JSON_UPDATES = (
    *_ARRAY_UPDATES,
    How.DELETE_KEY,
    How.DELETE_ELEM,
    How.DELETE_AT_PATH,
)


CAST = "_cast"
# What a JSON document can be cast to, by the scalar: its text, or the number that it is.
CASTS = {"String": SqlType(Kind.TEXT, "text"), "Decimal": SqlType(Kind.DECIMAL, "numeric")}


def operators_of(sql_type: SqlType, vendor: str) -> tuple[Op, ...]:
    """Return the comparisons that a column of this type takes, without `_isNull`."""
    if sql_type.kind in _AS_SUPPORTED:
        common = _supported(sql_type)
    elif sql_type.kind is Kind.TEXT and sql_type.enum:  # the rows of a table
        return (*_EQUALITY, *_LISTS)
    else:
        common = _OPERATORS.get(sql_type.kind, _ORDERED)
    if lacks_patterns(sql_type):
        return _ORDERED
    return common + _OF_VENDOR.get((vendor, sql_type.kind), ())


def _supported(sql_type: SqlType) -> tuple[Op, ...]:
    if sql_type.supports is None:  # bytes are equal or not on every server
        return _EQUALITY if Support.EQUALITY in sql_type.supported else ()
    found = _ORDERED if sql_type.has_order else (*_EQUALITY, *_LISTS)
    if _is_jsonb(sql_type):
        return (*found, *_CONTAINMENT, *_KEYS, *_PATHS)
    if is_ltree(sql_type):
        return (*found, *_OF_LTREE)
    is_array = sql_type.kind is Kind.ARRAY
    return (*found, *_CONTAINMENT, Op.OVERLAPS) if is_array else found


def updates_in_place_of(sql_type: SqlType) -> tuple[How, ...]:
    """Return how a column of this type can be changed in place; numbers are added to besides."""
    if sql_type.kind is Kind.ARRAY:
        return _ARRAY_UPDATES
    return _JSON_UPDATES if _is_jsonb(sql_type) else ()


def lacks_patterns(sql_type: SqlType) -> bool:
    """Return whether these are texts that are compared with no pattern: by their collation."""
    return sql_type.kind is Kind.TEXT and Support.PATTERNS not in sql_type.supported


def is_ltree(sql_type: SqlType) -> bool:
    """Return whether this is PostgreSQL's type of label paths, `Top.Science`."""
    return sql_type.kind is Kind.OTHER and sql_type.plain.rpartition(".")[2] == "ltree"


def _is_jsonb(sql_type: SqlType) -> bool:
    """Of PostgreSQL's two types for JSON only `jsonb` has operators."""
    return sql_type.kind is Kind.JSON and sql_type.plain == "jsonb"
