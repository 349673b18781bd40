"""The diff-save through the real door: what changed, conflicts, concurrent saves."""

from __future__ import annotations

import threading

import pytest

from tests.fixtures.databases import execute

URL = "/t/music/graphql"
SAVE = """mutation($s: TrackSetInput!, $e: TrackSetInput, $r: Resolve) {
  saveTrack(pkColumns: {trackId: 1}, _set: $s, _expect: $e, resolve: $r) {
    row { name seconds rating } changes { field column before after } } }"""


def rows(music, sql: str) -> list[tuple]:
    return execute(music.database.url, sql)


def test_save_tells_what_changed(music) -> None:
    answer = music.query(
        URL, SAVE, {"s": {"name": "Uno", "seconds": 100}, "e": {"name": "One", "seconds": 100}}
    )

    assert answer.data["saveTrack"] == {
        "row": {"name": "Uno", "seconds": 100, "rating": 4.5},
        "changes": [{"field": "name", "column": "name", "before": "One", "after": "Uno"}],
    }


def test_save_with_a_stale_expectation_conflicts_and_writes_nothing(music, sent) -> None:
    with sent() as statements:
        answer = music.query(
            URL, SAVE, {"s": {"name": "Mine", "seconds": 7}, "e": {"name": "Old", "seconds": 100}}
        )

    assert answer.code == "CONFLICT"
    assert answer.error["extensions"]["conflicts"] == [
        {"field": "name", "base": "Old", "mine": "Mine", "theirs": "One"}
    ]
    assert answer.json["data"] is None
    assert statements.updates == []
    assert rows(music, "SELECT name, seconds FROM track WHERE track_id = 1") == [("One", 100)]


@pytest.mark.parametrize(
    ("resolve", "name", "changed"),
    [("MINE", "Mine", ["name", "seconds"]), ("THEIRS", "One", ["seconds"])],
)
def test_save_resolves_conflicts_as_told(
    music, resolve: str, name: str, changed: list[str]
) -> None:
    variables = {
        "s": {"name": "Mine", "seconds": 7},
        "e": {"name": "Old", "seconds": 100},
        "r": resolve,
    }

    saved = music.query(URL, SAVE, variables).data["saveTrack"]
    assert saved["row"] == {"name": name, "seconds": 7, "rating": 4.5}
    assert [change["field"] for change in saved["changes"]] == changed


@pytest.mark.parametrize("case", ["other field moved", "both set the same"])
def test_save_does_not_conflict_where_nothing_is_lost(music, case: str) -> None:
    variables = {
        "other field moved": {"s": {"name": "Uno"}, "e": {"name": "One", "seconds": 1}},
        "both set the same": {"s": {"name": "One"}, "e": {"name": "Old"}},
    }[case]

    assert music.query(URL, SAVE, variables).data["saveTrack"]["row"]["seconds"] == 100


def test_two_concurrent_saves_lose_no_update(music) -> None:
    """Of twenty people who all read the same value, one wins; the rest learn of it."""
    codes: list[str] = []

    def save(number: int) -> None:
        answer = music.query(
            URL, SAVE, {"s": {"seconds": 1000 + number}, "e": {"seconds": 100}}
        ).json
        codes.append(answer["errors"][0]["extensions"]["code"] if "errors" in answer else "saved")

    threads = [threading.Thread(target=save, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["CONFLICT"] * 19 + ["saved"]
