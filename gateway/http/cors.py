"""Which other sites' pages a browser lets call us: CORS (Fetch standard, §3.2), default none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.http.request import HttpRequest
from gateway.http.response import Response

_METHODS = "GET, POST"
_HEADERS = (
    "authorization, content-type, x-tenant, x-environment, x-role, x-hasura-role, x-schema, "
    "x-dry-run, x-written-at"
)
_READABLE = (
    "x-request-id, x-tenant, x-environment, x-schema-version, x-written-at, retry-after, etag"
)
_MAX_AGE_SECONDS = "600"
_LONGEST = 300  # characters: a scheme, the longest name of the DNS and a port


class CorsPolicy:
    """The configured origins, each exact or with `*` for one or more labels of a name."""

    def __init__(self, allowed: Sequence[str]) -> None:
        names = "|".join(re.escape(origin).replace(r"\*", "[a-z0-9.-]+") for origin in allowed)
        self._allowed = re.compile(names) if allowed else None

    def preflight(self, http: HttpRequest) -> Response | None:
        """Return the answer to a browser's question whether it may send a request, or None."""
        if http.method != "OPTIONS" or "access-control-request-method" not in http.headers:
            return None
        headers = self._headers(http)
        if headers:
            headers |= {
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": _MAX_AGE_SECONDS,
            }
        return Response(204, b"", headers=headers or {"Vary": "Origin"})

    def with_headers(self, http: HttpRequest, response: Response) -> Response:
        """Return the response with what lets an allowed page read it."""
        if self._allowed is None:
            return response
        headers = self._headers(http)
        if not headers:
            return response
        headers["Access-Control-Expose-Headers"] = _READABLE
        return response.with_headers({**response.headers, **headers})

    def _headers(self, http: HttpRequest) -> dict[str, str]:
        """Tokens go in a header that the page sets itself: cookies are never asked for."""
        origin = http.headers.get("origin", "")
        if not self._is_allowed(origin):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}

    def _is_allowed(self, origin: str) -> bool:
        if self._allowed is None or len(origin) > _LONGEST:
            return False
        return self._allowed.fullmatch(origin.lower()) is not None
