"""Relay's global ids: base64 of `scope:Type:key`, where the scope stands for one database.

They are opaque, not secret: a reader learns what the row's own key says. An id of another
database finds nothing here, even where both have a row with that key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from dynamic_databases.aliases import Alias
from schema.errors import BadUserInput

SCOPE = "\0scope"  # no variable of GraphQL can have this name


@lru_cache(maxsize=4096)
def scope_of(alias: Alias) -> str:
    """Return what stands for a database in its ids; an alias is never given a second time."""
    return hashlib.sha256(alias.encode()).hexdigest()[:8]


def encode_id(scope: str, type_name: str, keys: Sequence[str]) -> str:
    parts = [scope, type_name, *(k.replace("~", "~0").replace(":", "~1") for k in keys)]
    return base64.b64encode(":".join(parts).encode()).decode()


def decode_id(text: str, scope: str) -> tuple[str, tuple[str, ...]]:
    """Return the type and the key's texts. Raises BadUserInput if it is no id of this database."""
    try:
        found, *parts = base64.b64decode(text, validate=True).decode().split(":")
    except (binascii.Error, ValueError):
        raise BadUserInput(_REFUSAL) from None
    if found != scope or len(parts) < 2:
        raise BadUserInput(_REFUSAL)
    type_name, *keys = parts
    return type_name, tuple(k.replace("~1", ":").replace("~0", "~") for k in keys)


_REFUSAL = "nodeId: this is no id of this database; use the field `nodeId` of a row."
