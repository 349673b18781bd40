"""PostgreSQL: libpq takes addresses and the name; it cancels over another connection."""

from __future__ import annotations

from typing import Any

from dynamic_databases.aliases import Alias
from dynamic_databases.config.hosts import host_name
from dynamic_databases.connections.driver_defaults import postgresql_parameters
from dynamic_databases.connections.egress import allowed_addresses, opened_socket
from dynamic_databases.connections.sockets import has_input
from dynamic_databases.connections.state import socket_in, state_of

# How values are spelled is not left to the defaults of a database or a role. Nested lists look
# costly to the planner, so that it compiles them (JIT): for seconds, to read a few rows.
_SESSION = (
    "SET statement_timeout = {}; SET intervalstyle = 'iso_8601';"
    " SET datestyle = 'ISO'; SET extra_float_digits = 1; SET jit = off"
)


def connect(wrapper: Any, django_connect: Any, parameters: dict[str, Any]) -> Any:
    """The name stays for the certificate's check (libpq manual, "hostaddr")."""
    addresses = allowed_addresses(wrapper)
    name = host_name(wrapper.settings_dict["HOST"])
    pinned = {"host": ",".join([name] * len(addresses)), "hostaddr": ",".join(addresses)}
    defaults = postgresql_parameters(parameters.get("sslmode"))
    connection = django_connect({**defaults, **parameters, **pinned})
    state_of(wrapper).socket = opened_socket(connection)
    return connection


def set_up(wrapper: Any, statement_timeout_ms: int) -> None:
    with wrapper.cursor() as cursor:
        cursor.execute(_SESSION.format(statement_timeout_ms))


def is_stale(wrapper: Any) -> bool:
    """Something arrives on an idle connection where its server ended it, as a rule."""
    return has_input(wrapper.connection.pgconn.socket)


def cancel(_wrapper: Any, connection: Any, seconds: float) -> None:
    connection.cancel_safe(timeout=seconds)


def shut_down(wrapper: Any) -> None:
    socket_in(wrapper).shut_down()


def forget(_alias: Alias) -> None:
    """The driver keeps nothing."""
