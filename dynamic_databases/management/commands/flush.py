"""Empty the control database; a registered database is refused."""

from __future__ import annotations

from django.core.management.commands.flush import Command as DjangoCommand

from dynamic_databases.control_tables import ControlDatabaseOnly


class Command(ControlDatabaseOnly, DjangoCommand):
    """Django's command for databases of the settings alone."""
