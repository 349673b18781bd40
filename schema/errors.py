"""Everything that can be wrong with an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class OperationProblem(Exception):
    """Base of this package's errors; `code` is the GraphQL error code that it becomes."""

    code: ClassVar[str] = "BAD_USER_INPUT"

    def __init__(self, message: str, extensions: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = dict(extensions or {})


class BadUserInput(OperationProblem):
    """An argument or variable that can't be taken."""


class Forbidden(OperationProblem):
    """The role doesn't permit it: what was written is undone."""

    code = "FORBIDDEN"


class NoBaseline(OperationProblem):
    """The baseline's schema is asked for, of a database that has none."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("This tenant's database has no baseline; leave the header X-Schema out.")


class TooComplex(OperationProblem):
    """A limit of the gateway; the message names it with its figure."""

    code = "QUERY_TOO_COMPLEX"


class AnswerTooLarge(TooComplex):
    """An answer of more bytes than it may have; what a mutation did is undone."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"The answer has more than {max_bytes} bytes, the maximum (GATEWAY_ANSWER_LIMIT_BYTES);"
            " ask for fewer rows (limit:) or fewer columns."
        )


class TextTooLarge(AnswerTooLarge):
    """An answer with a text that SQLite may not make: it copies a text several times."""


class TooManyRows(OperationProblem):
    """An update or delete that would touch more rows than it may; nothing was written."""

    code = "TOO_MANY_ROWS"


class Conflict(OperationProblem):
    """A save whose fields changed underneath; nothing was written."""

    code = "CONFLICT"


class InvalidDocument(OperationProblem):
    """A document that doesn't parse or validate; `errors` are graphql-core's, already formatted."""

    def __init__(self, code: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.error_code = code
        self.errors = errors


class NotCarried(OperationProblem):
    """A cell of a required field whose value its type can't carry; `path` leads to it."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str, path: Sequence[str | int]) -> None:
        super().__init__(message)
        self.path = tuple(path)
