"""A migration never takes away what the release before reads or writes."""

from __future__ import annotations

import re
import subprocess

import pytest
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation

from tests.fixtures.processes import ROOT
from tests.fixtures.vendors import require
from tests.upgrade.test_rolling_upgrade import FORMER_RELEASE

# Labels of apps, and the folders of their migrations.
APPS = {
    "dynamic_databases": "dynamic_databases",
    "tenants": "tenants",
    "schema": "schema",
    "gateway": "gateway",
    "gateway_login": "gateway/login",
}
_TAKES_AWAY = (
    AddConstraint,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)


def problem_of(operation: Operation) -> str:
    """Return why the release before can't live with an operation; empty where it can."""
    if isinstance(operation, _TAKES_AWAY):
        return f"{operation.describe()}: the release before still uses what was"
    if isinstance(operation, AddField):
        field = operation.field
        has_default = (
            field.null or field.db_default is not models.NOT_PROVIDED or field.many_to_many
        )
        if not has_default:
            return f"{operation.describe()}: give it a db_default, its inserts don't name it"
    return ""


def new_migrations() -> list[tuple[str, str]]:
    """Return (app, name) of each migration that the release before lacks."""
    command = ["git", "ls-tree", "-r", "--name-only", FORMER_RELEASE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    require(done.returncode == 0, f"the history lacks the former release {FORMER_RELEASE}")
    former = set(re.findall(r"^([\w/]+)/migrations/(\d\w+)\.py$", done.stdout, re.MULTILINE))
    loader = MigrationLoader(None)
    return sorted(
        (app, name)
        for app, name in loader.disk_migrations
        if app in APPS and (APPS[app], name) not in former
    )


def test_new_migrations_leave_what_the_release_before_uses() -> None:
    loader = MigrationLoader(None)
    problems = [
        f"{app}.{name}: {problem}"
        for app, name in new_migrations()
        for operation in loader.disk_migrations[app, name].operations
        if (problem := problem_of(operation))
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        (AddField("tenant", "note", models.TextField()), True),
        (AddField("tenant", "note", models.TextField(default="")), True),
        (AddField("tenant", "note", models.TextField(db_default="")), False),
        (AddField("tenant", "note", models.TextField(null=True)), False),
        (RemoveField("tenant", "name"), True),
        (RenameField("tenant", "name", "title"), True),
        (DeleteModel("tenant"), True),
    ],
)
def test_what_the_rule_refuses(operation: Operation, refused: bool) -> None:
    assert bool(problem_of(operation)) is refused
