"""Reads go to replicas that are known to hold what was committed; all else goes to the database.

A streaming replica of PostgreSQL stops replaying on demand: it then lags for as long as a test
wants. The view `place` says which server answered.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.fixtures.ports import free_port
from tests.fixtures.processes import Gateway, clean_environment, wait_for
from tests.fixtures.replicas import FAST, PLACE, lagging
from tests.fixtures.servers import PostgresqlServer


def serving(folder, primary, replica, workers: int = 1, **settings: str) -> Gateway:
    """Start a gateway that serves the database with its replica to the tenant `notes`."""
    environment = clean_environment(GATEWAY_DATA_DIR=str(folder), **settings)
    gateway = Gateway(folder, environment)
    gateway.migrate()
    gateway.command_all(
        ("database", "add", "notes", primary.url, "--replica", replica.url),
        ("tenant", "add", "notes"),
        ("tenant", "attach", "notes", "production", "notes"),
    )
    gateway.start(workers)
    return gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, primary, replica) -> Iterator[Gateway]:
    """One whose answers may be as old as a test takes: only what it must reads elsewhere."""
    folder = tmp_path_factory.mktemp("replicas")
    settings = {"GATEWAY_REPLICA_MAX_LAG_SECONDS": "60", "GATEWAY_CATALOG_CHECK_SECONDS": "0.2"}
    settings["GATEWAY_SESSION_TO_DATABASE"] = "notes"
    found = serving(folder, primary, replica, workers=2, **settings)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def strict_gateway(tmp_path_factory, primary, replica) -> Iterator[Gateway]:
    """One whose answers may be a second old."""
    folder = tmp_path_factory.mktemp("strict")
    settings = {"GATEWAY_REPLICA_MAX_LAG_SECONDS": "1", "GATEWAY_DEADLINE_MS": "1500"}
    found = serving(folder, primary, replica, **settings)
    yield found
    found.stop()


def ask(gateway: Gateway, query: str, **headers: str) -> httpx.Response:
    authorization = {"Authorization": f"Bearer {gateway.operator}"}
    address = f"{gateway.url}/t/notes/graphql"
    return httpx.post(address, json={"query": query}, headers=authorization | headers, timeout=30)


def data(response: httpx.Response) -> dict:
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


def is_on_replica(gateway: Gateway) -> bool:
    return data(ask(gateway, PLACE))["place"][0]["replica"]


def write(gateway: Gateway, text: str) -> httpx.Response:
    return ask(gateway, f'mutation {{ insertNoteOne(object: {{text: "{text}"}}) {{ text }} }}')


def notes(gateway: Gateway, text: str, **headers: str) -> list:
    return data(
        ask(gateway, f'{{ note(where: {{text: {{_eq: "{text}"}}}}) {{ text }} }}', **headers)
    )["note"]


def wait_for_replica(gateway: Gateway) -> None:
    """Wait until each of ten answers in a row is a replica's: all workers know that it is one."""
    wait_for(lambda: all(is_on_replica(gateway) for _ in range(10)), seconds=30)


def metric(gateway: Gateway, name: str) -> float:
    headers = {"Authorization": f"Bearer {gateway.operator}"}
    lines = httpx.get(f"{gateway.url}/metrics", headers=headers).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_reads_go_to_the_replica_and_writes_to_the_database(gateway) -> None:
    wait_for_replica(gateway)

    answer = ask(gateway, 'mutation { insertNoteOne(object: {text: "written"}) { id text } }')

    assert data(answer)["insertNoteOne"]["text"] == "written"
    assert metric(gateway, 'gateway_replica_reads_total{outcome="answered"}') >= 10


def test_a_caller_reads_its_own_writes_from_any_worker(gateway, replica) -> None:
    """The replica lacks the row for as long as it lags."""
    wait_for_replica(gateway)
    with lagging(replica):
        write(gateway, "own")

        assert [notes(gateway, "own") for _ in range(20)] == [[{"text": "own"}]] * 20


def test_a_replica_is_given_the_session_of_the_caller(gateway) -> None:
    wait_for_replica(gateway)

    answer = data(ask(gateway, "{ place { replica } given { session } }"))

    assert answer["place"] == [{"replica": True}]
    assert "x-gateway-role" in answer["given"][0]["session"]


