"""Keeps the drivers from what they take by themselves: variables and files of the gateway's user.

A registered database is on a server that somebody else chose. libpq would send it PGPASSWORD, a
line of ~/.pgpass or a client certificate; MariaDB's client would send MYSQL_PWD (decision 0022).
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from psycopg import pq

_NO_FILE = "/dev/null/none"  # never a file, and no warning: libpq asks for it by stat()
# How the server is checked stays the operator's: none of this is sent.
_CHECKS_THE_SERVER = {"sslmode", "sslrootcert", "sslcrl", "sslcrldir"}
# Where libpq has no default text for a parameter that it would read from a variable, and where
# its default is a file (PostgreSQL manual, "Parameter Key Words" and "The Password File").
_POSTGRESQL = {
    "port": "5432",
    "passfile": _NO_FILE,
    "sslcert": _NO_FILE,
    "sslkey": _NO_FILE,
    "sslcertmode": "disable",
    "require_auth": "!gss,!sspi",  # a Kerberos ticket is the gateway's own, too
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
    "load_balance_hosts": "disable",
}
# libpq sends these to any server, and no parameter overrides them (manual, "Environment
# Variables").
_SENT_TO_ANY_SERVER = ("PGDATESTYLE", "PGTZ", "PGGEQO")
# The modes that never go without TLS.
_ENCRYPTED = {"require", "verify-ca", "verify-full"}
_NOT_IN_CLEAR = "!password,"
_MYSQL_PREFIXES = ("MYSQL_", "MARIADB_", "LIBMYSQL_")


def postgresql_parameters(sslmode: str | None) -> dict[str, str]:
    """Return what a connection takes instead of variables and files of the gateway's user.

    A server may ask for the password in clear only where the connection is encrypted for sure:
    anybody on the way could ask.
    """
    parameters = _postgresql_parameters()
    mode = sslmode or os.environ.get("PGSSLMODE", "")
    if mode in _ENCRYPTED or "require_auth" not in parameters:
        return parameters
    return parameters | {"require_auth": _NOT_IN_CLEAR + parameters["require_auth"]}


@cache
def _postgresql_parameters() -> dict[str, str]:
    """Return a value for each parameter that libpq would take from a variable or file.

    A parameter that is given is looked up nowhere else, not even in a service file.
    """
    return {
        option.keyword.decode(): _value(option)
        for option in pq.Conninfo.get_defaults()
        if option.envvar
        and option.keyword != b"service"  # with all others given it has nothing left to say
        and option.keyword.decode() not in _CHECKS_THE_SERVER
    }


def remove_variables() -> None:
    """Take the variables away that a driver reads and no parameter overrides.

    The control database needs none of them: it is SQLite or PostgreSQL.
    """
    for name in tuple(os.environ):
        if name in _SENT_TO_ANY_SERVER or name.startswith(_MYSQL_PREFIXES):
            del os.environ[name]


def _value(option: Any) -> str:
    default = option.compiled.decode() if option.compiled else ""
    return _POSTGRESQL.get(option.keyword.decode(), default)
