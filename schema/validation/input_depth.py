"""Values in a document may nest only so deep."""

from __future__ import annotations

from typing import Any, ClassVar

from graphql import GraphQLError, ValidationContext, ValidationRule
from graphql.language import Node

from schema.limits import Limits


class InputDepthRule(ValidationRule):
    """Counts the objects and lists that are open."""

    limits: ClassVar[Limits]

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._open = 0

    def enter_object_value(self, node: Node, *_args: Any) -> None:
        self._open += 1
        if self._open == self.limits.max_input_depth + 1:
            text = (
                f"A value nests deeper than the maximum of {self.limits.max_input_depth} "
                "(GATEWAY_MAX_INPUT_DEPTH)."
            )
            self.report_error(GraphQLError(text, node, extensions={"code": "QUERY_TOO_COMPLEX"}))

    def leave_object_value(self, *_args: Any) -> None:
        self._open -= 1

    enter_list_value = enter_object_value
    leave_list_value = leave_object_value


def input_depth_rule(limits: Limits) -> type[ValidationRule]:
    """Return the rule that refuses values deeper than `limits.max_input_depth`."""
    return type("InputDepthRule", (InputDepthRule,), {"limits": limits})