def test_another_caller_reads_a_write_whose_time_it_sends(gateway, replica) -> None:
    wait_for_replica(gateway)
    (token,) = gateway.tokens_of("notes")
    other = {"Authorization": f"Bearer {token}"}
    with lagging(replica):
        at = write(gateway, "shown").headers["X-Written-At"]

        assert notes(gateway, "shown", **other) == []
        assert notes(gateway, "shown", **other, **{"X-Written-At": at}) == [{"text": "shown"}]


def is_on_replica_somewhere(gateway: Gateway) -> bool:
    """Whether callers that didn't write are still answered by the replica."""
    address = f"{gateway.url}/t/notes/graphql"
    token = gateway.tokens_of("notes")[0]
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(address, json={"query": PLACE}, headers=headers, timeout=30)
    return data(answer)["place"][0]["replica"]


def counts_as_unused(gateway: Gateway) -> bool:
    """Whether the check after one more read finds that the replica lags."""
    ask(gateway, PLACE)
    return metric(gateway, "gateway_unused_replicas") == 1


def test_a_replica_that_lags_is_not_read_from(strict_gateway, replica) -> None:
    wait_for_replica(strict_gateway)
    with lagging(replica):
        write(strict_gateway, "new")
        wait_for(lambda: not is_on_replica_somewhere(strict_gateway), seconds=10)
        assert notes(strict_gateway, "new") == [{"text": "new"}]
        wait_for(lambda: counts_as_unused(strict_gateway), seconds=10)

    wait_for_replica(strict_gateway)
    assert metric(strict_gateway, "gateway_unused_replicas") == 0


def test_a_column_that_the_replica_lacks_is_read_from_the_database(
    gateway, primary, replica
) -> None:
    wait_for_replica(gateway)
    with lagging(replica), psycopg.connect(primary.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE note ADD COLUMN tag VARCHAR(10)")
        query = "{ note(limit: 1) { tag } }"
        wait_for(lambda: all("errors" not in ask(gateway, query).json() for _ in range(10)))

        assert is_on_replica(gateway)  # the next of other queries


def test_nobody_learns_that_a_replica_is_down(strict_gateway, replica) -> None:
    wait_for_replica(strict_gateway)
    replica.shut_down()
    try:
        answers = [ask(strict_gateway, PLACE) for _ in range(50)]
    finally:
        replica.start()

    assert [data(one)["place"][0]["replica"] for one in answers] == [False] * 50
    wait_for_replica(strict_gateway)


def test_a_replica_that_falls_silent_is_left_alone(strict_gateway, replica) -> None:
    """What it was asked already ends at its deadline; the reads after it are the database's."""
    wait_for_replica(strict_gateway)
    replica.interrupt()
    try:
        codes = [
            answer.get("errors", [{"extensions": {"code": "OK"}}])[0]["extensions"]["code"]
            for answer in (ask(strict_gateway, PLACE).json() for _ in range(20))
        ]
    finally:
        replica.resume()

    assert codes[1:] == ["OK"] * 19
    wait_for_replica(strict_gateway)


@pytest.mark.parametrize("given", ["soon", "-1", "1e9", "nan"])
def test_a_time_that_is_none_is_refused(gateway, given: str) -> None:
    answer = ask(gateway, PLACE, **{"X-Written-At": given})

    assert answer.status_code == 400
    assert "X-Written-At must be what a mutation's answer had" in answer.text


def test_commands_show_replicas_and_refuse_what_is_none(gateway, primary, replica) -> None:
    assert replica.url.split(":")[-1].split("/")[0] in gateway.manage("database", "list")
    assert "_REPLICA_1: in order" in gateway.manage("database", "check", "notes")
    assert "_REPLICA_1" in gateway.manage("database", "test", "notes")
    other = PostgresqlServer(free_port(), *FAST)
    try:
        refused = gateway.manage(
            "database", "add", "other", primary.url, "--replica", other.url, fails=True
        )
    finally:
        other.stop()

    assert "_REPLICA_1: it replays nothing" in refused
