"""Operands of a plan: constants, or places in the variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLScalarType
from graphql.language import ValueNode

from schema.plan.custom_fields import Custom


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


Operand = Constant | VariableRef | ListOf | Composed | Custom


@dataclass(frozen=True)
class Flag:
    """A boolean: structure (it chooses the plan) and operand in one."""

    value: bool
    operand: Operand
