"""The operator inputs of BoolExp: one per scalar, with what the kind of column can be asked."""

from __future__ import annotations

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedInputType,
    GraphQLNonNull,
    GraphQLString,
)

from dynamic_databases.catalog.types import Kind, SqlType
from schema.plan.nodes import Op
from schema.plan.operators import CAST, CASTS, is_ltree, lacks_patterns, operators_of
from schema.types.factory import TypeFactory
from schema.types.vocabulary import scalar

_OF_LISTS = {Op.IN, Op.NIN, Op.ANCESTOR_ANY, Op.DESCENDANT_ANY, Op.MATCHES_ANY}
_TEXTS = {
    Op.EQ: "equal; a NULL equals nothing",
    Op.NEQ: "not equal; a NULL is not unequal either",
    Op.IN: "equal to one of these; an empty list matches no row",
    Op.NIN: "equal to none of these; a NULL doesn't match",
    Op.LIKE: (
        "matches the pattern, minding the case: % for any text, _ for one character, \\ escapes"
    ),
    Op.ILIKE: "matches the pattern whatever the case",
    Op.SIMILAR: "matches the pattern of SQL's SIMILAR TO",
    Op.REGEX: "some part matches the POSIX regular expression, minding the case",
    Op.IREGEX: "some part matches the POSIX regular expression, whatever the case",
    Op.CONTAINS: "holds all of this",
    Op.CONTAINED_IN: "all of it is in this",
    Op.HAS_KEY: "is an object with this key, or an array with this text",
    Op.HAS_KEYS_ANY: "has one of these keys",
    Op.HAS_KEYS_ALL: "has all of these keys",
    Op.OVERLAPS: "has an element of these",
    Op.JSONB_PATH_EXISTS: "the path of SQL/JSON leads to something: $.a[*] ? (@ > 2)",
    Op.JSONB_PATH_MATCH: "the predicate of SQL/JSON holds: $.a[0] > 2",
    Op.ANCESTOR: "is this path or one above it",
    Op.ANCESTOR_ANY: "is one of these paths or one above it",
    Op.DESCENDANT: "is this path or one below it",
    Op.DESCENDANT_ANY: "is one of these paths or one below it",
    Op.MATCHES: "matches the lquery: *.Science.*",
    Op.MATCHES_ANY: "matches one of these lqueries",
    Op.MATCHES_FULLTEXT: "matches the ltxtquery: Astro* & !pictures@",
}


class Comparisons:
    """The operator inputs of one schema, made as columns ask for them."""

    def __init__(self, vendor: str, factory: TypeFactory) -> None:
        self._vendor = vendor
        self._factory = factory

    def of(self, sql_type: SqlType, leaf: GraphQLNamedInputType) -> GraphQLInputObjectType:
        """Return the input for columns of a type whose values (an array's elements) are `leaf`."""
        operators = operators_of(sql_type, self._vendor)
        is_array = sql_type.kind is Kind.ARRAY
        is_json = sql_type.kind is Kind.JSON
        name = f"{_prefix(sql_type, operators, leaf)}ComparisonExp"
        operand = GraphQLList(leaf) if is_array else leaf
        casts = {CAST: GraphQLInputField(self._casts())} if is_json else {}
        return self._factory.shared(name, lambda name: _comparison(name, operators, operand, casts))

    def _casts(self) -> GraphQLInputObjectType:
        """Return the input that compares a JSON document as something else."""

        def make(name: str) -> GraphQLInputObjectType:
            fields = {
                scalar_name: GraphQLInputField(self.of(kind, scalar(kind.kind)))
                for scalar_name, kind in CASTS.items()
            }
            return GraphQLInputObjectType(
                name, fields, description="A document as its text, or as the number that it is."
            )

        return self._factory.shared("JSONCastExp", make)


def _prefix(sql_type: SqlType, operators: tuple[Op, ...], leaf: GraphQLNamedInputType) -> str:
    """Return what an input is called for: its values, or what can be done with texts for others."""
    if not operators:
        return "JSONText" if sql_type.kind is Kind.JSON else "Null"
    if is_ltree(sql_type):
        return "Ltree"
    array = "Array" if sql_type.kind is Kind.ARRAY else ""
    if not sql_type.has_order and sql_type.kind in (Kind.ARRAY, Kind.OTHER):
        return f"Equality{array}"
    is_ordered = sql_type.kind is Kind.OTHER or lacks_patterns(sql_type)
    return "Ordered" if is_ordered else f"{leaf.name}{array}"


def _comparison(
    name: str,
    operators: tuple[Op, ...],
    operand: GraphQLInputType,
    casts: dict[str, GraphQLInputField],
) -> GraphQLInputObjectType:
    fields = {
        op.value: GraphQLInputField(_operand(op, operand), description=_TEXTS.get(op))
        for op in operators
    }
    fields |= casts
    fields["_isNull"] = GraphQLInputField(
        GraphQLBoolean, description="true: is NULL; false: is not NULL"
    )
    return GraphQLInputObjectType(
        name, fields, description="All of these must hold; null is no operand."
    )


def _operand(op: Op, operand: GraphQLInputType) -> GraphQLInputType:
    if op in (Op.HAS_KEY, Op.JSONB_PATH_EXISTS, Op.JSONB_PATH_MATCH):
        return GraphQLString
    if op in (Op.HAS_KEYS_ANY, Op.HAS_KEYS_ALL):
        return GraphQLList(GraphQLNonNull(GraphQLString))
    return GraphQLList(GraphQLNonNull(operand)) if op in _OF_LISTS else operand
