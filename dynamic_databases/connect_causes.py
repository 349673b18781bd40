"""Why no connection could be opened, in words for operators; tenants get none of this.

A driver's exception is classed; its own text, which may hold a host or a user, is never passed on.
Numbers and states: PostgreSQL manual, appendix A; MySQL and MariaDB error references; Microsoft,
"Database engine events and errors". libpq gives no SQLSTATE for a failed connection, only its text.
"""

from __future__ import annotations

import re
import socket
import sqlite3
from dataclasses import dataclass

import psycopg

from dynamic_databases.concurrency.exceptions import causes_of
from dynamic_databases.errors import DatabaseProblem, InvalidConfig, Unavailable


@dataclass(frozen=True)
class Cause:
    """What is wrong, and what to do."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}."


UNKNOWN_HOST = Cause("The host's name is unknown", "check HOST and the DNS of this machine")
CLOSED_PORT = Cause(
    "The host refuses connections to this port",
    "check PORT, whether the server runs, and on which addresses it listens",
)
UNREACHABLE = Cause("There is no route to the host", "check HOST, the network and its firewalls")
TIMED_OUT = Cause(
    "The server didn't answer in time",
    "check HOST, firewalls and GATEWAY_CONNECT_TIMEOUT_SECONDS",
)
LOG_IN_REFUSED = Cause("The server refuses the log-in", "check USER and PASSWORD")
ADDRESS_REFUSED = Cause(
    "The server lets nobody in from this address, or not without TLS",
    "allow it there (PostgreSQL: pg_hba.conf; MySQL: the account's host part), or ask for TLS",
)
NO_RIGHT = Cause(
    "The user may not connect to this database", "grant it there (CONNECT, or any right)"
)
MISSING_DATABASE = Cause("The server has no such database", "check NAME")
CERTIFICATE = Cause(
    "The server's certificate can't be verified",
    "use the name in the certificate as HOST and an authority that this machine trusts;"
    " SQL Server in a closed network: TrustServerCertificate=yes",
)
NO_TLS = Cause(
    "The server doesn't speak TLS as it is asked for",
    "turn TLS on there, or ask for less (sslmode, ssl_mode, Encrypt)",
)
TLS_REQUIRED = Cause(
    "The server takes connections with TLS alone", "ask for it (sslmode, ssl_mode, Encrypt)"
)
TOO_MANY = Cause(
    "The server has no free connection", "raise its limit, or lower GATEWAY_SERVER_CONNECTIONS"
)
NOT_READY = Cause("The server is starting or shutting down", "try again")
PLUGIN_MISSING = Cause(
    "The server asks for a way to log in that the client lacks",
    "use an account with caching_sha2_password or mysql_native_password",
)
CLEAR_PASSWORD = Cause(
    "The server, or somebody on the way, asks for the password in clear text",
    "ask for TLS (sslmode), or use an account that logs in otherwise",
)
OTHER_SERVER = Cause(
    "The server hung up before the log-in", "check that PORT is this kind of database's"
)
NO_FILE = Cause(
    "The file can't be opened",
    (
        "check that there is a file NAME in GATEWAY_SQLITE_ROOT, "
        "and that the gateway may read and write it"
    ),
)
NO_DATABASE_FILE = Cause("The file is no SQLite database, or a damaged one", "check NAME")
UNCLASSED = Cause("The driver failed for another reason", "see the server's log")

# By the beginning of the SQLSTATE, where there is one.
_POSTGRESQL_STATES = {
    "28": LOG_IN_REFUSED,
    "3D": MISSING_DATABASE,
    "42501": NO_RIGHT,
    "53": TOO_MANY,
    "57P0": NOT_READY,
}
# By libpq's text. What a server said comes before what the network said of another address.
_POSTGRESQL = (
    (r"requested a? ?cleartext password", CLEAR_PASSWORD),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects", ADDRESS_REFUSED),
    (
        r"authentication (?:failed|method)|no password supplied|role .* does not exist",
        LOG_IN_REFUSED,
    ),
    (r"no PostgreSQL user name|not permitted to log in|require_auth", LOG_IN_REFUSED),
    (r"database .* does not exist", MISSING_DATABASE),
    (r"permission denied for database", NO_RIGHT),
    (r"too many (?:clients|connections)|connection slots", TOO_MANY),
    (r"system is (?:starting up|shutting down|in recovery)|not yet accepting", NOT_READY),
    (r"certificate", CERTIFICATE),
    (r"does not support SSL|SSL was required|no encryption", NO_TLS),
    (r"[Cc]onnection refused", CLOSED_PORT),
    (r"timeout expired|timed? ?out", TIMED_OUT),
    (r"could not translate host name|Name or service not known", UNKNOWN_HOST),
    (r"unreachable|No route to host", UNREACHABLE),
    (
        r"closed the connection|invalid response|unexpected response|expected authentication",
        OTHER_SERVER,
    ),
)
_MYSQL = {
    1045: LOG_IN_REFUSED,
    1698: LOG_IN_REFUSED,
    1862: LOG_IN_REFUSED,
    3118: LOG_IN_REFUSED,
    4151: LOG_IN_REFUSED,
    1044: NO_RIGHT,
    1049: MISSING_DATABASE,
    1129: ADDRESS_REFUSED,
    1130: ADDRESS_REFUSED,
    1040: TOO_MANY,
    1203: TOO_MANY,
    1226: TOO_MANY,
    1053: NOT_READY,
    1251: PLUGIN_MISSING,
    2059: PLUGIN_MISSING,
    2005: UNKNOWN_HOST,
    3159: TLS_REQUIRED,
}
# The client's numbers for any failure to connect (2002, 2003, 2013, 2026), by their text. MariaDB's
# client says 115 (EINPROGRESS) where the connection was refused, 110 where time ran out.
_MYSQL_TEXTS = (
    (r"\((?:111|115)\b|refused", CLOSED_PORT),
    (r"timed? ?out|\b110\b", TIMED_OUT),
    (r"\((?:101|113)\b|unreachable|No route", UNREACHABLE),
    (r"(?:SSL|TLS).*(?:required|not support|doesn't support|disabled)", NO_TLS),
    (r"certificate|verif|validat|self.signed|(?:SSL|TLS)", CERTIFICATE),
    (r"Lost connection|gone away|malformed", OTHER_SERVER),
)
# By the server's and the driver's English texts or the numbers of these.
_MICROSOFT = (
    (r"login failed|18456", LOG_IN_REFUSED),
    (r"cannot open database|\b4060\b", MISSING_DATABASE),
    (r"certificate|SSL Provider|SSL_connect", CERTIFICATE),
    (r"encryption (?:is )?(?:not supported|required)|required encryption", NO_TLS),
    (r"name or service not known|getaddrinfo|no such host|11001", UNKNOWN_HOST),
    (r"refused|0x2749|0x274D|error code 0x6F\b", CLOSED_PORT),
    (r"login timeout|HYT00|timed? ?out|0x2746|0x102\b", TIMED_OUT),
    (r"network is unreachable|no route", UNREACHABLE),
    (r"server was not found|not accessible|unable to establish|communication link", OTHER_SERVER),
)


def explain(problem: DatabaseProblem) -> str:
    """Return the problem's message for an operator, with its cause where it is unavailable."""
    if not isinstance(problem, Unavailable):
        return str(problem)
    causes = list(causes_of(problem))
    if not causes:
        return str(problem)  # it says itself what is wrong
    return f"{problem} {_cause(causes)}"


