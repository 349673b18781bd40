"""Which pages of other sites a browser lets ask us: CORS (Fetch standard, §3.2). None unless configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from gateway.requests import HttpRequest
from gateway.responses import Response

_METHODS = "GET, POST"
_HEADERS = "authorization, content-type, x-tenant, x-environment, x-schema, x-dry-run"
_READABLE = "x-request-id, x-schema-version, retry-after, etag"
_MAX_AGE_SECONDS = "600"


class Origins:
    """The configured origins, each exact or with `*` for one or more labels of a name."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = tuple(allowed)

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

    def marked(self, http: HttpRequest, response: Response) -> Response:
        """Return the response with what lets an allowed page read it."""
        headers = self._headers(http)
        if not headers:
            return response
        headers["Access-Control-Expose-Headers"] = _READABLE
        return replace(response, headers={**response.headers, **headers})

    def _headers(self, http: HttpRequest) -> dict[str, str]:
        origin = http.headers.get("origin", "")
        return self._allowing(origin) if self._allowed and self._is_allowed(origin) else {}

    def _is_allowed(self, origin: str) -> bool:
        lowered = origin.lower()
        return any(
            lowered == pattern or ("*" in pattern and fnmatchcase(lowered, pattern))
            for pattern in self._allowed
        )

    def _allowing(self, origin: str) -> dict[str, str]:
        # Tokens go in a header that the page sets itself: cookies are never asked for.
        found: Mapping[str, str] = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        return dict(found)
