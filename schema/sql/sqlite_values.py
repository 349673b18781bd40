"""SQLite's texts that both executions share."""

from __future__ import annotations

import secrets
from typing import Any

from dynamic_databases.catalog.types import Kind

# The gateway's own functions, of Python, have names of one process: a view or trigger in a file
# can't know them. From SQLite 3.41 on `trusted_schema=OFF` keeps them from the file's schema
# besides.
OURS = f"gateway_{secrets.token_hex(8)}_"
# Conditions are of SQLite's own functions: one of Python would parse whole documents with the
# interpreter's lock held. {0} is a JSON document, {1} a JSON array of texts. An object holds its
# keys, an array its texts, a text itself (https://sqlite.org/json1.html#jeach).
_HELD = "CASE json_type({0}) WHEN 'object' THEN d.key ELSE d.value END"
_IS_HELD = "(json_type({0}) = 'object' OR d.type = 'text')"
HAS_ANY_KEY = (
    "CASE WHEN json_valid({0}) THEN EXISTS (SELECT 1 FROM json_each({0}) d"
    f" WHERE {_IS_HELD} AND {_HELD} IN (SELECT w.value FROM json_each({{1}}) w)) END"
)
JSON_PART = "json(coalesce(CASE WHEN json_valid({0}) THEN {0} -> {} END, 'null'))"
JSON_CASTS = {
    Kind.TEXT: "CAST({0} AS TEXT)",
    Kind.DECIMAL: (
        "CASE WHEN json_valid({0}) THEN CASE WHEN json_type({0}) IN ('integer', 'real')"
        " THEN json_extract({0}, '$') END END"
    ),
}
HAS_ALL_KEYS = (
    "CASE WHEN json_valid({0}) THEN NOT EXISTS (SELECT 1 FROM json_each({1}) w"
    f" WHERE w.value NOT IN (SELECT {_HELD} FROM json_each({{0}}) d WHERE {_IS_HELD})) END"
)


# JSON has no bytes, and fewer digits than a float holds: a letter tells what a text stands for.
KEY_IN_JSON = (
    "CASE typeof({0}) WHEN 'text' THEN 't' || {0} WHEN 'integer' THEN {0}"
    f" ELSE {OURS}key({{0}}) END"
)


def key_text(value: float | bytes | None) -> str | None:
    """Return a float or bytes as text that `key_of_json` takes."""
    if value is None:
        return None
    return f"b{value.hex()}" if isinstance(value, bytes) else f"r{value!r}"


def key_of_json(value: Any) -> Any:
    """Return the value that `KEY_IN_JSON` made a JSON value of."""
    if not isinstance(value, str):
        return value
    kind, text = value[:1], value[1:]
    if kind == "t":
        return text
    return float(text) if kind == "r" else bytes.fromhex(text)


def long_sum(high: int | None, low: float | None) -> float | str | None:
    """Return the sum of two halves; beyond 64 bits as text, which is spelled digit by digit."""
    if high is None or low is None:
        return low
    total = high * 2**32 + low
    is_long = isinstance(total, int) and not -(2**63) <= total < 2**63
    return str(total) if is_long else total
