"""A document's selections may nest only so deep; introspection nests deeper by its nature."""

from __future__ import annotations

from typing import Any, ClassVar

from graphql import GraphQLError, ValidationContext, ValidationRule
from graphql.language import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from schema.limits import Limits


class DepthRule(ValidationRule):
    """Measures each operation, every fragment once."""

    limits: ClassVar[Limits]

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._of_fragment: dict[str, int] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        depth = self._depth(node.selection_set, frozenset())
        maximum = self.limits.max_depth
        if depth > maximum:
            text = (
                f"The query is {depth} levels deep, "
                f"above the maximum of {maximum} (GATEWAY_MAX_DEPTH)."
            )
            self.report_error(GraphQLError(text, node, extensions={"code": "QUERY_TOO_COMPLEX"}))

    def _depth(self, selection_set: SelectionSetNode | None, inside: frozenset[str]) -> int:
        selections = selection_set.selections if selection_set else ()
        return max((self._depth_of(node, inside) for node in selections), default=0)

    def _depth_of(self, node: SelectionNode, inside: frozenset[str]) -> int:
        if isinstance(node, FieldNode):
            is_introspection = node.name.value.startswith("__")
            return 1 if is_introspection else 1 + self._depth(node.selection_set, inside)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment_depth(node.name.value, inside)
        return (
            self._depth(node.selection_set, inside) if isinstance(node, InlineFragmentNode) else 0
        )

    def _fragment_depth(self, name: str, inside: frozenset[str]) -> int:
        fragment = self.context.get_fragment(name)
        if fragment is None or name in inside:
            return 0
        if name not in self._of_fragment:
            self._of_fragment[name] = self._depth(fragment.selection_set, inside | {name})
        return self._of_fragment[name]


def depth_rule(limits: Limits) -> type[ValidationRule]:
    """Return the rule that refuses documents deeper than `limits.max_depth`."""
    return type("DepthRule", (DepthRule,), {"limits": limits})
