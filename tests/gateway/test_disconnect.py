"""A client that goes away takes its statement with it, at the server too."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, clean_environment, wait_for

QUERY = json.dumps({"query": "{ slow { id s } }"})


@pytest.fixture
def patient(tmp_path):
    """A gateway whose deadline is far away."""
    environment = clean_environment(GATEWAY_DATA_DIR=str(tmp_path), GATEWAY_DEADLINE_MS="55000")
    found = Gateway(tmp_path, environment)
    found.migrate()
    found.start()
    yield found
    found.stop()


def test_a_client_that_goes_away_cancels_its_statement(patient: Gateway, vendor) -> None:
    if not vendor.sleep:
        pytest.skip("SQLite can't sleep")
    url = make_url(
        vendor,
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); "
            f"CREATE VIEW slow AS SELECT id, {vendor.sleep} AS s FROM t;"
        ),
    )
    token = patient.add_tenant("slow", url)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    for _ in range(2):  # the second on the way of prepared operations
        client = http.client.HTTPConnection(urlsplit(patient.url).netloc)
        client.request("POST", "/t/slow/graphql", QUERY, headers)
        wait_for(lambda: execute(url, vendor.sleeping) == [(1,)])
        client.close()
        wait_for(lambda: execute(url, vendor.sleeping) == [(0,)])
    assert patient.ask("/t/slow/graphql", "{ t { id } }", token).json() == {
        "data": {"t": [{"id": 1}]}
    }
    patient.stop()
    drop_database(url)
