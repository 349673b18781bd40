"""`/healthz`: the process is there and its control database answers."""

from __future__ import annotations

import asyncio

from django.db.utils import DatabaseError

from gateway.endpoint import Services, with_control_database
from gateway.responses import Response, json_response


async def healthz(services: Services) -> Response:
    """Return 200 where requests can be served, 503 where the control database doesn't answer."""
    try:
        await asyncio.to_thread(with_control_database, services.invalidator.poll_now)
    except DatabaseError:
        return json_response(
            {"status": "unavailable", "control": "the control database doesn't answer"}, 503
        )
    return json_response({"status": "ok"})
