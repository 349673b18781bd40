"""MySQL and MariaDB: KILL QUERY over a second connection, to the address that the first one has.

A session's number means something on its own server alone. The host's name may stand for several
servers, or for another one by now, so that it isn't resolved again.
"""

from __future__ import annotations

import math
from contextlib import closing
from typing import Any

from dynamic_databases.aliases import Alias
from dynamic_databases.connections.egress import (
    allowed_addresses,
    check_address,
    opened_socket,
)
from dynamic_databases.connections.sockets import has_input, socket_of
from dynamic_databases.connections.state import socket_in, state_of
from dynamic_databases.errors import CannotConnect

_ELSEWHERE = "The host's name stands for another server by now."
_UNREACHABLE = {2002, 2003, 2005}  # the client's numbers: no server there
_TLS_MODES = ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
# `{}` is the time in milliseconds that a statement may take. MySQL's own limit is for reads alone;
# the waits for locks, which writes may hang on, are whole seconds on both. JSON is put together in
# a session's memory, up to a packet's size.
_SESSION = (
    "SET SESSION time_zone = '+00:00', group_concat_max_len = 1073741824,"
    " innodb_lock_wait_timeout = ceil({} / 1000), @gateway = 0, lc_messages = 'en_US',"
    " sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
    "/*M!, max_statement_time = {} / 1000 *//*!80000, max_execution_time = {} */"
)


def connect(wrapper: Any, django_connect: Any, parameters: dict[str, Any]) -> Any:
    """What is needed while a statement runs is asked now: the driver can't be asked then."""
    connection = _connected(wrapper, django_connect, parameters)
    state = state_of(wrapper)
    state.socket = opened_socket(connection)
    state.session_number = connection.thread_id()
    return connection


def set_up(wrapper: Any, statement_timeout_ms: int) -> None:
    _require_tls(wrapper)
    with wrapper.cursor() as cursor:
        cursor.execute(_SESSION.replace("{}", str(statement_timeout_ms)))


def is_stale(wrapper: Any) -> bool:
    """Something arrives on an idle connection where its server ended it, as a rule."""
    return has_input(socket_in(wrapper).descriptor)


def cancel(wrapper: Any, _connection: Any, seconds: float) -> None:
    peer, number = socket_in(wrapper).peer, state_of(wrapper).session_number
    options = {**wrapper.get_connection_params(), "connect_timeout": math.ceil(seconds)}
    needs_name = _verifies_identity(wrapper)
    if not needs_name:
        options["host"] = peer[0]
    with wrapper.wrap_database_errors, closing(wrapper.Database.connect(**options)) as other:
        if needs_name and socket_of(other.fileno()).peer != peer:
            raise CannotConnect(_ELSEWHERE)
        other.query(f"KILL QUERY {number}")


def shut_down(wrapper: Any) -> None:
    socket_in(wrapper).shut_down()


def forget(_alias: Alias) -> None:
    """The driver keeps nothing."""


def _connected(wrapper: Any, django_connect: Any, parameters: dict[str, Any]) -> Any:
    """The client takes no address with the name: only a certificate's check needs the name."""
    addresses = allowed_addresses(wrapper)
    if _verifies_identity(wrapper):
        connection = django_connect(parameters)
        check_address(wrapper, opened_socket(connection).peer[0])
        return connection
    for address in addresses[:-1]:
        try:
            return django_connect({**parameters, "host": address})
        except wrapper.Database.OperationalError as error:
            if error.args[0] not in _UNREACHABLE:
                raise
    return django_connect({**parameters, "host": addresses[-1]})


def _verifies_identity(wrapper: Any) -> bool:
    """Return whether the server's certificate is checked against the host's name."""
    return bool(wrapper.settings_dict["OPTIONS"].get("ssl_mode") == "VERIFY_IDENTITY")


def _require_tls(wrapper: Any) -> None:
    """MariaDB's client takes REQUIRED and may connect without TLS: check the connection."""
    if wrapper.settings_dict["OPTIONS"].get("ssl_mode") not in _TLS_MODES:
        return
    with wrapper.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        cipher = cursor.fetchone()
    if not cipher or not cipher[1]:
        wrapper.close()
        raise CannotConnect("The server doesn't speak TLS, which ssl_mode requires.")
