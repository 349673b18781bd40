"""A schema as text for tools: SDL and introspection JSON."""

from __future__ import annotations

import hashlib

import orjson
from graphql import GraphQLSchema, print_schema

from schema.types.introspection import introspect_all


def sdl(schema: GraphQLSchema) -> bytes:
    """Return the schema definition language of a schema."""
    return f"{print_schema(schema).rstrip()}\n".encode()


def introspection_json(schema: GraphQLSchema) -> bytes:
    """Return the answer of a full introspection query, as code generators take it."""
    return orjson.dumps({"data": introspect_all(schema)})


def etag(document: bytes) -> str:
    """Return a strong ETag of a document."""
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'
