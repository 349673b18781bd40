"""Django system checks of a project that lists the gateway: what is missing, and how to add it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
NEEDED = ("dynamic_databases", "tenants", "schema")


def missing_apps() -> list[str]:
    """Return the apps that the gateway needs and the project doesn't list."""
    return [name for name in NEEDED if not apps.is_installed(name)]


def check_apps(**_kwargs: Any) -> list[CheckMessage]:
    """Check that the four apps are listed, those that others ask before them."""
    hint = f"Write INSTALLED_APPS = [{', '.join(map(repr, (*NEEDED, 'gateway')))}, …]."
    missing = missing_apps()
    if missing:
        text = f"The app gateway needs {', '.join(missing)} in INSTALLED_APPS."
        return [Error(text, hint=hint, id="gateway.E001")]
    listed = [config.name for config in apps.get_app_configs()]
    if [name for name in listed if name in (*NEEDED, "gateway")] != [*NEEDED, "gateway"]:
        text = "INSTALLED_APPS lists the gateway's apps in another order than they get ready in."
        return [Error(text, hint=hint, id="gateway.E002")]
    return []


def check_static_files(**_kwargs: Any) -> list[CheckMessage]:
    """Check that GraphiQL's page can have its script and styles."""
    if apps.is_installed("django.contrib.staticfiles"):
        return []
    return [
        CheckWarning(
            "django.contrib.staticfiles is not in INSTALLED_APPS: GraphQLView has no GraphiQL.",
            hint="List it, and set STATIC_URL.",
            id="gateway.W003",
        )
    ]


def check_issuers(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of keys of token issuers that come from elsewhere over plain HTTP."""
    config: Any = getattr(settings, "GATEWAY", None)
    if config is None:
        return []  # gateway.E001 says which app is missing
    return [
        CheckWarning(
            f"GATEWAY_JWT: the keys of {issuer.issuer} come over plain HTTP.",
            hint="Who can change them on their way can sign any token: use https in jwks_url.",
            id="gateway.W004",
        )
        for issuer in config.jwt_issuers
        if issuer.jwks_url.startswith("http://")
        and urlsplit(issuer.jwks_url).hostname not in _LOOPBACK
    ]
