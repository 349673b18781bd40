"""The requests of docs/api.md are answered on each server, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynamic_databases.models import Baseline

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
REQUESTS = re.findall(r"(?ms)^```graphql\n(.*?)^```", API)
OF_THE_LIBRARY = [text for text in REQUESTS if "ontact" not in text]
OF_CONTACTS = [text for text in REQUESTS if "ontact" in text]
URL = "/t/music/graphql"
CONTACT = """CREATE TABLE contact (contact_id {identity}, last_name VARCHAR(40){dynamic});"""
DYNAMIC = ", cf_red_1 VARCHAR(40), cf_size INTEGER"
ROW = "INSERT INTO contact (last_name, cf_red_1, cf_size) VALUES ('Lovelace', 'x', 3);"


@pytest.mark.parametrize("text", OF_THE_LIBRARY, ids=range(len(OF_THE_LIBRARY)))
def test_a_request_is_answered(music, text: str) -> None:
    ids = [
        row["nodeId"] for row in music.query(URL, "{ track(limit: 2) { nodeId } }").data["track"]
    ]
    given = {"id": ids[0], "ids": ids, "after": None}
    variables = {name: given[name] for name in re.findall(r"\$(\w+):", text)}

    data = music.query(URL, text, variables).data

    assert all(value not in (None, [], [None]) for value in data.values()), data


@pytest.fixture
def crm(door, vendor, new_database, tenant_of):
    """A tenant whose contacts have columns that its baseline lacks."""
    plain = new_database(vendor, CONTACT.format(identity=vendor.identity, dynamic=""), "plain")
    sql = CONTACT.format(identity=vendor.identity, dynamic=DYNAMIC) + ROW
    door.database = new_database(vendor, sql, "custom")
    door.database.baseline = Baseline.capture(plain, "crm")
    door.database.save()
    _, door.token = tenant_of("crm", production=door.database)
    return door


@pytest.mark.parametrize("schema", [{}, {"x-schema": "baseline"}], ids=["own", "common"])
@pytest.mark.parametrize("text", OF_CONTACTS, ids=range(len(OF_CONTACTS)))
def test_a_request_with_custom_fields_is_answered(crm, text: str, schema) -> None:
    variables = {"fields": {"cf_red_1": {"_in": ["x"]}}, "least": 3} if "$fields" in text else {}

    data = crm.query("/t/crm/graphql", text, variables, **schema).data

    assert len(OF_CONTACTS) == 4
    assert all(data.values()), data


def test_the_page_shows_every_kind_of_root_field() -> None:
    fields = "|".join(REQUESTS)
    kinds = (
        "track(",
        "ByPk(",
        "Aggregate(",
        "GroupBy(",
        "Connection(",
        "node(",
        "nodes(",
        "insertGenre(",
        "insertTrackOne(",
        "updateTrack(",
        "updateTrackMany(",
        "updateTrackByPk(",
        "saveTrack(",
        "deletePlaylistTrack(",
        "deletePlaylistTrackByPk(",
    )

    assert [kind for kind in kinds if kind not in fields] == []
