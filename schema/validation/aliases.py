"""A selection set may give only so many aliases, and a document have only so many root fields."""

from __future__ import annotations

from typing import Any, ClassVar

from graphql import GraphQLError, ValidationRule
from graphql.language import FieldNode, Node, OperationDefinitionNode, SelectionSetNode

from schema.limits import Limits


class AliasesRule(ValidationRule):
    """Counts per selection set."""

    limits: ClassVar[Limits]

    def enter_selection_set(self, node: SelectionSetNode, *_args: Any) -> None:
        aliases = sum(isinstance(s, FieldNode) and s.alias is not None for s in node.selections)
        if aliases > self.limits.max_aliases:
            self._refuse(
                node,
                f"{aliases} aliases in one selection",
                self.limits.max_aliases,
                "GATEWAY_MAX_ALIASES",
            )

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        fields = len(node.selection_set.selections)
        if fields > self.limits.max_root_fields:
            self._refuse(
                node,
                f"{fields} root fields",
                self.limits.max_root_fields,
                "GATEWAY_MAX_ROOT_FIELDS",
            )

    def _refuse(self, node: Node, what: str, maximum: int, setting: str) -> None:
        text = f"The query has {what}, above the maximum of {maximum} ({setting})."
        self.report_error(GraphQLError(text, node, extensions={"code": "QUERY_TOO_COMPLEX"}))


def aliases_rule(limits: Limits) -> type[ValidationRule]:
    """Return the rule that refuses what is above `max_aliases` and `max_root_fields`."""
    return type("AliasesRule", (AliasesRule,), {"limits": limits})
