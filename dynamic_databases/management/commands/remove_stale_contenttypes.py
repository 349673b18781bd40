"""Delete content types from the control database; a registered database is refused."""

from __future__ import annotations

from django.contrib.contenttypes.management.commands.remove_stale_contenttypes import (
    Command as DjangoCommand,
)

from dynamic_databases.control_tables import ControlDatabaseOnly


class Command(ControlDatabaseOnly, DjangoCommand):
    """Django's command for databases of the settings alone."""
