"""Browsers that logged in before: a signed cookie names the person and the device."""

from __future__ import annotations

import secrets
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from gateway.login.store import digest_of

_COOKIE: Final = "gateway_device"
_SALT = "gateway.login.device"
_MAX_AGE_SECONDS = 180 * 24 * 3600


def device_of(request: HttpRequest, name: str) -> str:
    """Return the device on which this person logged in before; empty where there is none."""
    cookie = request.get_signed_cookie(_COOKIE, default="", salt=_SALT, max_age=_MAX_AGE_SECONDS)
    owner, _, device = (cookie or "").partition(":")
    return device if owner == digest_of(name) else ""


def remember_device(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Give a browser its cookie: this person logged in there."""
    device = device_of(request, name) or secrets.token_hex(16)
    response.set_signed_cookie(
        _COOKIE,
        f"{digest_of(name)}:{device}",
        salt=_SALT,
        max_age=_MAX_AGE_SECONDS,
        path=reverse("admin:index"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
