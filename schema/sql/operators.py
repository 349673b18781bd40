"""Operators and functions as SQL spells them: those of every vendor, and PostgreSQL's own."""

from __future__ import annotations

from collections.abc import Mapping

from schema.plan.nodes import Function, Op

COMPARISONS: Mapping[Op, str] = {
    Op.EQ: "=",
    Op.NEQ: "<>",
    Op.GT: ">",
    Op.GTE: ">=",
    Op.LT: "<",
    Op.LTE: "<=",
}
CONTAINMENT: Mapping[Op, str] = {
    Op.CONTAINS: "@>",
    Op.CONTAINED_IN: "<@",
    Op.OVERLAPS: "&&",
}
# PostgreSQL's operators whose operand has a type of its own, which stands in the column's schema.
OF_OWN_TYPES: Mapping[Op, tuple[str, str]] = {
    Op.JSONB_PATH_EXISTS: ("@?", "jsonpath"),
    Op.JSONB_PATH_MATCH: ("@@", "jsonpath"),
    Op.ANCESTOR: ("@>", "ltree"),
    Op.ANCESTOR_ANY: ("@>", "ltree[]"),
    Op.DESCENDANT: ("<@", "ltree"),
    Op.DESCENDANT_ANY: ("<@", "ltree[]"),
    Op.MATCHES: ("~", "lquery"),
    Op.MATCHES_ANY: ("?", "lquery[]"),
    Op.MATCHES_FULLTEXT: ("@", "ltxtquery"),
}
# Of numbers that stand for booleans, where the vendor has no function of booleans.
OF_BOOLEANS: Mapping[Function, str] = {
    Function.BOOL_AND: "min(CASE {0} WHEN 1 THEN 1 WHEN 0 THEN 0 END)",
    Function.BOOL_OR: "max(CASE {0} WHEN 1 THEN 1 WHEN 0 THEN 0 END)",
}
# Aggregates of numbers that answer a float, by the names of standard SQL.
STATISTICS: Mapping[Function, str] = {
    Function.AVG: "avg",
    Function.STDDEV: "stddev_samp",
    Function.STDDEV_SAMP: "stddev_samp",
    Function.STDDEV_POP: "stddev_pop",
    Function.VARIANCE: "var_samp",
    Function.VAR_SAMP: "var_samp",
    Function.VAR_POP: "var_pop",
}
REGULAR_EXPRESSIONS: Mapping[Op, str] = {
    Op.SIMILAR: "SIMILAR TO",
    Op.NSIMILAR: "NOT SIMILAR TO",
    Op.REGEX: "~",
    Op.NREGEX: "!~",
    Op.IREGEX: "~*",
    Op.NIREGEX: "!~*",
}
