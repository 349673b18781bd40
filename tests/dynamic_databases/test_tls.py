"""TLS that is required is not done without."""

from __future__ import annotations

import pytest

from dynamic_databases.errors import Unavailable
from tests.fixtures.databases import execute


@pytest.mark.parametrize("mode", ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])
def test_a_server_without_tls_is_refused(mariadb, new_database, mode: str) -> None:
    database = new_database(mariadb, "CREATE TABLE t (id INTEGER PRIMARY KEY);")
    if execute(database.url, "SHOW VARIABLES LIKE 'have_ssl'") != [("have_ssl", "DISABLED")]:
        pytest.skip("this MariaDB speaks TLS")
    database.config = {**database.config, "OPTIONS": {"ssl_mode": mode}}
    database.save()

    with pytest.raises(Unavailable):
        database.catalog()
