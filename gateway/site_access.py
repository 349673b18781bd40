"""Under which name and scheme Django's pages are opened; a refusal names the setting to change."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html, format_html_join
from django.views.csrf import csrf_failure

from gateway.form_origin import KEEP_HOST, foreign_origin
from gateway.http.graphql_over_http import prefers_html

_log = logging.getLogger("gateway.site_access")
GetResponse = Callable[[HttpRequest], HttpResponse]
_SHOWN_CHARACTERS = 80  # of a host name that the client made up


def listed_hosts(get_response: GetResponse) -> GetResponse:
    """Answer 400 to a host name that GATEWAY_ALLOWED_HTTP_HOSTS lacks (Django middleware)."""

    def respond(request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return _refusal(request, 400, "BAD_USER_INPUT", _unlisted(request), KEEP_HOST)
        return get_response(request)

    return respond


def secure_cookies(get_response: GetResponse) -> GetResponse:
    """Mark cookies Secure exactly where the client used https (Django middleware).

    Over plain HTTP a browser drops a Secure cookie, and with it the log-in.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for cookie in response.cookies.values():
            cookie["secure"] = request.is_secure()
        return response

    return respond


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's `CSRF_FAILURE_VIEW`: say so where a proxy hid what the browser sees."""
    sentences = foreign_origin(request)
    if not sentences:
        return csrf_failure(request, reason)
    peer = {"peer": request.META.get("REMOTE_ADDR"), "scheme": request.scheme}
    _log.warning("a form was refused: its Origin isn't the request's own", extra={"event": peer})
    return _refusal(request, 403, "FORBIDDEN", *sentences)


def _unlisted(request: HttpRequest) -> str:
    given = request.META.get("HTTP_HOST", "")
    name = given if len(given) <= _SHOWN_CHARACTERS else f"{given[:_SHOWN_CHARACTERS]}..."
    return f"The host name {name!a} isn't listed: add it to GATEWAY_ALLOWED_HTTP_HOSTS."


def _refusal(request: HttpRequest, status: int, code: str, *sentences: str) -> HttpResponse:
    """Return a page to a browser, GraphQL's form of an error to everything else."""
    headers = {"Cache-Control": "no-store"}
    if not prefers_html(request.headers.get("accept")):
        error = {"message": " ".join(sentences), "extensions": {"code": code}}
        return JsonResponse({"errors": [error]}, status=status, headers=headers)
    paragraphs = format_html_join("\n", "<p>{}</p>", ((text,) for text in sentences))
    page = format_html(
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Refused</title>\n'
        "{}</html>\n",
        paragraphs,
    )
    return HttpResponse(page, status=status, headers=headers)
