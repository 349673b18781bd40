"""The doors for people of tenants: `POST /t/<tenant>[/<environment>]/login`, refresh and logout.

Tokens are named as OAuth 2.0 names them (RFC 6749, §5.1). Passwords and the control database are
waited for in threads, a tenant's database is asked by the workers, under its limits.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.concurrency.exceptions import causes_of
from gateway.errors import DeadlinePassed, HttpProblem, Overloaded, problem_of
from gateway.execution.jobs import Lease
from gateway.http.graphql_over_http import JSON
from gateway.http.request import HttpRequest
from gateway.http.response import Response, problem_response, tenant_headers
from gateway.login.errors import LoginRefused, TooBusy
from gateway.login.people import (
    LONGEST_NAME,
    LONGEST_PASSWORD,
    Attempt,
    LoginPlace,
    log_in,
    look_again,
)
from gateway.login.sessions import (
    SessionTokens,
    begin_session,
    continue_session,
    log_out,
    session_of,
)
from gateway.runtime import Runtime
from tenants.authentication.user_lookup import (
    UserRow,
    UserTableQuery,
    UserTableUnusable,
    user_table_query,
)
from tenants.user_tables import UserTableConfig

BODY_LIMIT_BYTES = 16_384
_AT_ONCE = 32  # log-ins under way in this process
_THREADS = 16
_GRACE_SECONDS = 2.0
_log = logging.getLogger("gateway.login")
_T = TypeVar("_T")


class LoginEndpoint:
    """Answers log-ins, refreshes and log-outs of people."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._threads = ThreadPoolExecutor(_THREADS, "login")
        self._under_way = 0
        self._request_ids = (
            f"{head}-{number:x}" for head in [secrets.token_hex(6)] for number in itertools.count(1)
        )

    async def respond(self, http: HttpRequest, action: str) -> Response:
        """Return the answer to one request; every error becomes one here."""
        request_id, started = next(self._request_ids), time.monotonic()
        headers = {"X-Request-Id": request_id}
        event: dict[str, Any] = {"requestId": request_id, "action": action, "client": http.client}
        try:
            body = _body_of(http)
            limit = self._runtime.limits.default.requests_per_second
            await self._runtime.rate.take(f"{http.client}", limit)
            asked_for, found = await self._runtime.authenticator.login_target(http)
            place = LoginPlace.of(asked_for, found)
            answer = await self._answer(action, place, body, http)
            headers |= tenant_headers(place.tenant, place.environment) if answer else {}
            event |= {"code": "OK", "ms": round((time.monotonic() - started) * 1000)}
            _log.info("log-in door answered", extra={"event": event})
            return Response(200, orjson.dumps(answer), JSON, headers)
        except LoginRefused as refusal:
            wait = {"Retry-After": str(refusal.retry_seconds)}
            return self._failed(
                HttpProblem(refusal.status, str(refusal), "OVERLOADED", wait), event, headers
            )
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
            return self._failed(error, event, headers)

    def close(self) -> None:
        """Let threads end with what they do now."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(
        self, action: str, place: LoginPlace, body: Mapping[str, Any], http: HttpRequest
    ) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        rows_of = partial(_WorkersRows, self._runtime, loop)
        if action == "login":
            username = _text(body, "username", LONGEST_NAME)
            password = _text(body, "password", LONGEST_PASSWORD)
            attempt = Attempt(place, username, password, http.client or "")
            return await self._in_thread(partial(_log_in, attempt, rows_of))
        token = _text(body, "refresh_token", LONGEST_NAME)
        if action == "refresh":
            return await self._in_thread(partial(_refresh, place, token, rows_of))
        await self._in_thread(partial(log_out, token, place.tenant_pk, place.environment))
        return {}

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread. Raises TooBusy where too many are under way."""
        if self._under_way >= _AT_ONCE:
            raise TooBusy
        self._under_way += 1
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, self._runtime.control.run, work)
        future.add_done_callback(self._ended)  # its client may be gone before
        return await asyncio.shield(future)

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()  # looked at: who waited may be gone

    def _failed(
        self, error: Exception, event: dict[str, Any], headers: Mapping[str, str]
    ) -> Response:
        problem = problem_of(error, event["requestId"])
        event |= {"code": problem.code, "error": type(error).__name__}
        if problem.is_internal:
            _log.error("log-in door failed", extra={"event": event}, exc_info=error)
        else:
            cause = (
                error.why if isinstance(error, UserTableUnusable) else next(causes_of(error), "")
            )
            _log.info("log-in door refused", extra={"event": event | {"cause": str(cause)}})
        return problem_response(problem, JSON, headers)


