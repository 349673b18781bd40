"""The gateway as a Django app: it brings the commands and the static files."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings

from gateway.push import Publisher


class GatewayConfig(AppConfig):
    """Names the app; what runs is made in `gateway.asgi`."""

    name = "gateway"

    def ready(self) -> None:
        # Models can only be imported once the app registry is ready.
        from dynamic_databases.revisions import revision_bumped  # noqa: PLC0415 - as the comment above says

        url: str = settings.GATEWAY.redis_url
        if url:
            self.publisher = Publisher(url)
            revision_bumped.connect(self.publisher.publish)
