"""`manage.py login unlock NAME|ADDRESS`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from dynamic_databases.commands import ActionCommand
from gateway.login.store import unlock


class Command(ActionCommand):
    help = "Forgets failed log-ins, so that a name or an address needn't wait."

    def add_actions(self, actions: Any) -> None:
        parser = actions.add_parser("unlock", help="let a name or an address try again at once")
        parser.add_argument(
            "who", metavar="NAME|ADDRESS", help="an IPv6 address stands for its /64 network"
        )

    def _unlock(self, options: dict[str, Any]) -> dict[str, Any]:
        who: str = options["who"]
        if not unlock(who):
            raise CommandError(f"No failed log-ins are counted for {who}.")
        return {"unlocked": who}
