"""Clients that others wrote, under node, against a running gateway."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.processes import Demo

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the packages of package.json; missing, it is skipped out loud, and under CI=true a failure."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "node and npm are missing: apt-get install nodejs npm"
        )
    if not (FOLDER / "node_modules").exists():
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return node


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    found = Demo(tmp_path_factory.mktemp("clients"))
    yield found
    found.stop()


def run(node: str, script: str, *arguments: str) -> dict:
    done = subprocess.run(
        [node, script, *arguments],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_audits_of_graphql_over_http(node: str, demo: Demo) -> None:
    answer = run(node, "audit.mjs", f"{demo.url}/t/acme/graphql")

    assert answer["failed"] == []
    assert answer["ran"] >= 61


@pytest.mark.parametrize("tenant", ["acme", "globex/development", "initech"])
def test_graphql_js_finds_the_schema_valid(node: str, demo: Demo, tenant: str) -> None:
    assert run(node, "validate.mjs", f"{demo.url}/t/{tenant}") == {"errors": [], "same": True}
