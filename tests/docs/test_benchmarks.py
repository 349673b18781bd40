"""The benchmarks that the Makefile and docs/deployment.md name start, and say what they take."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fixtures.installations import ROOT


@pytest.mark.parametrize("name", ["", ".tenants", ".faults", ".sizing"])
def test_a_benchmark_says_what_it_takes(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, "usage: " in done.stdout) == (0, True), done.stderr
