"""What a server's message says: the name of a column or constraint, or a trigger's own words."""

from __future__ import annotations

import re

from dynamic_databases.errors import RefusedByTrigger
from dynamic_databases.outcomes.messages import REFUSED_BY_TRIGGER


def named_in(text: str, pattern: str) -> str | None:
    """Return what the pattern's group matches in a message, or None."""
    match = re.search(pattern, text, re.DOTALL)
    return match.group(1) if match else None


def refused_by_trigger(words: str) -> RefusedByTrigger:
    """Return the refusal of a trigger in its own words."""
    return RefusedByTrigger(words.strip() or REFUSED_BY_TRIGGER, REFUSED_BY_TRIGGER)
