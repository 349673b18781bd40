"""The schema as a Django app: it gives SQLite its functions, and owns what seals cursors."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from dynamic_databases.package_settings import package_setting
from schema.execution.cursors import Cursors
from schema.sql.mysql_values import add_literals
from schema.sql.sqlite_functions import add_functions


class SchemaConfig(AppConfig):
    """Connects one signal; `cursors` is made from the gateway's secret keys."""

    name = "schema"
    cursors: Cursors

    def ready(self) -> None:
        self.cursors = Cursors(package_setting("GATEWAY_SECRET_KEYS"))
        connection_created.connect(add_functions)
        connection_created.connect(add_literals)
