"""Load rows from files: of the project into its own database, of a registered one into that."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.loaddata import Command as DjangoCommand

from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.fixtures import check_database, check_destination, take_any_database


class Command(DjangoCommand):
    """Django's command, which keeps rows of one database out of all others."""

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        take_any_database(parser)

    def handle(self, *fixture_labels: Any, **options: Any) -> None:
        check_database(options["database"])
        try:
            super().handle(*fixture_labels, **options)
        except DatabaseProblem as error:
            raise CommandError(f"Nothing was loaded: {error}") from error

    def save_obj(self, obj: Any) -> bool:
        """Store one row. Raises CommandError where it belongs to another database."""
        model = type(obj.object)
        check_destination(model, self.using)
        is_saved: bool = super().save_obj(obj)
        if issubclass(model, DynamicSchemaModel):
            concrete: Any = model._meta.concrete_model
            self.models.add(concrete)  # which has the key to count on from
        return is_saved
