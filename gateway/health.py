"""`/healthz`: the process lives. `/readyz`: it can serve; operators learn of each tenant. `/metrics`: figures."""

from __future__ import annotations

import asyncio

from django.db.utils import DatabaseError

from dynamic_databases.beside import beside_traffic, in_turns
from gateway.admission import is_local, with_control_database
from gateway.endpoint import Services
from gateway.metrics import CONTENT_TYPE
from gateway.requests import HttpRequest
from gateway.responses import Response, json_response
from tenants.errors import TenantProblem
from tenants.snapshot import Snapshot

_CONTROL_SECONDS = 2.0  # that the control database may take


def healthz() -> Response:
    """Return 200: an orchestrator restarts a process that doesn't answer this."""
    return json_response({"status": "ok"})


async def readyz(services: Services, http: HttpRequest, *, is_stopping: bool) -> Response:
    """Return 200 where requests can be served, 503 where not; to an operator with the state of each tenant."""
    if is_stopping:
        return json_response({"status": "stopping"}, 503)
    try:
        async with asyncio.timeout(_CONTROL_SECONDS):
            await asyncio.to_thread(with_control_database, services.invalidator.poll_now)
    except (DatabaseError, TimeoutError):
        return json_response(
            {"status": "unavailable", "control": "the control database doesn't answer"}, 503
        )
    if await _is_operator(services, http):
        snapshot = await services.admission.snapshot()
        return await asyncio.to_thread(_ready_with_tenants, services, snapshot)
    return json_response({"status": "ready"})


async def metrics(services: Services, http: HttpRequest) -> Response:
    """Return the figures in Prometheus's text format, to those who may see them."""
    who = services.config.metrics
    may = who == "everyone" or (
        who == "operators" and (is_local(http) or await _is_operator(services, http))
    )
    if not may:
        return json_response({"errors": [{"message": "There is nothing here."}]}, 404)
    return Response(200, services.metrics.text(), CONTENT_TYPE)


async def _is_operator(services: Services, http: HttpRequest) -> bool:
    try:
        return await services.admission.operator(http)
    except TenantProblem:
        return False


def _ready_with_tenants(services: Services, snapshot: Snapshot) -> Response:
    """Write down thousands of tenants in a thread: the event loop answers others meanwhile."""
    with beside_traffic():
        return json_response({"status": "ready", "tenants": _tenants(services, snapshot)})


def _tenants(services: Services, snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Tenant → environment → `serving`, `unavailable`, or `unread` before its first request."""
    down = set(services.breakers.open_ones())

    def state(alias: str) -> str:
        if alias in down:
            return "unavailable"
        return "serving" if services.registry.peek(alias) is not None else "unread"

    return {
        entry.slug: {name: state(alias) for name, alias in entry.environments.items()}
        for entry in in_turns(snapshot.tenants)
    }