@dataclass(frozen=True)
class _WorkersRows:
    """Rows that the gateway's workers read, for a thread that waits for them."""

    runtime: Runtime
    loop: asyncio.AbstractEventLoop
    alias: Alias
    config: UserTableConfig

    def find(self, username: str) -> list[UserRow]:
        return self._run(lambda query: query.find(username))

    def store_hash(self, row: UserRow, new_hash: str) -> bool:
        try:
            return self._run(lambda query: query.store_hash(row, new_hash))
        except (Overloaded, DeadlinePassed):
            return False  # the next log-in tries again

    def _run(self, use: Callable[[UserTableQuery], _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(self._use(use), self.loop)
        try:
            # Longer than the deadline inside: it is for a server that ends meanwhile.
            return future.result(self.runtime.config.deadline_ms / 1000 + _GRACE_SECONDS)
        except TimeoutError:
            raise DeadlinePassed from None

    async def _use(self, use: Callable[[UserTableQuery], _T]) -> _T:
        runtime, alias = self.runtime, self.alias
        deadline = Deadline.after_ms(runtime.config.deadline_ms, time.monotonic)
        until = Deadline.after_ms(runtime.config.catalog_deadline_ms, time.monotonic)

        def work(lease: Lease) -> _T:
            query = user_table_query(alias, self.config)
            with lease():
                return use(query)

        with runtime.breakers.guard(alias):
            if runtime.registry.peek(alias) is None:
                read = partial(_read_catalog, runtime, alias)
                await runtime.readers.run(alias, deadline, read, until)
            return await runtime.workers.run(alias, deadline, work)


def _read_catalog(runtime: Runtime, alias: Alias, _lease: Lease) -> None:
    runtime.registry.entry(alias)


def _log_in(attempt: Attempt, rows_of: Callable[..., _WorkersRows]) -> dict[str, Any]:
    return _tokens(begin_session(log_in(attempt, rows_of)))


def _refresh(place: LoginPlace, token: str, rows_of: Callable[..., _WorkersRows]) -> dict[str, Any]:
    session = session_of(token, place.tenant_pk, place.environment)
    person = look_again(place, session.username, rows_of)
    return _tokens(continue_session(session, token, person))


def _tokens(tokens: SessionTokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in_seconds,
        "refresh_token": tokens.refresh_token,
        "refresh_expires_in": tokens.refresh_expires_in_seconds,
        "tenant": tokens.person.tenant,
        "environment": tokens.person.environment,
        "role": tokens.person.role,
    }


def _body_of(http: HttpRequest) -> Mapping[str, Any]:
    """Return the object that a POST carries. Raises HttpProblem."""
    if http.method != "POST":
        raise HttpProblem(405, "Use POST here.", headers={"Allow": "POST"})
    media_type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise HttpProblem(415, f"The Content-Type must be {JSON}.")
    try:
        body = orjson.loads(http.body)
    except orjson.JSONDecodeError:
        raise HttpProblem(400, "The body is no valid JSON.") from None
    if not isinstance(body, dict):
        raise HttpProblem(400, "The body must be a JSON object.")
    return body


def _text(body: Mapping[str, Any], name: str, longest: int) -> str:
    """Return a field of the body. Raises HttpProblem, which never repeats what was sent."""
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > longest or "\0" in value:
        text = f"{name} must be a text of 1 to {longest} characters, without NUL."
        raise HttpProblem(400, text)
    return value
