"""The requests of docs/api.md are answered on each server, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
REQUESTS = re.findall(r"(?ms)^```graphql\n(.*?)^```", API)
OF_THE_LIBRARY = [text for text in REQUESTS if "ontact" not in text]
URL = "/t/music/graphql"


@pytest.mark.parametrize("text", OF_THE_LIBRARY, ids=range(len(OF_THE_LIBRARY)))
def test_a_request_is_answered(music, text: str) -> None:
    ids = [
        row["nodeId"] for row in music.query(URL, "{ track(limit: 2) { nodeId } }").data["track"]
    ]
    given = {"id": ids[0], "ids": ids, "after": None}
    variables = {name: given[name] for name in re.findall(r"\$(\w+):", text)}

    data = music.query(URL, text, variables).data

    assert all(value not in (None, [], [None]) for value in data.values()), data


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
