"""The schema as a Django app: it gives SQLite the functions that spell values as JSON."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from schema.sql.sqlite import add_functions


class SchemaConfig(AppConfig):
    """Connects one signal."""

    name = "schema"

    def ready(self) -> None:
        connection_created.connect(add_functions)
