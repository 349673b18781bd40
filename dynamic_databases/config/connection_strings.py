"""ADO.NET and ODBC connection strings of SQL Server → a value of `settings.DATABASES`.

Keywords and synonyms: Microsoft.Data.SqlClient's `SqlConnection.ConnectionString` page and the
ODBC driver's "DSN and connection string keywords" page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dynamic_databases.errors import InvalidConfig

# What each documented keyword means here: a part of the configuration, or why it is refused, or
# "ignored" where it steers something that a server-side gateway does itself (pooling, language…).
# Keywords are compared without case, spaces and underscores.
_MEANINGS: dict[str, tuple[str, ...]] = {
    "server": ("server", "datasource", "address", "addr", "networkaddress"),
    "name": ("database", "initialcatalog"),
    "user": ("userid", "uid", "user", "username"),
    "password": ("password", "pwd"),
    "port": ("port",),
    "encrypt": ("encrypt",),
    "trust": ("trustservercertificate",),
    "intent": ("applicationintent",),
    "subnet": ("multisubnetfailover",),
    "certificate host": ("hostnameincertificate",),
    "connect timeout": ("connecttimeout", "connectiontimeout", "timeout", "logintimeout"),
    "command timeout": ("commandtimeout", "querytimeout"),
    "driver": ("driver", "provider"),
    "integrated": ("integratedsecurity", "trustedconnection"),
    "authentication": ("authentication",),
    "ignored": (
        *(
            "applicationname app workstationid wsid packetsize pooling minpoolsize maxpoolsize "
            "connectionlifetime loadbalancetimeout connectionreset enlist "
            "multipleactiveresultsets marsconnection persistsecurityinfo currentlanguage language "
            "asynchronousprocessing async replication transactionbinding typesystemversion "
            "poolblockingperiod connectretrycount connectretryinterval columnencryptionsetting "
            "columnencryption ipaddresspreference quotedid ansinpw autotranslate regional "
            "tdsversion clientcharset description networklibrary network net keepalive "
            "keepaliveinterval transparentnetworkipresolution"
        ).split(),
    ),
    "refused: it opens a file on the server": (
        "attachdbfilename",
        "extendedproperties",
        "initialfilename",
        "dsn",
        "filedsn",
        "savefile",
        "querylogfile",
        "querylogon",
        "querylogtime",
        "statslogfile",
        "statslogon",
        "servercertificate",
        "clientcertificate",
        "clientkey",
    ),
    "refused: it sends the connection elsewhere": (
        "failoverpartner",
        "failoverpartnerspn",
        "serverspn",
        "userinstance",
        "contextconnection",
        "enclaveattestationurl",
        "attestationprotocol",
        "accesstoken",
        "usefmtonly",
    ),
}
_MEANING_OF = {keyword: meaning for meaning, keywords in _MEANINGS.items() for keyword in keywords}
_TRUE = {"true", "yes", "1", "mandatory"}
_FALSE = {"false", "no", "0", "optional"}
_LOCAL = {".", "(local)", "localhost"}


def config_from_connection_string(text: str) -> dict[str, Any]:
    """Return the configuration of a SQL Server connection string. Raises InvalidConfig.

    A keyword that is given twice counts as its driver does: the last for ADO.NET, the first for
    ODBC (a string with `Driver=`).
    """
    pairs = list(_pairs(text))
    if not pairs:
        raise InvalidConfig(
            "connection string", "it is empty; write Server=…;Database=…;User ID=…;Password=…"
        )
    odbc = any(_fold(keyword) == "driver" for keyword, _ in pairs)
    found: dict[str, tuple[str, str]] = {}
    for keyword, value in pairs:
        meaning = _meaning(keyword)
        if not (odbc and meaning in found):
            found[meaning] = (keyword, value)
    return _config({meaning: value for meaning, (_, value) in found.items()})


def _meaning(keyword: str) -> str:
    meaning = _MEANING_OF.get(_fold(keyword))
    if meaning is None:
        raise InvalidConfig(keyword, "no such keyword in a SQL Server connection string")
    if meaning.startswith("refused"):
        raise InvalidConfig(keyword, meaning)
    return meaning


def _fold(keyword: str) -> str:
    return re.sub(r"[\s_]+", "", keyword).lower()


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while True:
        at = _skip(text, at, "; \t\r\n")
        if at >= len(text):
            return
        keyword, at = _keyword(text, at)
        value, at = _value(text, _skip(text, at, " \t\r\n"), keyword)
        yield keyword, value


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def _keyword(text: str, at: int) -> tuple[str, int]:
    start = at
    while at < len(text):
        if text.startswith("==", at):  # a doubled '=' is part of the keyword
            at += 2
        elif text[at] == "=":
            return text[start:at].strip().replace("==", "="), at + 1
        elif text[at] == ";":
            break
        else:
            at += 1
    # The text may be the tail of a badly quoted password: it is not repeated in the message.
    if "=" not in text:
        raise InvalidConfig(
            "connection string",
            "it has no '='; write Server=…;Database=…, or a URL with its "
            "scheme: sqlite:///books.sqlite3, postgresql://user:password@host/name",
        )
    raise InvalidConfig(
        "connection string",
        f"the part at character {start + 1} has no '='; "
        "a value with ';' is quoted: \"a;b\", 'a;b' or {a;b}",
    )


def _value(text: str, at: int, keyword: str) -> tuple[str, int]:
    closing = {'"': '"', "'": "'", "{": "}"}.get(text[at : at + 1])
    if closing is None:
        is_password = _MEANING_OF.get(_fold(keyword)) == "password"
        end = _end_of_password(text, at) if is_password else _semicolon(text, at)
        return text[at:end].strip(), end
    value, at = _quoted(text, at + 1, closing, keyword)
    at = _skip(text, at, " \t\r\n")
    if at < len(text) and text[at] != ";":
        raise InvalidConfig(
            keyword, f"something follows the closing {closing}; double a {closing} inside the value"
        )
    return value, at


def _semicolon(text: str, at: int) -> int:
    """Return where the next ';' is, or the end of the text."""
    found = text.find(";", at)
    return len(text) if found < 0 else found


def _end_of_password(text: str, at: int) -> int:
    """Return where a password ends that isn't quoted though it holds ';'.

    A part without '=' that is no keyword can only be its continuation.
    """
    end = last = _semicolon(text, at)
    while last < len(text):
        following = _semicolon(text, last + 1)
        part = text[last + 1 : following]
        if "=" in part or _fold(part) in _MEANING_OF:
            break
        last = following
        end = following if part.strip() else end
    return end


def _quoted(text: str, at: int, closing: str, keyword: str) -> tuple[str, int]:
    parts: list[str] = []
    while True:
        end = text.find(closing, at)
        if end < 0:
            raise InvalidConfig(keyword, f"the value has no closing {closing}")
        parts.append(text[at:end])
        if not text.startswith(closing * 2, end):
            return "".join(parts), end + 1
        parts.append(closing)
        at = end + 2


def _config(found: dict[str, str]) -> dict[str, Any]:
    _refuse_other_log_ins(found)
    if not found.get("server"):
        raise InvalidConfig("Server", "it is missing; write Server=host or Server=host,port")
    if not found.get("name"):
        raise InvalidConfig("Database", "it is missing; write Database=… or Initial Catalog=…")
    host, port = _server(found["server"])
    return {
        "ENGINE": "mssql",
        "NAME": found["name"],
        "USER": found.get("user", ""),
        "PASSWORD": found.get("password", ""),
        "HOST": host,
        "PORT": port or found.get("port", ""),
        "OPTIONS": _options(found),
    }


def _refuse_other_log_ins(found: dict[str, str]) -> None:
    if found.get("integrated", "no").lower() in {*_TRUE, "sspi"}:
        raise InvalidConfig(
            "Integrated Security", "Windows log-ins can't be used; give User ID and Password"
        )
    if _fold(found.get("authentication", "")) not in {"", "sqlpassword", "notspecified"}:
        raise InvalidConfig(
            "Authentication", "only SqlPassword can be used; give User ID and Password"
        )


def _server(text: str) -> tuple[str, str]:
    r"""`tcp:host\INSTANCE,port` in either order → (host or host\INSTANCE, port)."""
    protocol, colon, rest = text.partition(":")
    if colon and _fold(protocol) in {"np", "lpc", "admin"}:
        raise InvalidConfig("Server", f"the protocol {protocol}: can't be used; use tcp:")
    server = rest if colon and _fold(protocol) == "tcp" else text
    port, instance = "", ""
    if match := re.search(r",\s*(\d+)\s*", server):
        port = match.group(1)
        server = server[: match.start()] + server[match.end() :]
    elif "," in server:
        raise InvalidConfig("Server", "the port after ',' is no number")
    host, _, instance = server.strip().partition("\\")
    if host.lower() == "(localdb)":
        raise InvalidConfig("Server", "(localdb) can't be reached from a server; name a host")
    host = "localhost" if host.lower() in _LOCAL else host.strip()
    if not host:
        raise InvalidConfig("Server", "it names no host")
    return (f"{host}\\{instance}" if instance and not port else host), port


def _options(found: dict[str, str]) -> dict[str, Any]:
    extra = [f"Encrypt={_encrypt(found.get('encrypt', 'yes'))}"]
    if "trust" in found:
        extra.append(f"TrustServerCertificate={_yes_no('TrustServerCertificate', found['trust'])}")
    if "subnet" in found:
        extra.append(f"MultiSubnetFailover={_yes_no('MultiSubnetFailover', found['subnet'])}")
    if "intent" in found:
        extra.append(f"ApplicationIntent={found['intent']}")
    if "certificate host" in found:
        extra.append(f"HostNameInCertificate={found['certificate host']}")
    options: dict[str, Any] = {"python_driver": "mssql_python", "extra_params": ";".join(extra)}
    for meaning, option in (
        ("connect timeout", "connection_timeout"),
        ("command timeout", "query_timeout"),
    ):
        if meaning in found:
            options[option] = _seconds(meaning, found[meaning])
    return options


def _encrypt(value: str) -> str:
    return "strict" if value.lower() == "strict" else _yes_no("Encrypt", value)


def _yes_no(keyword: str, value: str) -> str:
    if value.lower() in _TRUE:
        return "yes"
    if value.lower() in _FALSE:
        return "no"
    raise InvalidConfig(keyword, "it must be yes, no, true or false")


def _seconds(keyword: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise InvalidConfig(keyword, "it must be a whole number of seconds")
    return int(value)
