"""The schema as a Django app: it teaches drivers our SQL, and owns what seals cursors."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string

from dynamic_databases.package_settings import package_setting
from schema.execution.cursors import Cursors

_TAUGHT_BY = {  # Django's name of the vendor → what a new connection is given to
    "mysql": "schema.sql.mysql_values.add_literals",
    "sqlite": "schema.sql.sqlite_functions.add_functions",
}


class SchemaConfig(AppConfig):
    """Connects one signal; `cursors` is made from the gateway's secret keys."""

    name = "schema"
    cursors: Cursors

    def ready(self) -> None:
        self.cursors = Cursors(package_setting("GATEWAY_SECRET_KEYS"))
        connection_created.connect(_teach)


def _teach(connection: Any, **_kwargs: Any) -> None:
    """Teach a connection what our SQL needs, imported with the first one that needs it.

    Django's `connection_created`. The control database gets none of our SQL: a command that opens
    no other imports no plans and no graphql-core, which take a fifth of its time.
    """
    path = _TAUGHT_BY.get(connection.vendor)
    if path is not None and connection.alias != DEFAULT_DB_ALIAS:
        import_string(path)(connection)
