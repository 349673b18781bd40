"""A document's selections may nest only so deep; introspection nests deeper by its nature."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, ValidationContext, ValidationRule
from graphql.language import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.limits import Limits


def depth_rule(limits: Limits) -> type[ValidationRule]:
    """Return the rule that refuses documents deeper than `limits.max_depth`."""

    class DepthRule(ValidationRule):
        """Measures each operation, fragments followed once."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self._of_fragment: dict[str, int] = {}

        def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
            depth = self._depth(node.selection_set, frozenset())
            if depth > limits.max_depth:
                text = f"The query is {depth} levels deep, above the maximum of {limits.max_depth} (GATEWAY_MAX_DEPTH)."
                self.report_error(GraphQLError(text, node, extensions={"code": "QUERY_TOO_COMPLEX"}))

        def _depth(self, selection_set: SelectionSetNode | None, inside: frozenset[str]) -> int:
            if selection_set is None:
                return 0
            deepest = 0
            for node in selection_set.selections:
                if isinstance(node, FieldNode):
                    is_introspection = node.name.value.startswith("__")
                    depth = 1 if is_introspection else 1 + self._depth(node.selection_set, inside)
                elif isinstance(node, InlineFragmentNode):
                    depth = self._depth(node.selection_set, inside)
                elif isinstance(node, FragmentSpreadNode):
                    depth = self._fragment_depth(node.name.value, inside)
                else:
                    depth = 0
                deepest = max(deepest, depth)
            return deepest

        def _fragment_depth(self, name: str, inside: frozenset[str]) -> int:
            fragment = self.context.get_fragment(name)
            if fragment is None or name in inside:
                return 0
            if name not in self._of_fragment:
                self._of_fragment[name] = self._depth(fragment.selection_set, inside | {name})
            return self._of_fragment[name]

    return DepthRule
