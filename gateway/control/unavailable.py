"""Pages and commands while the control database doesn't answer: 503 and a sentence, not 500."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import server_error

from dynamic_databases.control_errors import UNREACHABLE, why_unavailable
from tenants.errors import ControlUnavailable


def failed_page(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: answer 503 where the control database is the reason."""
    error = sys.exc_info()[1]
    if not isinstance(error, UNREACHABLE):
        return server_error(request)
    problem = ControlUnavailable(why_unavailable(error))
    headers = {"Retry-After": str(problem.retry_seconds), "Cache-Control": "no-store"}
    if request.path.startswith("/manage/"):
        shown = {"message": str(problem), "extensions": {"code": problem.code}}
        return JsonResponse({"errors": [shown]}, status=503, headers=headers)
    return HttpResponse(str(problem), status=503, content_type="text/plain", headers=headers)
