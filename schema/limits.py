"""The figures that an operation must keep."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property


@dataclass(frozen=True)
class Limits:
    """Each is named in the refusal of what exceeds it; hashed once."""

    max_tokens: int = 10_000
    max_comments: int = 1_000
    max_directives: int = 100
    max_depth: int = 12
    max_input_depth: int = 64
    max_aliases: int = 30
    max_root_fields: int = 20
    max_cost: int = 20_000_000  # rows that an operation may come to read
    default_rows: int = 100
    max_rows: int = 1_000
    max_errors: int = 20
    at_most_rows: int = 1_000
    introspection: bool = True
    suggestions: bool = True  # errors name what the client may have meant

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(astuple(self))
