"""What may be told to somebody who isn't let in."""

from __future__ import annotations

from typing import ClassVar


class TenantProblem(Exception):
    """Base of this package's errors; `code` is the GraphQL error code that it becomes."""

    code: ClassVar[str] = "FORBIDDEN"


class TenantNotFound(TenantProblem):
    """Unknown, inactive, without a database, and not yours: all answer alike."""

    code = "TENANT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such tenant or environment, or it isn't yours.")


class Unauthenticated(TenantProblem):
    """No token where one is needed, or one that isn't valid."""

    code = "UNAUTHENTICATED"

    def __init__(
        self, reason: str = "This needs a token: send the header 'Authorization: Bearer <token>'."
    ) -> None:
        super().__init__(reason)
