"""The base of commands that have actions: `manage.py thing add …`, each with `--json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from getpass import getpass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import DatabaseError, InterfaceError

from dynamic_databases.bounded_texts import bounded_message
from dynamic_databases.checks import SETTINGS_TAG
from dynamic_databases.connect_causes import explain
from dynamic_databases.control_errors import control_failure
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database

_LONGEST_ERROR = 20_000  # characters: it may list what failed
Line = Mapping[str, Any]
Answer = Line | Sequence[Line]


class GatewayCommand(BaseCommand):
    """A command whose errors are words, and give no name back at its whole length.

    It runs the checks of the gateway's settings. Django's others import the whole project, by its
    URLs, which takes longer than most commands; `manage.py check` and `migrate` run them.
    """

    requires_system_checks = (SETTINGS_TAG,)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            text = bounded_message(str(error), _LONGEST_ERROR)
            raise CommandError(text, returncode=error.returncode) from error.__cause__
        except (DatabaseError, InterfaceError) as error:
            failure = control_failure(error)
            if failure is None or options.get("traceback"):
                raise
            raise CommandError(failure) from error


class ActionCommand(GatewayCommand):
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
            raise CommandError(_told(error)) from None
        except DatabaseProblem as error:
            raise CommandError(explain(error)) from None
        except ObjectDoesNotExist as error:
            raise CommandError(str(error)) from None
        self.show(answer, as_json=options["json"])

    def show(self, answer: Answer, *, as_json: bool) -> None:
        """Print an answer."""
        if as_json:
            self.stdout.write(json.dumps(answer, default=str))
            return
        for line in [answer] if isinstance(answer, Mapping) else answer:
            self.stdout.write("  ".join(_text(value) for value in line.values()))


def _told(error: ValidationError) -> str:
    """Return the messages, each after the name of its field where it has one."""
    if not hasattr(error, "error_dict"):
        return "; ".join(error.messages)
    return "; ".join(
        message if field == NON_FIELD_ERRORS else f"{field}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    )


def from_standard_input(text: str, prompt: str) -> str:
    """Return an argument, or for `-` one line of standard input, not echoed by a terminal.

    Arguments of a process are seen by others on its machine and stay in a shell's history.
    Raises CommandError where nothing comes.
    """
    if text != "-":
        return text
    try:
        line = getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline()
    except (EOFError, UnicodeDecodeError):
        line = ""
    if not line.strip():
        raise CommandError(f"Standard input holds no {prompt}; write it there as one line.")
    return line.strip()


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
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)
