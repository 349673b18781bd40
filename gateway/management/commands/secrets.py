"""`manage.py secrets list | rotate`: which keys encrypt the secrets; use the first."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db.models import QuerySet

from dynamic_databases.commands import ActionCommand
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Database


class Command(ActionCommand):
    help = (
        "Encrypts the databases' secrets with the first of GATEWAY_SECRET_KEYS; "
        "nothing is reconnected."
    )

    def add_actions(self, actions: Any) -> None:
        actions.add_parser(
            "list",
            help="say of each database whether its secrets are refused or need to be rotated",
        )
        actions.add_parser(
            "rotate",
            help="encrypt again what isn't under the first key; afterwards the others can go",
        )

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"database": row.name, "secrets": _state(row)} for row in Database.objects.all()]

    def _rotate(self, _options: dict[str, Any]) -> dict[str, Any]:
        rotated, lost = 0, []
        for row in Database.objects.all():
            try:
                config, replicas = _rotated(row)
            except InvalidConfig:
                lost.append(row.name)
                continue
            if (config, replicas) != (row.config, row.replicas):
                # The configuration stays the same: no process has to forget it. What was saved
                # meanwhile was encrypted with the first key already, and is left alone.
                unchanged: QuerySet[Database] = QuerySet(Database).filter(
                    pk=row.pk, revision=row.revision
                )
                rotated += unchanged.update(config=config, replicas=replicas)
        if lost:
            names = ", ".join(lost)
            raise CommandError(
                f"{rotated} rotated. No key of GATEWAY_SECRET_KEYS opens the secrets of "
                f"{names}: give them again."
            )
        return {"rotated": rotated, "databases": Database.objects.count()}


def _state(row: Database) -> str:
    try:
        row.secrets.check_references(row.config if isinstance(row.config, dict) else {})
        for replica in row.replicas:
            row.replica_secrets.check_references(replica)
    except InvalidConfig as error:
        return f"refused: {error.reason}"
    try:
        is_rotated = _rotated(row) == (row.config, row.replicas)
    except InvalidConfig:
        return "no key opens them"
    return "first key" if is_rotated else "to be rotated"


def _rotated(row: Database) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the configuration and the replicas under the first key. Raises InvalidConfig."""
    replicas = [row.replica_secrets.rotate(one) for one in row.replicas]
    return row.secrets.rotate(row.config), replicas
