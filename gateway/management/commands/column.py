"""`manage.py column add|rename|widen|drop DATABASE TABLE COLUMN …`, and `log`."""

from __future__ import annotations

import getpass
from typing import Any

from dynamic_databases.columns import add_column, drop_column, rename_column, widen_column
from dynamic_databases.commands import ActionCommand, Answer, find_database
from dynamic_databases.models import ColumnChange


class Command(ActionCommand):
    help = (
        "Changes the columns of a tenant's tables beyond its baseline; the schema follows at once."
    )

    def add_actions(self, actions: Any) -> None:
        add = _on_a_column(actions, "add", "add a column")
        add.add_argument(
            "type", help="a GraphQL scalar (Int, String(120), Decimal(12,2)) or a SQL type"
        )
        add.add_argument("--default", help="makes it NOT NULL; rows that are there get it too")
        _on_a_column(actions, "rename", "rename a column").add_argument("new_name")
        widen = _on_a_column(actions, "widen", "give a column a larger type")
        widen.add_argument("type", help="as for add")
        drop = _on_a_column(actions, "drop", "drop a column")
        for action in (widen, drop):
            action.add_argument(
                "--force", action="store_true", help="even where rows have values that may be lost"
            )
        log = actions.add_parser("log", help="show who changed what, the newest first")
        log.add_argument("database")
        log.add_argument("--limit", type=int, default=50)

    def _add(self, options: dict[str, Any]) -> Answer:
        default, type_name = options["default"], options["type"]
        return _told(add_column(*_place(options), type_name, who=_who(), default=default))

    def _rename(self, options: dict[str, Any]) -> Answer:
        return _told(rename_column(*_place(options), options["new_name"], who=_who()))

    def _widen(self, options: dict[str, Any]) -> Answer:
        force, type_name = options["force"], options["type"]
        return _told(widen_column(*_place(options), type_name, who=_who(), force=force))

    def _drop(self, options: dict[str, Any]) -> Answer:
        return _told(drop_column(*_place(options), who=_who(), force=options["force"]))

    def _log(self, options: dict[str, Any]) -> Answer:
        lines = ColumnChange.objects.filter(database_name=options["database"])
        return [_told(line) for line in lines[: options["limit"]]]


def _on_a_column(actions: Any, name: str, text: str) -> Any:
    action = actions.add_parser(name, help=text)
    action.add_argument("database")
    action.add_argument("table", help="as the database spells it: contact, or sales.contact")
    action.add_argument("column", help="as the database spells it")
    return action


def _place(options: dict[str, Any]) -> tuple[Any, str, str]:
    return find_database(options["database"]), options["table"], options["column"]


def _who() -> str:
    return f"{getpass.getuser()} (manage.py)"


def _told(line: ColumnChange) -> dict[str, Any]:
    shown = {
        "at": line.started_at.isoformat(timespec="seconds"),
        "who": line.who,
        "change": f"{line.action} {line.table}.{line.column}",
        "before": line.before or "-",
        "after": line.after or "-",
        "state": line.state,
    }
    return shown | ({"error": line.error} if line.error else {})
