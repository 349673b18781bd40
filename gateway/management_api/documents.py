"""Documents of the management schema, parsed and validated once for all equal ones."""

from __future__ import annotations

from functools import lru_cache

from graphql import DocumentNode, GraphQLError, validate

from gateway.management_api.schema import schema
from schema.errors import InvalidDocument, TooComplex
from schema.limits import Limits
from schema.validation.document import parse_document
from schema.validation.rules import rules_of

_KEPT = 200  # documents
_KEPT_LENGTH = 5_000  # of their text; longer ones are written for one occasion


def document_of(query: str, limits: Limits) -> DocumentNode | tuple[GraphQLError, ...]:
    """Return a document that may be executed, or its errors; the limits are checked first."""
    return _known(query, limits) if len(query) <= _KEPT_LENGTH else _checked(query, limits)


def _checked(query: str, limits: Limits) -> DocumentNode | tuple[GraphQLError, ...]:
    try:
        document = parse_document(query, limits)
    except InvalidDocument as error:
        return (GraphQLError(str(error), extensions={"code": error.error_code}),)
    except TooComplex as error:
        return (GraphQLError(str(error), extensions={"code": error.code}),)
    own, _ = rules_of(limits)
    beyond = validate(schema.graphql_schema, document, own)
    if beyond:
        return (beyond[0],)
    wrong = validate(schema.graphql_schema, document)
    return tuple(wrong) or document


_known = lru_cache(_KEPT)(_checked)