def _cause(causes: list[BaseException]) -> str:
    refused = next((one for one in causes if isinstance(one, InvalidConfig)), None)
    return str(refused or _classed(causes[-1]))


def _classed(error: BaseException) -> Cause:
    if isinstance(error, socket.gaierror | UnicodeError):
        return UNKNOWN_HOST
    if isinstance(error, psycopg.Error):
        return _postgresql(error)
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "")
        is_other = name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))
        return NO_DATABASE_FILE if is_other else NO_FILE
    if type(error).__module__.startswith("MySQLdb"):
        return _mysql(error)
    return _by_text(_MICROSOFT, str(error))


def _postgresql(error: psycopg.Error) -> Cause:
    for beginning, cause in _POSTGRESQL_STATES.items():
        if (error.sqlstate or "").startswith(beginning):
            return cause
    return _by_text(_POSTGRESQL, str(error))


def _mysql(error: BaseException) -> Cause:
    number = error.args[0] if error.args else None
    return _MYSQL.get(number) or _by_text(_MYSQL_TEXTS, str(error))  # type: ignore[arg-type]


def _by_text(table: tuple[tuple[str, Cause], ...], text: str) -> Cause:
    fitting = (cause for pattern, cause in table if re.search(pattern, text, re.IGNORECASE))
    return next(fitting, UNCLASSED)
