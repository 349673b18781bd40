"""A driver that is missing costs its own engine alone, and says what would help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.processes import Gateway, clean_environment

MISSING = {
    "pyodbc": (
        "mssql://u:hunter2@127.0.0.1:1/x",
        "install the system's libodbc (Debian: unixodbc)",
    ),
    "MySQLdb": ("mysql://u:hunter2@127.0.0.1:1/x", "install the extra `mysql`"),
}


@pytest.mark.parametrize("module", MISSING)
def test_only_the_engine_of_a_missing_driver_is_unavailable(tmp_path: Path, module: str) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / f"{module}.py").write_text('raise ImportError("a shared library is missing")')
    environment = clean_environment(GATEWAY_DATA_DIR=str(tmp_path), PYTHONPATH=str(hidden))
    gateway = Gateway(tmp_path, environment)
    gateway.manage("migrate", "--verbosity", "0")
    url, remedy = MISSING[module]

    refused = gateway.manage("database", "add", "x", url, fails=True)
    assert remedy in refused and "Nothing was registered" in refused
    assert "hunter2" not in refused and "Traceback" not in refused
    (tmp_path / "databases").mkdir(exist_ok=True)
    (tmp_path / "databases" / "books.sqlite3").touch()
    assert "0 tables" in gateway.manage("database", "add", "books", "sqlite:///books.sqlite3")
