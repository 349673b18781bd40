"""A gateway with two workers that a module's tests share; each test uses its own names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.processes import Gateway, clean_environment
from tests.gateway.login.browsers import Guarded


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def guarded(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("login")
    url = ""
    settings = {
        "GATEWAY_DATA_DIR": str(folder),
        "GATEWAY_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "tests.gateway.login.counting_settings",
        "LOGIN_HASHES": str(folder / "hashes"),
    }
    if request.param == "postgresql":
        url = make_url(request.getfixturevalue("postgresql"), "")
        settings["GATEWAY_CONTROL_DATABASE_URL"] = url
    gateway = Gateway(folder, clean_environment(**settings))
    gateway.migrate()
    try:
        gateway.start(workers=2)
        yield Guarded(gateway, url, folder / "hashes")
    finally:
        gateway.stop()
        if url:
            drop_database(url)
