"""MariaDB: a replica is compared by global transaction ids, which any user may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from tests.fixtures.doors import Door
from tests.fixtures.mariadb_servers import applying_nothing
from tests.fixtures.waiting import wait_for

PATH = "/t/shop/graphql"
PLACE = "{ place { isReplica } }"


@pytest.fixture
def shop(door, registry, monkeypatch, mariadb_pair, tenant_of) -> Iterator[Door]:
    """The tenant `shop` has a database with a replica, whose answers may be a second old."""
    primary, replica = mariadb_pair
    monkeypatch.setattr(registry.replicas, "max_lag", 1.0)
    row = Database.objects.from_url("shop", primary.url, [replica.url])
    _, door.token = tenant_of("shop", production=row)
    door.database = row
    return door


def is_on_replica(shop: Door) -> bool:
    return shop.query(PATH, PLACE).data["place"][0]["isReplica"]


def write(shop: Door, text: str) -> str:
    mutation = f'mutation {{ insertNoteOne(object: {{text: "{text}"}}) {{ text }} }}'
    return shop.query(PATH, mutation).data["insertNoteOne"]["text"]


def test_reads_go_to_the_replica_while_it_applies(shop, mariadb_pair) -> None:
    _, replica = mariadb_pair
    wait_for(lambda: is_on_replica(shop))

    with applying_nothing(replica):
        write(shop, "lost to a replica that lags")
        wait_for(lambda: not is_on_replica(shop))
        query = '{ note(where: {text: {_like: "lost%"}}) { text } }'
        assert len(shop.query(PATH, query).data["note"]) == 1

    wait_for(lambda: is_on_replica(shop))


def test_a_server_that_applies_nothing_is_no_replica(shop, registry, mariadb_pair) -> None:
    primary, _ = mariadb_pair
    itself = primary.url.replace("/shop", "/information_schema")
    row = Database.objects.from_url("itself", primary.url, [itself])
    registry.entry(row.label)

    with pytest.raises(DatabaseProblem, match="_REPLICA_1: it applies nothing: it is no replica"):
        registry.replicas.catch_up_all(row.label)
