"""What an input type stands for in a plan: an order, a condition, a list that is one operand."""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
)

# What inputs of conditions end with.
_CONDITIONS = (
    "BoolExp",
    "BoolExpCount",
    "BoolExpNumbers",
    "BoolExpAvg",
    "BoolExpFloats",
    "BoolExpBooleans",
    "ComparisonExp",
    "CastExp",
)


def nullable(declared: GraphQLInputType) -> Any:
    """Return a type without the mark that null is refused."""
    return declared.of_type if isinstance(declared, GraphQLNonNull) else declared


def is_order(declared: GraphQLInputType) -> bool:
    """Return whether this is an input of `orderBy`, whose fields count as they are written."""
    named = get_named_type(declared)
    return isinstance(named, GraphQLInputObjectType) and named.name.endswith("OrderBy")


def is_direction(declared: GraphQLInputType) -> bool:
    """Return whether this is the enum of an order's directions."""
    return getattr(declared, "name", "") == "OrderBy"


def is_condition(declared: GraphQLInputType) -> bool:
    """Return whether this is the input of a `where` or `having`, or of the operators in it."""
    name = getattr(declared, "name", "")
    return name.endswith(_CONDITIONS)


def is_leaf_list(declared: GraphQLList[Any]) -> bool:
    """A list of scalars is one operand of any length; lists of enums and objects are structure."""
    return isinstance(nullable(declared.of_type), GraphQLScalarType)
