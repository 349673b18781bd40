"""What a refused caller may learn."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar


class TenantProblem(Exception):
    """Base of this package's errors; `code` is the GraphQL error code that it becomes."""

    code: ClassVar[str] = "FORBIDDEN"


class TenantNotFound(TenantProblem):
    """Unknown, inactive and not yours: all answer alike."""

    code = "TENANT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such tenant or environment, or it isn't yours.")


class EnvironmentUnavailable(TenantProblem):
    """The caller's tenant has no database in service there; no other one is asked in its place."""

    code = "TENANT_UNAVAILABLE"

    def __init__(self, tenant: str, environment: str) -> None:
        super().__init__(f"The environment {environment} of this tenant is out of service.")
        self.tenant = tenant
        self.environment = environment


def out_of_service(environments: Collection[str]) -> str:
    """Return why a tenant's default environment isn't served, to operators; `environments` are."""
    served = ", ".join(environments) or "none"
    return f"The tenant's default environment has no database in service; in service: {served}."


class ControlUnavailable(TenantProblem):
    """What was asked can't be known or done now; `why` follows "the control database …"."""

    code = "TENANT_UNAVAILABLE"
    retry_seconds = 1

    def __init__(self, why: str = "doesn't answer now") -> None:
        super().__init__(f"The gateway's control database {why}; try again.")


class Unauthenticated(TenantProblem):
    """No token where one is needed, or one that isn't valid."""

    code = "UNAUTHENTICATED"

    def __init__(
        self, reason: str = "This needs a token: send the header 'Authorization: Bearer <token>'."
    ) -> None:
        super().__init__(reason)


class InvalidToken(Unauthenticated):
    """A token that opens nothing, whatever is wrong with it; the cause is for the log alone."""

    def __init__(self) -> None:
        super().__init__("This token is unknown or revoked, or it has expired.")


class IssuerUnavailable(TenantProblem):
    """The keys that would check a token can't be had now."""

    code = "TENANT_UNAVAILABLE"
    retry_seconds = 2

    def __init__(self) -> None:
        super().__init__("The keys of this token's issuer can't be read now; try again.")


class RoleNotAllowed(TenantProblem):
    """The caller has no such role to choose."""

    def __init__(self, wanted: str | None, roles: Collection[str]) -> None:
        listed = ", ".join(sorted(roles))
        super().__init__(
            f"This token has several roles; name one in X-Role: {listed}."
            if wanted is None
            else f"This token doesn't have the role {wanted!r}; X-Role may name: {listed}."
        )
