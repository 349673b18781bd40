"""Rules of Microsoft's manual that a statement must keep: each returns what breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.tsql.parser import exp

# Columns of types that the server neither compares nor sorts (306, 305), by the tests' names.
UNCOMPARED = {"notes", "memo", "photo", "doc"}
MAX_PARAMETERS = 2_098  # 2,100 less those of sp_executesql
# Names that are made here, and those of T-SQL itself.
_OWN_NAMES = re.compile(
    r"(?:[a-z]\d*|one|value|inserted|nanosecond|identity_insert|on|off|\w+_(?:CI|CS|BIN2?)\w*)$",
    re.IGNORECASE,
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like)
Rule = Callable[[exp.Expr], Iterator[str]]


def names_are_quoted(statement: exp.Expr) -> Iterator[str]:
    """Manual: "Database identifiers". What a database calls a thing is never read as a keyword."""
    if isinstance(statement, exp.Set | exp.Command):  # an option of the session
        return
    for name in statement.find_all(exp.Identifier):
        if not name.quoted and not _OWN_NAMES.match(name.name):
            yield name.name


def literals_are_unicode(statement: exp.Expr) -> Iterator[str]:
    """Manual: "Constants". Without N a text is of the database's code page."""
    for literal in statement.find_all(exp.Literal):
        if literal.is_string and re.search(r"[^0-9.:+ ]", literal.name):
            yield literal.name


def no_subquery_in_coalesce(statement: exp.Expr) -> Iterator[str]:
    """Manual: "COALESCE". It evaluates a subquery twice; ISNULL doesn't."""
    for call in statement.find_all(exp.Coalesce):
        if not call.args.get("is_null") and call.find(exp.Select):
            yield call.sql("tsql")


def order_counts(statement: exp.Expr) -> Iterator[str]:
    """Manual: "SELECT - ORDER BY clause". In a subquery it needs TOP, OFFSET or FOR (1033)."""
    for query in statement.find_all(exp.Select):
        is_nested = query.parent_select is not None
        if is_nested and query.args.get("order") and not _is_cut(query):
            yield query.sql("tsql")


def _is_cut(query: exp.Select) -> bool:
    return any(query.args.get(part) for part in ("limit", "offset", "for_"))


def nested_json_is_json(statement: exp.Expr) -> Iterator[str]:
    """Manual: "JSON_QUERY". FOR JSON inside FOR JSON is a text that is escaped otherwise."""
    for query in statement.find_all(exp.Select):
        if query.args.get("for_") is None or query.parent_select is None:
            continue
        parent = query.parent
        while isinstance(parent, exp.Subquery | exp.Coalesce | exp.Paren):
            parent = parent.parent
        if not (isinstance(parent, exp.JSONExtract) and parent.args.get("json_query")):
            yield query.sql("tsql")


def parameters_are_few(statement: exp.Expr) -> Iterator[str]:
    """Manual: "Maximum capacity specifications", parameters of a procedure."""
    count = sum(1 for _ in statement.find_all(exp.Placeholder))
    if count > MAX_PARAMETERS:
        yield f"{count} parameters"


def texts_have_a_collation(statement: exp.Expr) -> Iterator[str]:
    """Manual: "Collation precedence". OPENJSON's texts bring their own (468); LIKE is exact."""
    for like in statement.find_all(exp.Like):
        if not isinstance(like.this, exp.Collate):
            yield like.sql("tsql")
    for query in statement.find_all(exp.Select):
        if query.args.get("from_") is None or not query.args["from_"].find(exp.OpenJSON):
            continue
        for item in query.expressions:
            if isinstance(item, exp.Cast) and item.to.is_type(*exp.DataType.TEXT_TYPES):
                yield item.sql("tsql")


def old_types_are_cast(statement: exp.Expr) -> Iterator[str]:
    """Manual: "ntext, text, and image": not compared, sorted, grouped, counted or in MIN, MAX."""
    old = {("", name) for name in UNCOMPARED} | set(_passed_on(statement))
    for place in (*_COMPARISONS, exp.Ordered, exp.Group, exp.Min, exp.Max, exp.Distinct):
        for found in statement.find_all(place):
            yield from (one.sql("tsql") for one in _bare_columns(found) if _key(one) in old)


def _passed_on(statement: exp.Expr) -> Iterator[tuple[str, str]]:
    """Return what derived tables call such a column."""
    for table in statement.find_all(exp.Subquery):
        for item in getattr(table.this, "expressions", ()):
            is_plain = isinstance(item, exp.Alias) and isinstance(item.this, exp.Column)
            if is_plain and item.this.name in UNCOMPARED:
                yield table.alias, item.alias


def _key(column: exp.Column) -> tuple[str, str]:
    return ("" if column.name in UNCOMPARED else column.table, column.name)


def _bare_columns(place: exp.Expr) -> Iterator[exp.Column]:
    """Return the columns that stand in a place by themselves, not inside a cast or a query."""
    for child in place.iter_expressions():
        if isinstance(child, exp.Column):
            yield child
        elif isinstance(child, exp.Collate | exp.Paren | exp.Tuple):
            yield from _bare_columns(child)


RULES: tuple[Rule, ...] = (
    names_are_quoted,
    literals_are_unicode,
    no_subquery_in_coalesce,
    order_counts,
    nested_json_is_json,
    parameters_are_few,
    texts_have_a_collation,
    old_types_are_cast,
)


def broken(statements: list[exp.Expr]) -> list[str]:
    """Return every rule that is broken, with what breaks it."""
    return [
        f"{rule.__name__}: {what}"
        for statement in statements
        for rule in RULES
        for what in rule(statement)
    ]
