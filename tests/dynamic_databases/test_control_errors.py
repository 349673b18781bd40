"""What commands say of a control database that can't be used."""

from __future__ import annotations

import pytest
from django.db import connections
from django.db.utils import DatabaseError

from dynamic_databases.control_errors import control_failure
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

SQL = "CREATE TABLE tenant (id INTEGER PRIMARY KEY)"
MISSING = ["SELECT 1 FROM nosuch", "SELECT nosuch FROM tenant"]


@pytest.fixture(params=[SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def run(request, new_database):
    database = new_database(present(request.param), SQL)

    def failure(sql: str) -> str | None:
        with pytest.raises(DatabaseError) as raised, connections[database.label].cursor() as cursor:
            cursor.execute(sql)
        return control_failure(raised.value)

    return failure


@pytest.mark.parametrize("sql", MISSING)
def test_what_is_missing_is_to_be_migrated(run, sql: str) -> None:
    failure = run(sql)

    assert failure is not None
    assert "run `manage.py migrate`" in failure and "nosuch" in failure


def test_other_errors_are_no_failure_of_the_database(run) -> None:
    assert run("INSERT INTO tenant VALUES (1), (1)") is None
