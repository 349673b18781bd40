"""The base of commands that have actions: `manage.py thing add …`, each with `--json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database

Line = Mapping[str, Any]
Answer = Line | Sequence[Line]


class ActionCommand(BaseCommand):
    """Runs the method `_<action>` and prints what it returns: lines of values, or JSON.

    What is wrong with a database or with what was given becomes a CommandError.
    """

    def add_actions(self, actions: Any) -> None:
        """Add a parser per action."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        self.add_actions(actions)
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            answer = getattr(self, f"_{options['action'].replace('-', '_')}")(options)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        except (DatabaseProblem, ObjectDoesNotExist) as error:
            raise CommandError(str(error)) from None
        self.show(answer, as_json=options["json"])

    def show(self, answer: Answer, *, as_json: bool) -> None:
        """Print an answer."""
        if as_json:
            self.stdout.write(json.dumps(answer, default=str))
            return
        for line in [answer] if isinstance(answer, Mapping) else answer:
            self.stdout.write("  ".join(_text(value) for value in line.values()))


def find_database(name: str) -> Database:
    """Return the database of this name. Raises CommandError."""
    row = Database.objects.filter(name=name).first()
    if row is None:
        known = ", ".join(Database.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no database called {name}; there are: {known}.")
    return row


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {inner}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
