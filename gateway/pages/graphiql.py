"""GraphiQL's page, from the package's own static files: no CDN."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from django.contrib.staticfiles.storage import staticfiles_storage

from dynamic_databases.concurrency.garbage_collection import gc_paused
from gateway.authentication import RequestAuthenticator
from gateway.http.request import HttpRequest
from gateway.http.response import Response, json_response
from tenants.errors import Unauthenticated
from tenants.resolution import tenant_ref
from tenants.snapshot import DirectoryEntry

FILES = "graphiql/"  # in the packages' static files
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{styles}">
</head>
<body>
<div id="graphiql"></div>
<script id="config" type="application/json">{config}</script>
<script type="module" src="{script}"></script>
</body>
</html>
"""
# Monaco sets styles at run time and starts its workers from own files; nothing else is let in.
_CSP = (
    "default-src 'none'; script-src {files}; style-src {files} 'unsafe-inline'; "
    "img-src 'self' data:; font-src {files} data:; connect-src 'self'; worker-src {files} blob:; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class PageAddresses:
    """Where a page finds what it asks; `pattern` leads to another TENANT and ENVIRONMENT."""

    endpoint: str
    targets: str
    pattern: str


def page(http: HttpRequest) -> Response:
    """Return the page of the tenant that the path names, whether there is such a tenant or not."""
    ref = tenant_ref(http.path, "", {})
    addresses = PageAddresses(http.path, "/graphiql/targets", "/t/TENANT/ENVIRONMENT/graphql")
    return page_at(addresses, ref.tenant or "", ref.environment or "")


def page_at(addresses: PageAddresses, tenant: str, environment: str) -> Response:
    """Return the page that asks at these addresses."""
    static = staticfiles_storage.url(FILES)
    text = json.dumps(
        {**asdict(addresses), "static": static, "tenant": tenant, "environment": environment}
    ).replace("<", "\\u003c")  # no way out of the script element
    body = _PAGE.format(
        styles=staticfiles_storage.url(f"{FILES}graphiql.css"),
        script=staticfiles_storage.url(f"{FILES}graphiql.js"),
        config=text,
    ).encode()
    host = urlsplit(static).netloc  # of files that are served elsewhere
    headers = {
        "Content-Security-Policy": _CSP.format(files=f"'self' {host}".strip()),
        "Referrer-Policy": "same-origin",
    }
    return Response(200, body, "text/html; charset=utf-8", headers)


async def targets(
    authenticator: RequestAuthenticator, http: HttpRequest, only: str = ""
) -> Response:
    """Return the tenants and environments that the caller may switch to, or those of `only`."""
    try:
        reachable = await authenticator.reachable(http)
    except Unauthenticated:
        return json_response([])
    if only:
        entry = (await authenticator.snapshot()).tenant(only)
        reachable = (one for one in reachable if one[0] == entry)
    return await asyncio.to_thread(_told, reachable)


def _told(reachable: Iterable[tuple[DirectoryEntry, list[str]]]) -> Response:
    """Write down thousands of tenants in a thread: the event loop answers others meanwhile."""
    with gc_paused():
        return json_response(
            [
                {
                    "tenant": entry.slug,
                    "environments": names,
                    "default": entry.default_environment,
                }
                for entry, names in reachable
            ]
        )
