"""`manage.py login unlock NAME|ADDRESS`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from dynamic_databases.commands import ActionCommand
from gateway.login.store import unlock
from gateway.login.subjects import name_in


class Command(ActionCommand):
    help = "Forgets failed log-ins, so that a name or an address needn't wait."

    def add_actions(self, actions: Any) -> None:
        parser = actions.add_parser("unlock", help="let a name or an address try again at once")
        parser.add_argument(
            "who",
            metavar="NAME|ADDRESS",
            help="a tenant's person is acme:ann; an IPv6 address stands for its /64 network",
        )

    def _unlock(self, options: dict[str, Any]) -> dict[str, Any]:
        who: str = options["who"]
        tenant, colon, name = who.partition(":")
        if not unlock(who) and not (colon and unlock(name_in(tenant, name))):
            raise CommandError(f"No failed log-ins are counted for {who}.")
        return {"unlocked": who}
