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
)

from dynamic_databases.catalog.types import Kind

_EQUALITY = ("_eq", "_neq")
_LISTS = ("_in", "_nin")
_ORDER = ("_gt", "_gte", "_lt", "_lte")
_PATTERNS = ("_like", "_nlike", "_ilike", "_nilike")
_ORDERED = (*_EQUALITY, *_LISTS, *_ORDER)
# What the kinds that are missing here can be asked is _ORDERED.
_OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: (*_ORDERED, *_PATTERNS),
    Kind.ENUM: (*_EQUALITY, *_LISTS),
    Kind.BINARY: _EQUALITY,
    Kind.JSON: (),
    Kind.ARRAY: (),
    Kind.OTHER: (),
}
_TEXTS = {
    "_eq": "equal; a NULL equals nothing",
    "_neq": "not equal; a NULL is not unequal either",
    "_in": "equal to one of these; an empty list matches no row",
    "_nin": "equal to none of these; a NULL doesn't match",
    "_like": "matches the pattern, minding the case: % for any text, _ for one character, \\ escapes",
    "_ilike": "matches the pattern whatever the case",
    "_isNull": "true: is NULL; false: is not NULL",
}


class Comparisons:
    """The operator inputs of one schema, made as columns ask for them."""

    def __init__(self) -> None:
        self.types: dict[str, GraphQLInputObjectType] = {}

    def of(self, kind: Kind, operand: GraphQLNamedInputType) -> GraphQLInputObjectType:
        """Return the input for columns of `kind` whose operands are `operand`."""
        name = f"{operand.name}ComparisonExp"
        if kind in (Kind.ARRAY, Kind.OTHER):
            name = "NullComparisonExp"
        if name not in self.types:
            self.types[name] = _comparison(name, kind, operand)
        return self.types[name]


def _comparison(name: str, kind: Kind, operand: GraphQLNamedInputType) -> GraphQLInputObjectType:
    fields: dict[str, GraphQLInputField] = {}
    for operator in _OPERATORS.get(kind, _ORDERED):
        many: GraphQLInputType = GraphQLList(GraphQLNonNull(operand))
        fields[operator] = GraphQLInputField(
            many if operator in _LISTS else operand, description=_TEXTS.get(operator)
        )
    fields["_isNull"] = GraphQLInputField(GraphQLBoolean, description=_TEXTS["_isNull"])
    return GraphQLInputObjectType(
        name, fields, description="All of these must hold; null is no operand."
    )
