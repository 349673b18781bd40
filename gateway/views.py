"""The endpoint as a Django view, for projects that mount it (docs/django.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest as DjangoRequest
from django.http import HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from gateway.checks import NEEDED
from gateway.embedded import EMBEDDED
from gateway.http.graphql_over_http import prefers_html
from gateway.http.request import HttpRequest
from gateway.http.response import Response
from gateway.pages.graphiql import PageAddresses, page_at


# A token in a header lets callers in, and only JSON is taken: no other site can send either.
@method_decorator(csrf_exempt, name="dispatch")
class GraphQLView(View):
    """Answers GraphQL over HTTP, by WSGI and ASGI: `GraphQLView.as_view(tenant="acme")`.

    Without `tenant` the request names it, by the headers X-Tenant and X-Environment, `?env=`, its
    token or its host. A tenant that the URL's pattern captures (`<tenant>`) counts as given here.
    Browsers get GraphiQL.
    """

    tenant: str = ""
    environment: str = ""
    graphiql: bool = True  # for browsers, where the gateway's settings allow it

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., Any]:
        """Return the view. Raises ImproperlyConfigured where an app of the gateway is missing."""
        missing = [name for name in (*NEEDED, "gateway") if not apps.is_installed(name)]
        if missing:
            raise ImproperlyConfigured(
                f"GraphQLView needs {', '.join(missing)} in INSTALLED_APPS (docs/django.md)."
            )
        return super().as_view(**options)

    async def get(self, request: DjangoRequest, **captured: str) -> HttpResponse:
        if not self._has_graphiql:
            return await self._respond(request, captured)
        if request.GET.get("graphiql") == "targets":
            return await self._targets(request, captured)
        if prefers_html(request.headers.get("accept")) and "query" not in request.GET:
            return self._page(request, captured)
        return await self._respond(request, captured)

    async def post(self, request: DjangoRequest, **captured: str) -> HttpResponse:
        return await self._respond(request, captured)

    @property
    def _has_graphiql(self) -> bool:
        may = self.graphiql and settings.GATEWAY.has_graphiql
        return may and apps.is_installed("django.contrib.staticfiles")

    async def _respond(self, request: DjangoRequest, captured: dict[str, str]) -> HttpResponse:
        http = _http_request(request, *self._named(captured))
        return _ViewResponse(await asyncio.wrap_future(EMBEDDED.submit(http)))

    async def _targets(self, request: DjangoRequest, captured: dict[str, str]) -> HttpResponse:
        """Answer GraphiQL what its caller may switch to, where the address says what it shows."""
        tenant, _ = self._named(captured)
        if not tenant or self.environment:
            return JsonResponse([], safe=False)
        http = _http_request(request, tenant, "")
        found = EMBEDDED.targets(http, self.tenant)
        return _ViewResponse(await asyncio.wrap_future(found))

    def _page(self, request: DjangoRequest, captured: dict[str, str]) -> HttpResponse:
        tenant, environment = self._named(captured)
        asked = request.GET.get("env", "")
        addresses = PageAddresses(
            endpoint=f"{request.path}?{urlencode({'env': asked})}" if asked else request.path,
            targets=f"{request.path}?graphiql=targets",
            pattern=_pattern(request, captured),
        )
        return _ViewResponse(page_at(addresses, tenant, environment or asked))

    def _named(self, captured: dict[str, str]) -> tuple[str, str]:
        """Return the tenant and environment that the view or its address names."""
        tenant = self.tenant or captured.get("tenant", "")
        return tenant, self.environment or captured.get("environment", "")


def _pattern(request: DjangoRequest, captured: dict[str, str]) -> str:
    """Return the address of another TENANT and ENVIRONMENT."""
    others: dict[str, str] = {
        name: name.upper() for name in ("tenant", "environment") if name in captured
    }
    path, match = request.path, request.resolver_match
    if others and match is not None:
        with suppress(NoReverseMatch):  # a pattern that takes no such names leads to none else
            path = reverse(match.func, kwargs=captured | others)
    return path if "environment" in captured else f"{path}?env=ENVIRONMENT"


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
    headers["host"] = request.get_host()  # as the project's settings have it behind a proxy
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
