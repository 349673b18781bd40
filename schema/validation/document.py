"""The text of a request → a document within its limits, the operation to run, and what is wrong."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, GraphQLSchema, parse, validate
from graphql.language import DocumentNode, OperationDefinitionNode

from schema.errors import BadUserInput, InvalidDocument, TooComplex
from schema.limits import Limits
from schema.validation.rules import rules_of

_PARSED, _VALID = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"


def parse_document(query: str, limits: Limits) -> DocumentNode:
    """Return a document within its limits. Raises InvalidDocument or TooComplex."""
    try:
        return parse(
            query,
            max_tokens=limits.max_tokens,
            max_comments=limits.max_comments,
            no_location=False,
        )
    except GraphQLError as error:
        if "more than" in error.message and "comments" in error.message:
            text = (
                f"The document has more than {limits.max_comments} comments (GATEWAY_MAX_COMMENTS)."
            )
            raise TooComplex(text) from None
        if "more than" in error.message and "tokens" in error.message:
            text = f"The document has more than {limits.max_tokens} tokens (GATEWAY_MAX_TOKENS)."
            raise TooComplex(text) from None
        raise InvalidDocument(_PARSED, [dict(error.formatted)]) from None
    except RecursionError:
        raise InvalidDocument(
            _PARSED, [{"message": "The document is nested too deeply."}]
        ) from None


def choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation of a name, or the only one. Raises BadUserInput, InvalidDocument."""
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
        if not operations:
            raise BadUserInput(f"The document has no operation named {name!r}.")
    elif len(operations) > 1:
        raise BadUserInput("The document has several operations: send operationName.")
    if not operations:
        raise InvalidDocument(_VALID, [{"message": "The document has no operation to run."}])
    return operations[0]


def check_document(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    limits: Limits,
) -> None:
    """Check a document against a schema. Raises InvalidDocument or BadUserInput."""
    if schema.get_root_type(operation.operation) is None:
        kind = operation.operation.value
        raise InvalidDocument(_VALID, [{"message": f"There is no {kind} for you in this schema."}])
    try:
        errors = _errors(schema, document, limits)
    except RecursionError:
        raise BadUserInput("The document is nested too deeply.") from None
    if errors:
        formatted: list[dict[str, Any]] = [{**error.formatted} for error in errors]
        raise InvalidDocument(_code_of(errors), formatted)


def token_count(document: DocumentNode) -> int:
    """Return how many tokens a document has."""
    token = document.loc.start_token if document.loc else None
    count = 0
    while token is not None:
        count += 1
        token = token.next
    return count


def _errors(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Return what is wrong; a document that is too much isn't looked at any further."""
    for rules in rules_of(limits):
        errors = validate(
            schema,
            document,
            rules,
            max_errors=limits.max_errors,
            hide_suggestions=not limits.suggestions,
        )
        if errors:
            return errors
    return []


def _code_of(errors: list[GraphQLError]) -> str:
    own = next(
        (
            error.extensions["code"]
            for error in errors
            if error.extensions and "code" in error.extensions
        ),
        None,
    )
    return str(own) if own else _VALID
