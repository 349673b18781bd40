"""What lies in the data folder is its owner's alone."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.processes import Gateway, clean_environment


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_the_control_file_is_its_owners_alone(tmp_path: Path, before: int | None) -> None:
    data = tmp_path / "data"
    if before is not None:
        data.mkdir()
        (data / "control.sqlite3").touch()
        (data / "control.sqlite3").chmod(before)
    gateway = Gateway(tmp_path, clean_environment(GATEWAY_DATA_DIR=str(data)))
    gateway.manage("migrate", "--verbosity", "0")
    with closing(sqlite3.connect(data / "control.sqlite3")) as reader:  # keeps the journals there
        reader.execute("SELECT * FROM tenants_tenant")
        gateway.manage("tenant", "add", "acme")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()}

    control = {name: oct(mode) for name, mode in modes.items() if name.startswith("control.")}
    assert set(control.values()) == {"0o600"}
    assert {"control.sqlite3", "control.sqlite3-wal", "control.sqlite3-shm"} <= control.keys()
    assert oct(modes["secret.key"]) == "0o600"
    if before is None:
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
