"""Documents of Python code: reads go to a replica unless this process wrote a moment ago."""

from __future__ import annotations

import pytest
from django.db import transaction

from dynamic_databases.models import Database
from schema.mounting import TenantSchema, schema_of
from tests.fixtures.replicas import PLACE, lagging
from tests.fixtures.waiting import wait_for

INSERT = 'mutation { insertNoteOne(object: {text: "mounted"}) { text } }'
NOTES = '{ note(where: {text: {_eq: "mounted"}}) { text } }'


@pytest.fixture
def database(transactional_db, registry, monkeypatch, primary, replica, tenant_of) -> Database:
    """The tenant `notes` has the database; answers of its replica may be as old as a test takes."""
    monkeypatch.setattr(registry.replicas, "max_lag", 60)
    row = Database.objects.from_url("notes", primary.url, [replica.url])
    tenant_of("notes", production=row)
    return row


@pytest.fixture
def schema(database) -> TenantSchema:
    """One whose replica was found in order."""
    found = schema_of("notes")
    wait_for(lambda: is_on_replica(found))
    return found


def is_on_replica(schema: TenantSchema) -> bool:
    result = schema.execute(PLACE)
    assert result.errors is None
    return result.data["place"][0]["replica"]


def test_code_reads_its_own_writes(schema, replica) -> None:
    with lagging(replica):
        assert schema.execute(INSERT).data == {"insertNoteOne": {"text": "mounted"}}
        assert schema.execute(NOTES).data == {"note": [{"text": "mounted"}]}

    wait_for(lambda: is_on_replica(schema))


def test_inside_a_transaction_the_database_is_read(schema, database) -> None:
    with transaction.atomic(using=database.label):
        assert not is_on_replica(schema)
    assert is_on_replica(schema)


def test_a_replica_that_is_down_costs_no_error(schema, replica) -> None:
    replica.shut_down()
    try:
        assert [is_on_replica(schema) for _ in range(3)] == [False] * 3
    finally:
        replica.start()


def test_rows_read_from_a_replica_are_saved_in_the_database(database, schema) -> None:
    schema.execute(INSERT)
    (label,) = database.replica_labels
    wait_for(lambda: database.get_model("note").objects.using(label).exists())

    row = database.get_model("note").objects.using(label).first()
    row.text = "saved"
    row.save()

    assert database.get_model("note").objects.get(pk=row.pk).text == "saved"
