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
CONTAINMENT: Mapping[Op, str] = {Op.CONTAINS: "@>", Op.CONTAINED_IN: "<@"}
# Of numbers that stand for booleans, where the vendor has no function of booleans.
OF_BOOLEANS: Mapping[Function, str] = {
    Function.BOOL_AND: "min(CASE {0} WHEN 1 THEN 1 WHEN 0 THEN 0 END)",
    Function.BOOL_OR: "max(CASE {0} WHEN 1 THEN 1 WHEN 0 THEN 0 END)",
}
REGULAR_EXPRESSIONS: Mapping[Op, str] = {
    Op.SIMILAR: "SIMILAR TO",
    Op.NSIMILAR: "NOT SIMILAR TO",
    Op.REGEX: "~",
    Op.NREGEX: "!~",
    Op.IREGEX: "~*",
    Op.NIREGEX: "!~*",
}
