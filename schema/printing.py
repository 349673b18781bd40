"""A built schema as text for tools: SDL and introspection JSON."""

from __future__ import annotations

import hashlib

import orjson

from schema.built import BuiltSchema


def sdl(built: BuiltSchema) -> bytes:
    """Return the schema definition language of a schema."""
    return f"{str(built.schema).rstrip()}\n".encode()


def introspection_json(built: BuiltSchema) -> bytes:
    """Return the answer of a full introspection query, as code generators take it."""
    return orjson.dumps({"data": built.schema.introspect()})


def etag(document: bytes) -> str:
    """Return a strong ETag of a document."""
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'
