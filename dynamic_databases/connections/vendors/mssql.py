"""SQL Server: the driver can't cancel and tells no socket; `query_timeout` ends a statement."""

from __future__ import annotations

import math
import sys
from typing import Any

from dynamic_databases.aliases import Alias
from dynamic_databases.config.hosts import host_name
from dynamic_databases.connections.egress import allowed_addresses
from dynamic_databases.connections.vendors.mssql_cursor import complete

# A language brings its own order of day and month: DATEFORMAT is set again, as mssql-django does.
SESSION = (
    "SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT {};"
    " SET LANGUAGE us_english; SET DATEFORMAT ymd; SET DATEFIRST 7"
)


def connect(wrapper: Any, django_connect: Any, parameters: dict[str, Any]) -> Any:
    wrapper.create_cursor = lambda name=None: complete(type(wrapper).create_cursor(wrapper, name))
    addresses = allowed_addresses(wrapper)
    name, backslash, instance = wrapper.settings_dict["HOST"].partition("\\")
    options = wrapper.settings_dict["OPTIONS"]
    extra = options.get("extra_params", "")
    if addresses == [host_name(name)]:
        return django_connect(parameters)  # it is an address already
    if "multisubnetfailover=yes" in extra.lower().replace(" ", ""):
        return django_connect(parameters)  # the driver tries all addresses at once, by the name
    if "hostnameincertificate" not in extra.lower():
        extra = ";".join(filter(None, (extra.rstrip(";"), f"HostNameInCertificate={name}")))
    host = f"{addresses[0]}{backslash}{instance}"
    return django_connect(
        {**parameters, "HOST": host, "OPTIONS": {**options, "extra_params": extra}}
    )


def set_up(wrapper: Any, statement_timeout_ms: int) -> None:
    """mssql-django leaves a new connection as its driver opens it: always in a transaction."""
    wrapper.connection.autocommit = True
    wrapper.connection.timeout = math.ceil(statement_timeout_ms / 1000)
    with wrapper.cursor() as cursor:
        cursor.execute(SESSION.format(statement_timeout_ms))


def is_stale(_wrapper: Any) -> bool:
    """Nothing tells."""
    return False


def cancel(_wrapper: Any, _connection: Any, _seconds: float) -> None:
    """The server's own limit ends it."""


def shut_down(_wrapper: Any) -> None:
    """The driver keeps its socket to itself."""


def forget(alias: Alias) -> None:
    """mssql-django keeps the version of each alias's server for the life of the process."""
    if mssql := sys.modules.get("mssql.base"):
        mssql.DatabaseWrapper._known_versions.pop(alias, None)
        mssql.DatabaseWrapper._known_azures.pop(alias, None)
