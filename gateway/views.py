"""The endpoint as a Django view, for projects that mount it (docs/django.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest as DjangoRequest
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from gateway.embedded import EMBEDDED
from gateway.http.request import HttpRequest
from gateway.http.response import Response


# A token in a header lets callers in, and only JSON is taken: no other site can send either.
@method_decorator(csrf_exempt, name="dispatch")
class GraphQLView(View):
    """Answers GraphQL over HTTP, by WSGI and ASGI: `GraphQLView.as_view(tenant="acme")`.

    Without `tenant` the request names it, by the headers X-Tenant and X-Environment, `?env=`, its
    token or its host. A tenant that the URL's pattern captures (`<tenant>`) counts as given here.
    """

    tenant: str = ""
    environment: str = ""

    async def get(self, request: DjangoRequest, **captured: str) -> HttpResponse:
        return await self._respond(request, captured)

    async def post(self, request: DjangoRequest, **captured: str) -> HttpResponse:
        return await self._respond(request, captured)

    async def _respond(self, request: DjangoRequest, captured: dict[str, str]) -> HttpResponse:
        tenant = self.tenant or captured.get("tenant", "")
        environment = self.environment or captured.get("environment", "")
        http = _http_request(request, tenant, environment)
        return _ViewResponse(await asyncio.wrap_future(EMBEDDED.submit(http)))


class _ViewResponse(HttpResponse):
    """An answer that gives its memory back once the server has sent it."""

    def __init__(self, response: Response) -> None:
        super().__init__(
            response.body,
            content_type=response.media_type,
            status=response.status,
            headers=dict(response.headers),
        )
        self._when_sent: Callable[[], Any] = response.when_sent

    def close(self) -> None:
        super().close()
        self._when_sent()


def _http_request(request: DjangoRequest, tenant: str, environment: str) -> HttpRequest:
    """Return Django's request as one of the endpoint; a given tenant is named by its path."""
    named = [one for one in (tenant, environment if tenant else "") if one]
    headers = {name.lower(): value for name, value in request.headers.items()}
    if environment and not tenant:
        headers["x-environment"] = environment
    return HttpRequest(
        method=str(request.method),
        path="/".join(["/t", *named, "graphql"]) if named else "/graphql",
        query=request.META.get("QUERY_STRING", ""),
        headers=headers,
        body=request.body,
        client=request.META.get("REMOTE_ADDR"),
        was_forwarded=True,  # so that no caller counts as local: proxies aren't known here
    )
