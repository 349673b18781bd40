"""`/healthz`: the process lives. `/readyz`: it can serve. `/metrics`: Prometheus metrics."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.garbage_collection import gc_paused
from gateway.authentication import is_local
from gateway.http.request import HttpRequest
from gateway.http.response import Response, json_response
from gateway.metrics import CONTENT_TYPE
from gateway.runtime import Runtime
from tenants.errors import ControlUnavailable, TenantProblem
from tenants.principals import Principal
from tenants.resolution import reachable
from tenants.snapshot import Snapshot


def healthz() -> Response:
    """Return 200: an orchestrator restarts a process that doesn't answer this."""
    return json_response({"status": "ok"})


async def readyz(runtime: Runtime, http: HttpRequest, *, is_stopping: bool) -> Response:
    """Return 200 if requests can be served, else 503; for an operator each tenant's state too.

    With `?exclude=control` the last snapshot is enough: 503 only where there is nothing to serve
    from.
    """
    excluded = set(parse_qs(http.query).get("exclude", ()))
    if not excluded <= {"control"}:
        return _refusal(400, "exclude takes one value: /readyz?exclude=control.", "BAD_USER_INPUT")
    if is_stopping:
        return json_response({"status": "stopping"}, 503)
    try:
        if excluded:
            await runtime.authenticator.snapshot()
        # The poller's last answer serves many probes; without one they share a look of their own.
        elif runtime.control.silent_seconds > runtime.config.poll_seconds:
            await runtime.control.learn()
    except ControlUnavailable:
        return json_response(
            {"status": "unavailable", "control": "the control database doesn't answer"}, 503
        )
    operator = await _operator(runtime, http)
    if operator is not None:
        snapshot = await runtime.authenticator.snapshot()
        return await asyncio.to_thread(_ready_with_tenants, runtime, snapshot, operator)
    return json_response({"status": "ready"})


async def metrics(runtime: Runtime, http: HttpRequest) -> Response:
    """Return the figures in Prometheus's text format, to those who may see them."""
    who = runtime.config.metrics
    with_token = who in ("operators", "local")
    operator = await _operator(runtime, http) if with_token else None
    if operator is not None and operator.environment is not None:
        text = (
            f"This token is for the environment {operator.environment} alone. Metrics concern all "
            "environments: they need an operator's token without one."
        )
        return _refusal(403, text, "FORBIDDEN")
    if who == "everyone" or operator is not None or (who == "local" and is_local(http)):
        return Response(200, runtime.metrics.text(), CONTENT_TYPE)
    return json_response({"errors": [{"message": "There is nothing here."}]}, 404)


def _refusal(status: int, text: str, code: str) -> Response:
    error = {"message": text, "extensions": {"code": code}}
    return json_response({"errors": [error]}, status)


async def _operator(runtime: Runtime, http: HttpRequest) -> Principal | None:
    try:
        return await runtime.authenticator.operator(http)
    except TenantProblem:
        return None


def _ready_with_tenants(runtime: Runtime, snapshot: Snapshot, operator: Principal) -> Response:
    """Write down thousands of tenants in a thread: the event loop answers others meanwhile."""
    with gc_paused():
        return json_response({"status": "ready", "tenants": _tenants(runtime, snapshot, operator)})


def _tenants(
    runtime: Runtime, snapshot: Snapshot, operator: Principal
) -> dict[str, dict[str, str]]:
    """Return tenant → environment → `serving`, `unavailable`, or `unread` before a first request.

    An operator of one environment gets that one alone.
    """
    down = set(runtime.breakers.open_ones())

    def state(alias: Alias) -> str:
        if alias in down:
            return "unavailable"
        return "serving" if runtime.registry.peek(alias) is not None else "unread"

    # Without a bound, tenants that have no database yet are shown as well.
    shown = (
        ((entry, list(entry.environments)) for entry in snapshot.tenants)
        if operator.environment is None
        else reachable(operator, snapshot, anonymous=False)
    )
    return {
        entry.slug: {name: state(entry.environments[name]) for name in names}
        for entry, names in shown
    }
