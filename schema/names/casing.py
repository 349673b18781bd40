"""A database's spelling of one name → GraphQL's: folded to camelCase or PascalCase."""

from __future__ import annotations

import re
from functools import lru_cache

import inflection

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+[0-9]*|[0-9]+")
_KEPT = 10_000  # names of tables and columns that were folded: most are in many tables and catalogs


@lru_cache(_KEPT)
def camel_case(text: str) -> str:
    """`invoice_line`, `InvoiceLine`, `invoice line` → `invoiceLine`."""
    name = pascal_case(text)
    head = re.match(r"_*", name)
    start = head.end() if head else 0
    return name[:start] + name[start : start + 1].lower() + name[start + 1 :]


@lru_cache(_KEPT)
def pascal_case(text: str) -> str:
    """`invoice_line`, `invoiceLine`, `INVOICE LINE` → `InvoiceLine`; `2nd` → `_2nd`."""
    text = re.sub(r"[\s.\-]+", " ", text)
    text = re.sub(r"[^A-Za-z0-9_ ]+", "\0", text)  # what GraphQL can't spell
    parts = text.split("\0")
    folded = [
        "".join(word[:1].upper() + word[1:].lower() for word in _WORDS.findall(part))
        for part in parts
    ]
    name = "_".join([folded[0], *(part[:1].lower() + part[1:] for part in folded[1:])])
    leading = "_" if text.startswith("_") or not name or name[0].isdigit() else ""
    name = (leading + name) if not name.startswith("_") else name
    return not_reserved(name)


@lru_cache(_KEPT)
def plural(name: str) -> str:
    """`track` → `tracks`, `company` → `companies`."""
    return inflection.pluralize(name)


@lru_cache(_KEPT)
def singular(name: str) -> str:
    """`tracks` → `track`."""
    return inflection.singularize(name)


def suffix_of(spelling: str) -> str:
    """Return a name's own spelling as part of a GraphQL name: `a b` → `a_x20b`."""
    return "".join(c if re.match(r"[A-Za-z0-9_]", c) else f"_x{ord(c):x}" for c in spelling)


def not_reserved(name: str) -> str:
    """Two leading underscores belong to introspection."""
    return re.sub(r"^__+", "_", name)
