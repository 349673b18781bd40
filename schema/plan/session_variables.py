"""Session variables: values of the caller, which the rules of a role compare with.

A rule names one by a text such as `X-Gateway-User-Id`. The plan has an operand in its place, so
that all users of a role share a statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInputType, GraphQLList, GraphQLNonNull, coerce_input_value
from graphql.error import GraphQLError

from dynamic_databases.session_names import session_name
from schema import exact_numbers
from schema.errors import Forbidden

SESSION = "\0session"  # no variable of GraphQL can have this name
ROLE = "x-gateway-role"  # the session variable that is the caller's role
# An item of PostgreSQL's arrays: in quotes it may hold all, `"` and a backslash after a backslash.
_ARRAY_ITEM = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*|([^",{}\\]+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_IN_JSON = ("Int", "Float", "Boolean", "JSON")  # whose texts are those of JSON; others take texts


def given_session(context: object) -> dict[str, str]:
    """Return the session variables of a document that Python code runs.

    They are in its context: `{"session": {"X-Gateway-User-Id": "3"}}`.
    """
    given = context.get("session") if isinstance(context, Mapping) else None
    pairs = given.items() if isinstance(given, Mapping) else ()
    return {name: str(value) for text, value in pairs if (name := session_name(text)) is not None}


def missing_variable(name: str) -> Forbidden:
    """Return the error of a session variable that is needed and isn't there."""
    return Forbidden(f"The session variable {name} is missing.", {"variable": name})


@dataclass(frozen=True)
class SessionVariable:
    """A session variable as a value of a GraphQL input type."""

    name: str
    type: GraphQLInputType

    def read(self, variables: Mapping[str, Any]) -> Any:
        """Return the value. Raises Forbidden where it is missing, or doesn't fit the type."""
        text = variables.get(SESSION, {}).get(self.name)
        if text is None:
            raise missing_variable(self.name)
        try:
            value = coerce_input_value(_parsed(text, self.type), self.type)
        except (GraphQLError, ValueError):
            value = None
        if value is None or (isinstance(value, list) and None in value):
            text = f"The session variable {self.name} is no {self.type}."
            raise Forbidden(text, {"variable": self.name})
        return value

    def __hash__(self) -> int:
        return hash((self.name, str(self.type)))


def _parsed(text: str, expected: GraphQLInputType) -> Any:
    """Return the input value that a text stands for. Raises ValueError."""
    inner = expected.of_type if isinstance(expected, GraphQLNonNull) else expected
    if isinstance(inner, GraphQLList):
        return [_parsed(item, inner.of_type) for item in _items(text)]
    return exact_numbers.loads(text) if str(inner) in _IN_JSON else text


def _items(text: str) -> list[str]:
    """Return the texts of a JSON array, or of an array as PostgreSQL writes it: `{1,2}`.

    Raises ValueError.
    """
    if text.startswith("{") and text.endswith("}"):
        inner = text[1:-1]
        return _array_items(inner) if inner.strip() else []
    items = exact_numbers.loads(text)
    items = items if isinstance(items, list) else [items]
    if None in items:
        raise ValueError(text)
    return [item if isinstance(item, str) else exact_numbers.dumps(item) for item in items]


def _array_items(inner: str) -> list[str]:
    """Return the items between the braces. Raises ValueError for a null, an array, no array."""
    found = []
    place = 0
    while place <= len(inner):
        item = _ARRAY_ITEM.match(inner, place)
        if item is None or inner[item.end() : item.end() + 1] not in ("", ","):
            raise ValueError(inner)
        quoted, plain = item.groups()
        if quoted is None and plain.strip().lower() in ("", "null"):
            raise ValueError(inner)
        found.append(plain.strip() if quoted is None else _ESCAPED.sub(r"\1", quoted))
        place = item.end() + 1
    return found
