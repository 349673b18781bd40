"""Why a form's Origin isn't the request's own: mostly a proxy in front that isn't trusted."""

from __future__ import annotations

from django.http import HttpRequest

KEEP_HOST = (
    "If a proxy in front changed the name: let it pass the Host header on, or list its address in "
    "GATEWAY_TRUSTED_PROXIES and let it send the client's."
)
_SAY_HTTPS = (
    "If a proxy in front takes https and passes plain HTTP on: list its address in "
    "GATEWAY_TRUSTED_PROXIES, and let it send X-Forwarded-Proto (or Forwarded, with "
    "GATEWAY_PROXY_HEADERS=forwarded)."
)


def foreign_origin(request: HttpRequest) -> tuple[str, ...]:
    """Return sentences that say what is wrong and what to change.

    None where the Origin is the request's own, or missing.
    """
    scheme, _, host = request.headers.get("origin", "").partition("://")
    own = f"{request.scheme}://{request.get_host()}"
    if not host or own == f"{scheme}://{host}":
        return ()
    wrong = f"The page's Origin isn't {own}, under which this request came."
    is_hidden = scheme == "https" and not request.is_secure()
    return (wrong, _SAY_HTTPS if is_hidden else KEEP_HOST)
