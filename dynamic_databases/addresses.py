"""Where a connection may go: looked at whenever one is opened, on what it is really opened to.

A name that is resolved once to be checked and again to be connected to may mean two things, and so may a
path: hence addresses are pinned, and a file is asked for after it was opened.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from django.conf import settings

from dynamic_databases.config.hosts import HostRules, host_name
from dynamic_databases.errors import CannotConnect, InvalidConfig

_UNREACHABLE = {2002, 2003, 2005}  # MySQL's client: nobody there
_REFUSED = "The database can't be reached."


def host_rules() -> HostRules:
    """Return the rules of the settings."""
    return HostRules(settings.GATEWAY_ALLOWED_HOSTS, settings.GATEWAY_DENIED_NETWORKS)


def guard(wrapper: Any) -> None:
    """Have a wrapper of a registered database connect to what is allowed alone, else raise CannotConnect."""
    connect = wrapper.get_new_connection
    guards = {
        "sqlite": _in_jail,
        "postgresql": _pinned_postgresql,
        "mysql": _pinned_mysql,
        "microsoft": _pinned_microsoft,
    }
    opened = guards[wrapper.vendor]
    wrapper.get_new_connection = lambda parameters: opened(wrapper, connect, parameters)


def _in_jail(_wrapper: Any, connect: Any, parameters: dict[str, Any]) -> Any:
    connection = connect(parameters)
    opened = next(row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
    root = Path(settings.GATEWAY_SQLITE_ROOT).resolve()
    if not Path(opened).resolve().is_relative_to(root):
        connection.close()
        raise CannotConnect(_REFUSED) from InvalidConfig(
            "NAME", "its file is a link out of GATEWAY_SQLITE_ROOT"
        )
    return connection


def _pinned_postgresql(wrapper: Any, connect: Any, parameters: dict[str, Any]) -> Any:
    addresses = _addresses(wrapper)
    name = host_name(wrapper.settings_dict["HOST"])
    # The name stays for the certificate's check (libpq manual, "hostaddr").
    pinned = {"host": ",".join([name] * len(addresses)), "hostaddr": ",".join(addresses)}
    return connect({**parameters, **pinned})


def _pinned_mysql(wrapper: Any, connect: Any, parameters: dict[str, Any]) -> Any:
    """The client has no place for an address beside the name: only a certificate's check needs the name."""
    addresses = _addresses(wrapper)
    if wrapper.settings_dict["OPTIONS"].get("ssl_mode") == "VERIFY_IDENTITY":
        connection = connect(parameters)
        with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy:
            _check(wrapper, copy.getpeername()[0])
        return connection
    for address in addresses[:-1]:
        try:
            return connect({**parameters, "host": address})
        except wrapper.Database.OperationalError as error:
            if error.args[0] not in _UNREACHABLE:
                raise
    return connect({**parameters, "host": addresses[-1]})


def _pinned_microsoft(wrapper: Any, connect: Any, parameters: dict[str, Any]) -> Any:
    addresses = _addresses(wrapper)
    name, backslash, instance = wrapper.settings_dict["HOST"].partition("\\")
    options = wrapper.settings_dict["OPTIONS"]
    extra = options.get("extra_params", "")
    if addresses == [host_name(name)]:
        return connect(parameters)  # it is an address already
    if "multisubnetfailover=yes" in extra.lower().replace(" ", ""):
        return connect(parameters)  # the driver tries all addresses at once, by the name
    if "hostnameincertificate" not in extra.lower():
        extra = ";".join(filter(None, (extra.rstrip(";"), f"HostNameInCertificate={name}")))
    host = f"{addresses[0]}{backslash}{instance}"
    return connect({**parameters, "HOST": host, "OPTIONS": {**options, "extra_params": extra}})


def _addresses(wrapper: Any) -> list[str]:
    """Return the addresses that the host has now, each allowed. Raises CannotConnect."""
    name, port = host_name(wrapper.settings_dict["HOST"]), wrapper.settings_dict["PORT"]
    try:
        found = socket.getaddrinfo(name, int(port or 0), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotConnect(_REFUSED) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        _check(wrapper, address)
    return addresses


def _check(wrapper: Any, address: str) -> None:
    try:
        host_rules().check_address(wrapper.settings_dict["HOST"], address)
    except InvalidConfig as error:
        raise CannotConnect(_REFUSED) from error
