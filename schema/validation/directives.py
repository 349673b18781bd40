"""A document may hold only so many directives."""

from __future__ import annotations

from typing import Any, ClassVar

from graphql import GraphQLError, ValidationContext, ValidationRule
from graphql.language import Node

from schema.limits import Limits


class DirectivesRule(ValidationRule):
    """Counts those of the whole document, known or not."""

    limits: ClassVar[Limits]

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._count = 0

    def enter_directive(self, node: Node, *_args: Any) -> None:
        self._count += 1
        if self._count == self.limits.max_directives + 1:
            text = (
                "The document has more directives than the maximum of "
                f"{self.limits.max_directives} (GATEWAY_MAX_DIRECTIVES)."
            )
            self.report_error(GraphQLError(text, node, extensions={"code": "QUERY_TOO_COMPLEX"}))


def directives_rule(limits: Limits) -> type[ValidationRule]:
    """Return the rule that refuses more than `limits.max_directives`."""
    return type("DirectivesRule", (DirectivesRule,), {"limits": limits})
