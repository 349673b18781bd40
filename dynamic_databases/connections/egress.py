"""Egress check: resolve once, check every address, connect to exactly those (no DNS rebinding).

A name that is resolved once to be checked and again to be connected to may mean two things.
"""

from __future__ import annotations

import socket
from typing import Any

from dynamic_databases.config.hosts import HostRules, host_name
from dynamic_databases.connections.sockets import DriverSocket, socket_of
from dynamic_databases.errors import CannotConnect, InvalidConfig
from dynamic_databases.package_settings import package_setting

REFUSED = "The database can't be reached."


def host_rules() -> HostRules:
    """Return the rules of the settings."""
    return HostRules(
        package_setting("GATEWAY_ALLOWED_HOSTS"), package_setting("GATEWAY_DENIED_NETWORKS")
    )


def opened_socket(connection: Any) -> DriverSocket:
    """Return the socket of a driver's connection that was opened now. Raises CannotConnect."""
    try:
        return socket_of(connection.fileno())
    except OSError as error:  # its peer ended it a moment after
        connection.close()
        raise CannotConnect(REFUSED) from error


def allowed_addresses(wrapper: Any) -> list[str]:
    """Return the addresses that the host has now, each allowed. Raises CannotConnect."""
    name, port = host_name(wrapper.settings_dict["HOST"]), wrapper.settings_dict["PORT"]
    try:
        found = socket.getaddrinfo(name, int(port or 0), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotConnect(REFUSED) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        check_address(wrapper, address)
    return addresses


def check_address(wrapper: Any, address: str) -> None:
    """Raise CannotConnect where a wrapper may not connect to an address."""
    try:
        host_rules().check_address(wrapper.settings_dict["HOST"], address)
    except InvalidConfig as error:
        raise CannotConnect(REFUSED) from error
