"""`/manage/graphql`: graphene-django's view behind our doors."""

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

from dynamic_databases.beside import beside_traffic
from dynamic_databases.errors import DatabaseProblem
from gateway.limits import limits_of
from gateway.manage.caller import caller_of
from gateway.manage.documents import document_of
from gateway.manage.schema import schema
from tenants.errors import TenantProblem

_log = logging.getLogger("gateway.manage")
_STATUS = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403}


@method_decorator(ensure_csrf_cookie, name="dispatch")
@method_decorator(
    csrf_exempt, name="dispatch"
)  # sessions are checked by `caller_of`; tokens need no check
class ManageView(GraphQLView):  # type: ignore[misc]  # graphene-django has no types
    """Answers callers who may manage; nobody else learns what there is."""

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
        with beside_traffic():
            return cast("HttpResponseBase", super().dispatch(request, *args, **kwargs))

    def execute_graphql_request(
        self,
        request: HttpRequest,
        _data: Any,
        query: Any,
        variables: Any,
        operation_name: Any,
        _show_graphiql: bool = False,
    ) -> Any:
        """Execute a document within the limits; graphene-django has none, and reads each document anew."""
        if not isinstance(query, str) or not query:
            return _wrong("The parameter query must be a GraphQL document.")
        if not isinstance(variables, dict | None):
            return _wrong("The parameter variables must be an object.")
        document = document_of(query, limits_of(settings.GATEWAY))
        if not isinstance(document, DocumentNode):
            return ExecutionResult(data=None, errors=list(document))
        return execute(
            self.schema.graphql_schema,
            document,
            context_value=self.get_context(request),
            variable_values=variables,
            operation_name=operation_name,
            middleware=self.get_middleware(request),
        )

    @staticmethod
    def format_error(error: Exception) -> dict[str, Any]:
        """Return an error in the specification's shape; what is wrong inside goes to the log alone."""
        if not isinstance(error, GraphQLError):
            return {"message": str(error), "extensions": {"code": "BAD_USER_INPUT"}}
        shown = dict(error.formatted)
        cause = error.original_error
        if cause is None:
            code = (error.extensions or {}).get("code", "GRAPHQL_VALIDATION_FAILED")
            return shown | {"extensions": {"code": code}}
        code = _code_of(cause)
        if code is not None:
            message = (
                "; ".join(cause.messages) if isinstance(cause, ValidationError) else str(cause)
            )
            return shown | {"message": message, "extensions": {"code": code}}
        request_id = secrets.token_hex(8)
        _log.error("request failed", extra={"event": {"requestId": request_id}}, exc_info=cause)
        message = "Something went wrong inside the gateway. The requestId finds the log line."
        return shown | {
            "message": message,
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
        }


def _wrong(message: str) -> ExecutionResult:
    error = GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    return ExecutionResult(data=None, errors=[error])


def _code_of(cause: Exception) -> str | None:
    if isinstance(cause, DatabaseProblem | TenantProblem):
        return None if cause.code == "INTERNAL_SERVER_ERROR" else cause.code
    return "BAD_USER_INPUT" if isinstance(cause, ObjectDoesNotExist | ValidationError) else None


def _refused(status: int, code: str, message: str, **headers: str) -> HttpResponseBase:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JsonResponse(body, status=status, headers=headers)
