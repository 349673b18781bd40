"""The gateway as a Django app: it brings the commands and the static files."""

from __future__ import annotations

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """Names the app; what runs is made in `gateway.asgi`."""

    name = "gateway"
