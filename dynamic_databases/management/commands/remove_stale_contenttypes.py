"""Delete content types from the control database; a registered database is refused."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.management.commands.remove_stale_contenttypes import (
    Command as DjangoCommand,
)
from django.core.management.base import CommandError
from django.db import transaction

from dynamic_databases.control_tables import ControlDatabaseOnly
from dynamic_databases.errors import DatabaseProblem


class Command(ControlDatabaseOnly, DjangoCommand):
    """Django's command for databases of the settings alone.

    With `--include-stale-apps` it asks each registered database for its tables.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            with transaction.atomic(using=options["database"]):
                return super().execute(*args, **options)
        except DatabaseProblem as error:
            raise CommandError(f"Nothing was deleted: {error}") from error
