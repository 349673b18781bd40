"""Write rows into files: of the project, or of one registered database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.dumpdata import Command as DjangoCommand

from dynamic_databases.aliases import Alias, primary_of
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.fixtures import check_database, dumped_models, take_any_database


class Command(DjangoCommand):
    """Django's command, which also knows registered databases: `dumpdata DYNAMIC_DATABASE_7`.

    A database is named by its alias before the tables, or by `--database` for all its tables.
    """

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        take_any_database(parser)

    def handle(self, *app_labels: str, **options: Any) -> None:
        check_database(options["database"])
        alias = _asked_for(app_labels, options["database"])
        if alias is None:
            super().handle(*app_labels, **options)
            return
        options["database"] = alias
        try:
            with dumped_models(alias, self.stderr.write):
                super().handle(*(app_labels or (alias,)), **options)
        except DatabaseProblem as error:
            raise CommandError(str(error)) from error


def _asked_for(app_labels: tuple[str, ...], using: str) -> Alias | None:
    """Return the registered database to dump, or None. Raises CommandError where it isn't one."""
    databases: Any = settings.DATABASES
    named = {label.partition(".")[0] for label in app_labels}
    registered = {label for label in named if databases.is_registered_alias(label)}
    if databases.is_registered(using):
        registered.add(primary_of(databases.registered_alias(using)))
    if not registered:
        return None
    if len(registered) > 1 or not named <= registered:
        raise CommandError(
            "One database at a time: "
            f"{', '.join(sorted(named | registered))} are tables of different ones."
        )
    return Alias(registered.pop())
