"""JSON of a role's rules → the trees that plans are made of, by the types of GraphQL's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    coerce_input_value,
    get_named_type,
)
from graphql.error import GraphQLError

from dynamic_databases.session_names import session_name
from schema import exact_numbers
from schema.access import ambiguous_names
from schema.errors import BadUserInput
from schema.names.tables import NamedTable, Names
from schema.plan.operands import Constant, Flag, JsonConstant, ListOf, Operand
from schema.plan.session_variables import SessionVariable
from schema.types.factory import BOOL_EXP

# What decides what a plan does: no value of a session can stand there.
_STRUCTURE = ("_isNull", "distinct", "arguments")


class RuleProblem(BadUserInput):
    """A rule that can't be taken; the message begins with the place."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")


@dataclass(frozen=True)
class RuleInputs:
    """Reads rules with the names of a catalog."""

    names: Names

    def tree(self, value: Any, declared: GraphQLInputType, place: str) -> Any:
        """Return the tree of a JSON value. Raises RuleProblem."""
        inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        if value is None:
            raise RuleProblem(place, "null is no condition; leave it out, or write _isNull.")
        if isinstance(inner, GraphQLInputObjectType):
            return self._object(value, inner, place)
        if isinstance(inner, GraphQLList) and not _is_value_list(inner):
            items = value if isinstance(value, list) else [value]
            return [self.tree(one, inner.of_type, f"{place}[{i}]") for i, one in enumerate(items)]
        return self._leaf(value, inner, place)

    def operand(self, value: Any, declared: GraphQLInputType, place: str) -> Operand:
        """Return the operand of a value that is written. Raises RuleProblem."""
        if value is None:
            return Constant(None)
        leaf = self._leaf(value, declared, place)
        leaf = leaf.operand if isinstance(leaf, Flag) else leaf
        return Constant(leaf) if isinstance(leaf, str) else leaf

    def _object(self, value: Any, declared: GraphQLInputObjectType, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise RuleProblem(place, f"write an object, as {declared.name} is one.")
        if not value and declared.name.endswith("ComparisonExp"):
            raise RuleProblem(place, "{} compares with nothing; give an operator.")
        tree = {}
        for name, item in value.items():
            field = self._field(name, declared, place)
            inside = f"{place}.{name}"
            if name in _STRUCTURE and session_name(item):
                raise RuleProblem(inside, "a session variable can't stand here.")
            tree[field] = self.tree(item, declared.fields[field].type, inside)
        lacking = [
            name
            for name, field in declared.fields.items()
            if isinstance(field.type, GraphQLNonNull) and name not in tree
        ]
        if lacking:
            raise RuleProblem(place, f"{', '.join(lacking)} is missing.")
        return tree

    def _field(self, name: str, declared: GraphQLInputObjectType, place: str) -> str:
        """Return the field that a name stands for: its own, or that of a column."""
        table = self.names.by_type.get(declared.name.removesuffix(BOOL_EXP))
        if table is not None:
            check_unambiguous(name, table, place)
        if name in declared.fields:
            return name
        field = table.field_of.get(name) if table is not None else None
        if field is not None and field in declared.fields:
            return field
        known = ", ".join(sorted(declared.fields))
        raise RuleProblem(place, f"there is no {name!r} here; there are: {known}.")

    def _leaf(self, value: Any, declared: GraphQLInputType, place: str) -> Any:
        name = session_name(value)
        if name is not None:
            return SessionVariable(name, declared)
        inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        if isinstance(inner, GraphQLList):
            items = value if isinstance(value, list) else [value]
            return ListOf(
                tuple(
                    self._item(one, inner.of_type, f"{place}[{i}]") for i, one in enumerate(items)
                )
            )
        try:
            coerced = coerce_input_value(value, inner)
        except GraphQLError as error:
            raise RuleProblem(place, f"{value!r} is no {inner}: {error.message}") from None
        if isinstance(coerced, bool):
            return Flag(coerced, Constant(coerced))
        if isinstance(inner, GraphQLEnumType):
            return coerced
        if isinstance(coerced, dict | list):
            return JsonConstant(exact_numbers.dumps(coerced))
        return Constant(coerced)

    def _item(self, value: Any, declared: GraphQLInputType, place: str) -> Operand:
        if value is None:
            raise RuleProblem(place, "null is no value of a list.")
        return self.operand(value, declared, place)


def check_unambiguous(name: str, table: NamedTable, place: str) -> None:
    """Raises RuleProblem for a name that means two columns."""
    if name in ambiguous_names(table.field_of):
        column = table.columns[name].name
        raise RuleProblem(
            place,
            f"{name!r} means two columns of {table.table.name}; write {column!r} for what the API "
            f"calls so, or {table.field_of[name]!r} for what the database calls so.",
        )


def _is_value_list(declared: GraphQLList[Any]) -> bool:
    """Return whether a list is one operand: of values, not of conditions or of columns."""
    item = get_named_type(declared)
    if isinstance(item, GraphQLEnumType):
        return not item.name.endswith(("SelectColumn", "NumberColumn", "BooleanColumn"))
    return not isinstance(item, GraphQLInputObjectType)
