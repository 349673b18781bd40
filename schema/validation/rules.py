"""The rules that a document must keep, in the order in which they are looked at."""

from __future__ import annotations

from functools import lru_cache

from graphql import ASTValidationRule, KnownTypeNamesRule
from graphql.validation import NoSchemaIntrospectionCustomRule, specified_rules

from schema.limits import Limits
from schema.validation.aliases import aliases_rule
from schema.validation.depth import depth_rule
from schema.validation.directives import directives_rule
from schema.validation.input_depth import input_depth_rule
from schema.validation.known_types import KnownTypesRule

Rules = tuple[type[ASTValidationRule], ...]
_STANDARD = tuple(
    KnownTypesRule if rule is KnownTypeNamesRule else rule for rule in specified_rules
)


@lru_cache(maxsize=64)
def rules_of(limits: Limits) -> tuple[Rules, Rules]:
    """Return the limits, which are looked at first and alone, and GraphQL's own rules."""
    own = (
        depth_rule(limits),
        aliases_rule(limits),
        input_depth_rule(limits),
        directives_rule(limits),
    )
    closed = () if limits.introspection else (NoSchemaIntrospectionCustomRule,)
    return own, (*closed, *_STANDARD)
