"""Config → `Limits` of operations."""

from __future__ import annotations

from gateway.conf import Config
from schema.limits import Limits


def limits_of(config: Config) -> Limits:
    return Limits(
        max_tokens=config.max_tokens,
        max_depth=config.max_depth,
        max_input_depth=config.max_input_depth,
        max_aliases=config.max_aliases,
        max_root_fields=config.max_root_fields,
        default_rows=min(config.default_rows, config.max_rows),
        max_rows=config.max_rows,
        at_most_rows=config.at_most_rows,
    )
