"""Comparison operators as SQL spells them: those of every vendor, and PostgreSQL's own."""

from __future__ import annotations

from collections.abc import Mapping

from schema.plan.nodes import Op

COMPARISONS: Mapping[Op, str] = {
    Op.EQ: "=",
    Op.NEQ: "<>",
    Op.GT: ">",
    Op.GTE: ">=",
    Op.LT: "<",
    Op.LTE: "<=",
}
CONTAINMENT: Mapping[Op, str] = {Op.CONTAINS: "@>", Op.CONTAINED_IN: "<@"}
REGULAR_EXPRESSIONS: Mapping[Op, str] = {
    Op.SIMILAR: "SIMILAR TO",
    Op.NSIMILAR: "NOT SIMILAR TO",
    Op.REGEX: "~",
    Op.NREGEX: "!~",
    Op.IREGEX: "~*",
    Op.NIREGEX: "!~*",
}
