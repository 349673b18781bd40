"""`manage.py database add NAME URL | list | test NAME | check NAME | remove NAME`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from dynamic_databases.commands import ActionCommand, Answer, find_database, from_standard_input
from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import DatabaseProblem, InvalidConfig, StillInUse
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from dynamic_databases.replicas.position import UnusableReplica
from gateway.limits import limits_of
from gateway.reports.database_check import Report, check


class Command(ActionCommand):
    help = "Registers, lists, tests and removes databases."

    def add_actions(self, actions: Any) -> None:
        add = actions.add_parser("add", help="register a database and connect to it once")
        add.add_argument("name")
        add.add_argument(
            "url",
            help="postgresql://…, mysql://…, mssql://…, sqlite:///…, "
            "a SQL Server connection string, or - to read it from standard input",
        )
        add.add_argument(
            "--replica",
            action="append",
            default=[],
            dest="replicas",
            metavar="URL",
            help="a read replica, or - as above; may be given again for another one",
        )
        add.add_argument("--no-test", action="store_true", help="don't connect now")
        actions.add_parser("list", help="list the databases")
        actions.add_parser("test", help="connect and read the catalog").add_argument("name")
        actions.add_parser(
            "check", help="ask every table and relation; fails where one doesn't answer"
        ).add_argument("name")
        remove = actions.add_parser(
            "remove", help="forget a database, its data stays; a terminal asks first"
        )
        remove.add_argument("name")
        remove.add_argument(
            "--force", action="store_true", help="even while it is attached to a tenant"
        )
        remove.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="don't ask"
        )

    def show(self, answer: Answer | Report, *, as_json: bool) -> None:
        if not isinstance(answer, Report):
            super().show(answer, as_json=as_json)
        elif as_json:
            self.stdout.write(json.dumps(asdict(answer) | {"failures": answer.failures}))
        else:
            for line in _lines(answer):
                self.stdout.write(line)
        if isinstance(answer, Report) and answer.failures:
            raise CommandError(f"{answer.failures} kinds of query failed.")

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        if "://" in options["name"]:
            raise CommandError("The name comes first: database add NAME URL")
        url = from_standard_input(options["url"], "URL or connection string")
        replicas = [from_standard_input(one, "URL of a replica") for one in options["replicas"]]
        try:
            with transaction.atomic():
                row = Database.objects.from_url(options["name"], url, replicas)
                return {"name": row.name, "alias": row.label} | (
                    {} if options["no_test"] else _test(row)
                )
        except IntegrityError:
            raise CommandError(f"There is a database called {options['name']} already.") from None
        except DatabaseProblem as error:
            raise CommandError(f"Nothing was registered. {explain(error)}") from None

    def _list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        return [_line(row) for row in Database.objects.all()]

    def _test(self, options: dict[str, Any]) -> dict[str, Any]:
        row = find_database(options["name"])
        if not row.enabled:
            raise CommandError(f"{row.name} is disabled.")
        try:
            return {"name": row.name, "alias": row.label} | _test(row)
        except DatabaseProblem as error:
            raise CommandError(f"{row.name}: {explain(error)}") from None

    def _check(self, options: dict[str, Any]) -> Report:
        row = find_database(options["name"])
        config = settings.GATEWAY
        try:
            report = check(process_registry(), row.label, config.names, limits_of(config))
            report.replicas.update(_refused_replicas(row))
            return report
        except DatabaseProblem as error:
            raise CommandError(f"{row.name}: {explain(error)}") from None

    def _remove(self, options: dict[str, Any]) -> dict[str, Any]:
        row = find_database(options["name"])
        try:
            row.check_removal(force=options["force"])
        except StillInUse as error:
            raise CommandError(f"{error} With --force it is removed all the same.") from None
        if options["interactive"] and sys.stdin.isatty():
            self._confirm(row)
        row.remove(force=options["force"])
        return {"name": options["name"], "state": "removed"}

    def _confirm(self, row: Database) -> None:
        """Ask on a terminal, as Django's `flush` does. Raises CommandError for any other answer."""
        for dependent in row.dependents():
            self.stderr.write(f"This goes or fails without it: {dependent}")
        if row.baseline is not None:
            self.stderr.write(f"Its baseline {row.baseline} stays.")
        try:
            answer = input(f"Type {row.name} to remove this database from the gateway: ")
        except EOFError:
            answer = ""
        if answer != row.name:
            raise CommandError("Nothing was removed.")


def _line(row: Database) -> dict[str, Any]:
    """Return what the list shows of a database, and why its configuration is refused if it is."""
    shown: dict[str, Any] = {
        "name": row.name,
        "alias": row.label,
        "state": "enabled" if row.enabled else "disabled",
        "config": row.shown_config(),
    }
    if row.replicas:
        shown["replicas"] = row.shown_replicas()
    problem = row.config_problem()
    return shown | ({"refused": f"refused: {problem}"} if problem else _refused_replicas(row))


def _refused_replicas(row: Database) -> dict[str, str]:
    """Return why replicas are refused, by alias: their database serves without them."""
    opened = zip(row.replica_labels, row.opened_replicas(), strict=True)
    return {label: f"refused: {one}" for label, one in opened if isinstance(one, InvalidConfig)}


def _test(row: Database) -> dict[str, Any]:
    """Return what a database serves. Raises DatabaseProblem where it or a replica doesn't."""
    registry = process_registry()
    catalog = registry.refresh(row.label).catalog
    registry.replicas.catch_up_all(row.label)
    for replica, reason in _refused_replicas(row).items():
        raise UnusableReplica(f"{replica}: {reason}")
    skipped = [f"{thing.name}: {thing.reason}" for thing in catalog.skipped]
    answer: dict[str, Any] = {"tables": f"{len(catalog.tables)} tables"}
    if row.replicas:
        answer["replicas"] = row.replica_labels
    return answer | ({"skipped": f"not served: {'; '.join(skipped)}"} if skipped else {})


def _lines(report: Report) -> Iterator[str]:
    for table in report.tables:
        yield f"{table.name}: {', '.join(table.answered) or 'nothing'} answered"
        for what, reason in table.failed.items():
            yield f"  FAILED {what}: {reason}"
        for note in table.notes:
            yield f"  {note}"
    for name, reason in report.skipped.items():
        yield f"{name}: not served, {reason}"
    for name, reason in report.replicas.items():
        yield f"{name}: {f'FAILED {reason}' if reason else 'in order'}"
    yield (
        f"{len(report.tables)} tables served, {len(report.skipped)} names not, "
        f"{report.failures} failures"
    )
