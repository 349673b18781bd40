"""What a process imports as it starts: no more than its installation uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fixtures.installations import ROOT, clean_environment, prepared_folder

COMMAND = """from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "tenant", "list"])"""


@pytest.mark.parametrize(
    ("start", "unused"),
    [
        (COMMAND, {"redis", "graphql", "schema.sql", "gateway.urls"}),
        ("import gateway.asgi", {"redis"}),
    ],
    ids=["command", "server"],
)
def test_what_isnt_used_is_not_imported(start: str, unused: set[str]) -> None:
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(prepared_folder().folder), DJANGO_SETTINGS_MODULE="gateway.settings"
    )

    printed = subprocess.check_output(
        [sys.executable, "-c", f"{start}\nimport sys; print(*sys.modules)"],
        cwd=ROOT,
        env=environment,
        text=True,
        timeout=60,
    )

    imported = set(printed.split())
    assert "tenants.models" in imported
    assert not unused & imported
