"""The rules that a document must keep, in the order in which they are looked at."""

from __future__ import annotations

from functools import lru_cache

from graphql import ASTValidationRule
from graphql.validation import specified_rules

from schema.limits import Limits
from schema.validation.aliases import aliases_rule
from schema.validation.depth import depth_rule
from schema.validation.input_depth import input_depth_rule


@lru_cache(maxsize=64)
def rules_of(limits: Limits) -> tuple[type[ASTValidationRule], ...]:
    """Return GraphQL's own rules and, before them, the limits."""
    own = (depth_rule(limits), aliases_rule(limits), input_depth_rule(limits))
    return (*own, *specified_rules)
