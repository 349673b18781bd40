"""A type that a document names must be in the schema."""

from __future__ import annotations

from graphql import KnownTypeNamesRule, TypeDefinitionNode, ValidationContext
from graphql.validation import ASTValidationRule


class KnownTypesRule(KnownTypeNamesRule):
    """GraphQL's own rule, asking for each type by its name: only suggestions take all names."""

    def __init__(self, context: ValidationContext) -> None:
        ASTValidationRule.__init__(self, context)
        self.existing_types_map = context.schema.type_map
        definitions = context.document.definitions
        self.defined_types = {
            node.name.value for node in definitions if isinstance(node, TypeDefinitionNode)
        }

    @property
    def type_names(self) -> list[str]:  # type: ignore[override]  # made where they are asked for
        return [*self.existing_types_map, *self.defined_types]
