"""Operands of a plan: constants, or places in the variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLScalarType
from graphql.language import ValueNode

from schema import exact_numbers
from schema.plan.custom_fields import Custom
from schema.plan.session_variables import SessionVariable


@dataclass(frozen=True)
class Constant:
    """A value that stands in the document."""

    value: Any

    def read(self, _variables: Mapping[str, Any]) -> Any:
        return self.value


@dataclass(frozen=True)
class VariableRef:
    """A place in the coerced variables: the variable and the keys and indexes below it."""

    name: str
    path: tuple[str | int, ...] = ()

    def read(self, variables: Mapping[str, Any]) -> Any:
        value = variables[self.name]
        for step in self.path:
            value = value[step]
        return value

    def below(self, step: str) -> VariableRef:
        return VariableRef(self.name, (*self.path, step))


@dataclass(frozen=True)
class ListOf:
    """A list that mixes constants and variables."""

    items: tuple[Operand, ...]

    def read(self, variables: Mapping[str, Any]) -> Any:
        return [item.read(variables) for item in self.items]


@dataclass(frozen=True)
class Composed:
    """A scalar literal (JSON) that has variables inside."""

    node: ValueNode
    type: GraphQLScalarType

    def read(self, variables: Mapping[str, Any]) -> Any:
        return self.type.parse_literal(self.node, dict(variables))

    def __hash__(self) -> int:
        return id(self.node)


@dataclass(frozen=True)
class JsonConstant:
    """A JSON value of a role's rule, kept as its text so that it can be hashed."""

    text: str

    def read(self, _variables: Mapping[str, Any]) -> Any:
        return exact_numbers.loads(self.text)


@dataclass(frozen=True)
class AtMost:
    """A number of rows, but at most so many; `default` where none is given."""

    operand: Operand
    most: int
    default: int

    def read(self, variables: Mapping[str, Any]) -> Any:
        value = self.operand.read(variables)
        return min(self.default if value is None else value, self.most)


Operand = (
    Constant | VariableRef | ListOf | Composed | Custom | SessionVariable | JsonConstant | AtMost
)


@dataclass(frozen=True)
class Flag:
    """A boolean: structure (it chooses the plan) and operand in one."""

    value: bool
    operand: Operand
