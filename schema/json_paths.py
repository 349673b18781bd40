"""Paths into JSON documents, `$.a.b[0]`: parsed, written for each vendor, and followed."""

from __future__ import annotations

import json
import re
from typing import Any

from schema.errors import BadUserInput

Steps = tuple[str | int, ...]  # keys of objects and places in arrays, from 0
_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]"'$*?@()\s]+)  # .name, or name at the beginning
      | \.?"(?P<quoted>(?:[^"\\]|\\.)*)"
      | \[(?P<place>\d{1,9})\]
      | \[\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')\s*\]
    """,
    re.VERBOSE,
)
_MAX_STEPS = 100


def parse_path(text: str) -> Steps:
    """Return the steps of `$.a.b[0]`, `a.b`, `$["a"]`. Raises BadUserInput for any other text."""
    rest = text.strip().removeprefix("$")
    steps: list[str | int] = []
    while rest:
        match = _STEP.match(rest)
        if match is None or len(steps) == _MAX_STEPS:
            raise BadUserInput(f"{text!r} is no path of keys and places, as $.a.b[0] is one.")
        steps.append(_step(match))
        rest = rest[match.end() :]
    return tuple(steps)


def _step(match: re.Match[str]) -> str | int:
    if match["place"] is not None:
        return int(match["place"])
    if match["name"] is not None:
        return match["name"]
    quoted = next(part for part in match.group("quoted", "double", "single") if part is not None)
    return re.sub(r"\\(.)", r"\1", quoted)


def quoted_path(steps: Steps) -> str:
    """Return a path as SQL/JSON, SQLite and MySQL have it, its keys quoted: `$."a"[0]`."""
    return "$" + "".join(
        f"[{step}]" if isinstance(step, int) else f".{json.dumps(step, ensure_ascii=False)}"
        for step in steps
    )


def value_at(document: Any, steps: Steps) -> Any:
    """Return what lies at the path in a parsed document, None where nothing does."""
    for step in steps:
        fits = isinstance(document, list if isinstance(step, int) else dict)
        is_there = fits and (step < len(document) if isinstance(step, int) else step in document)
        if not is_there:
            return None
        document = document[step]
    return document
