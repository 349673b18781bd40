"""`/manage/graphql`: graphene-django's view with the gateway's checks."""

from __future__ import annotations

import logging
import secrets
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from graphene_django.views import GraphQLView
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute

from dynamic_databases.bounded_texts import bounded, bounded_message
from dynamic_databases.concurrency.garbage_collection import gc_paused
from dynamic_databases.connect_causes import explain
from dynamic_databases.control_errors import UNREACHABLE, why_unavailable
from dynamic_databases.errors import (
    DatabaseProblem,
    DriverMissing,
    InvalidConfig,
    NotRegistered,
    Unavailable,
)
from gateway.error_texts import UNAVAILABLE_TEXT
from gateway.limits import limits_of
from gateway.management_api.caller import caller_of
from gateway.management_api.documents import document_of
from gateway.management_api.schema import schema
from schema.errors import OperationProblem
from tenants.errors import ControlUnavailable, TenantProblem
from tenants.roles import BadGrants

_log = logging.getLogger("gateway.management_api")
_STATUS = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403}


@method_decorator(ensure_csrf_cookie, name="dispatch")
@method_decorator(
    csrf_exempt, name="dispatch"
)  # sessions are checked by `caller_of`; tokens need no check
class ManageView(GraphQLView):  # type: ignore[misc]  # graphene-django has no types
    """Answers callers who may manage; others don't learn what exists."""

    def __init__(self) -> None:
        super().__init__(schema=schema, graphiql=False)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return _refused(405, "BAD_USER_INPUT", "Use POST.", Allow="POST")
        if request.content_type != "application/json":
            return _refused(415, "BAD_USER_INPUT", "Send the body as application/json.")
        try:
            request.caller = caller_of(request)  # type: ignore[attr-defined]
        except TenantProblem as problem:
            return _refused(_STATUS[problem.code], problem.code, str(problem))
        # Catalogs are read, tables altered: requests go before.
        with gc_paused():
            response = cast("HttpResponseBase", super().dispatch(request, *args, **kwargs))
        if getattr(request, "is_control_unavailable", False):
            response.status_code = 503
            response["Retry-After"] = str(ControlUnavailable.retry_seconds)
        return response

    def execute_graphql_request(
        self,
        request: HttpRequest,
        _data: Any,
        query: Any,
        variables: Any,
        operation_name: Any,
        _show_graphiql: bool = False,
    ) -> Any:
        """Execute a document within the limits; graphene-django has none, and parses each again."""
        if not isinstance(query, str) or not query:
            return _wrong("The parameter query must be a GraphQL document.")
        if not isinstance(variables, dict | None):
            return _wrong("The parameter variables must be an object.")
        document = document_of(query, limits_of(settings.GATEWAY))
        if not isinstance(document, DocumentNode):
            return ExecutionResult(data=None, errors=list(document))
        result = execute(
            self.schema.graphql_schema,
            document,
            context_value=self.get_context(request),
            variable_values=variables,
            operation_name=operation_name,
            middleware=self.get_middleware(request),
        )
        if isinstance(result, ExecutionResult) and result.errors:
            result.errors = [_of_control(error, request) for error in result.errors]
        if isinstance(result, ExecutionResult) and request.caller.tenant_pk is not None:  # type: ignore[attr-defined]
            result.errors = [_for_tenant(error) for error in result.errors or ()] or None
        return result

    @staticmethod
    def format_error(error: Exception) -> dict[str, Any]:
        """Return an error in the specification's shape, its texts bounded."""
        shown = _shown(error)
        shown["message"] = bounded_message(shown["message"])
        return shown | ({"path": bounded(shown["path"])} if "path" in shown else {})


def _shown(error: Exception) -> dict[str, Any]:
    """Return what a caller may see of an error; the log has what is wrong inside."""
    if not isinstance(error, GraphQLError):
        return {"message": str(error), "extensions": {"code": "BAD_USER_INPUT"}}
    shown = dict(error.formatted)
    cause = error.original_error
    if cause is None:
        code = (error.extensions or {}).get("code", "GRAPHQL_VALIDATION_FAILED")
        return shown | {"extensions": {"code": code}}
    code = _code_of(cause)
    if code is not None:
        message = _message(cause)
        return shown | {"message": message, "extensions": {"code": code}}
    request_id = secrets.token_hex(8)
    _log.error("request failed", extra={"event": {"requestId": request_id}}, exc_info=cause)
    message = "Something went wrong inside the gateway. The requestId finds the log line."
    return shown | {
        "message": message,
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }


def _message(cause: Exception) -> str:
    """Return an error's text; a tenant's errors have lost their causes already."""
    if isinstance(cause, ValidationError):
        return "; ".join(cause.messages)
    return explain(cause) if isinstance(cause, DatabaseProblem) else str(cause)


def _for_tenant(error: GraphQLError) -> GraphQLError:
    """Return an error without hosts, paths and aliases, which are the operators' own."""
    cause = error.original_error
    if not isinstance(cause, InvalidConfig | NotRegistered | DriverMissing | Unavailable):
        return error
    _log.warning("a tenant's database can't be used", exc_info=cause)
    return GraphQLError(
        error.message, error.nodes, path=error.path, original_error=Unavailable(UNAVAILABLE_TEXT)
    )


def _of_control(error: GraphQLError, request: HttpRequest) -> GraphQLError:
    """Return an error of the control database in plain words; `request` is marked as unanswerable.

    Registered databases raise errors of their own (`DatabaseProblem`).
    """
    if not isinstance(error.original_error, UNREACHABLE):
        return error
    request.is_control_unavailable = True  # type: ignore[attr-defined]
    why = why_unavailable(error.original_error)
    _log.warning("a request was refused: the control database %s", why)
    problem = ControlUnavailable(why)
    return GraphQLError(error.message, error.nodes, path=error.path, original_error=problem)


def _wrong(message: str) -> ExecutionResult:
    error = GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    return ExecutionResult(data=None, errors=[error])


def _code_of(cause: Exception) -> str | None:
    if isinstance(cause, DatabaseProblem | TenantProblem):
        return None if cause.code == "INTERNAL_SERVER_ERROR" else cause.code
    if isinstance(cause, OperationProblem):  # of a role that is explained
        return cause.code
    is_wrong = isinstance(cause, ObjectDoesNotExist | ValidationError | BadGrants)
    return "BAD_USER_INPUT" if is_wrong else None


def _refused(status: int, code: str, message: str, **headers: str) -> HttpResponseBase:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JsonResponse(body, status=status, headers=headers)
