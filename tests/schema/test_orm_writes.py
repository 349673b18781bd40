"""Writes answer alike by server-side JSON and by the ORM, also where INSERT returns no row."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dynamic_databases.active import use_database
from dynamic_databases.catalog.capabilities import JsonWay
from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.errors import Conflict
from schema.execution.cursors import Cursors
from schema.execution.runner import Runner
from schema.operations import OperationCache
from tests.fixtures.schemas import LIMITS
from tests.fixtures.vendors import MARIADB

TRACK = "trackId name seconds rating album { title artist { name } } playlistTracks { note }"
MUTATIONS = {
    "insert one": 'insertGenreOne(object: {name: "Folk"}) { name tracks { name } }',
    "insert many": (
        'insertGenre(objects: [{name: "Folk"}, {name: "Pop"}]) { affectedRows returning { name } }'
    ),
    "insert nested": """insertAlbumOne(object: {title: "New", artist: {data: {name: "Dora"}},
        tracks: {data: [{name: "a", explicit: false}, {name: "b", explicit: true}]}})
          { title artist { name } tracks(orderBy: {name: ASC}) { name explicit } }""",
    "conflict updates": """insertPlaylistTrack(
        objects: [{playlist: 1, position: 1, trackId: 3, note: "new"},
        {playlist: 9, position: 9, trackId: 1}],
        onConflict: {constraint: playlistTrackPkey, updateColumns: [note]})
          { affectedRows returning { playlist position trackId note } }""",
    "conflict does nothing": """insertPlaylistTrack(
        objects: [{playlist: 1, position: 1, trackId: 3, note: "new"}],
        onConflict: {constraint: playlistTrackPkey}) { affectedRows returning { note } }""",
    "conflict where": """insertPlaylistTrack(objects: [{playlist: 1, position: 1, trackId: 3,
        note: "new"}, {playlist: 1, position: 2, trackId: 3, note: "new"}],
        onConflict: {constraint: playlistTrackPkey, updateColumns: [note, trackId],
          where: {note: {_eq: "x"}}}) { affectedRows returning { trackId note } }""",
    "conflict on a unique key": """insertGenreOne(object: {name: "Rock"},
        onConflict: {constraint: genreNameKey, updateColumns: [name]}) { genreId name }""",
    "update by key": (
        f'updateTrackByPk(pkColumns: {{trackId: 1}}, _set: {{name: "x", rating: 0.1}}) '
        f"{{ {TRACK} }}"
    ),
    "update one column": (
        f"updateTrackByPk(pkColumns: {{trackId: 2}}, _inc: {{seconds: 5}}) {{ {TRACK} }}"
    ),
    "update nothing": (
        f'updateTrackByPk(pkColumns: {{trackId: 99}}, _set: {{name: "x"}}) {{ {TRACK} }}'
    ),
    "update rows": (
        f"updateTrack(where: {{seconds: {{_gt: 100}}}}, _set: {{rating: 2.5}}, "
        f"_inc: {{seconds: -1}}) {{ affectedRows returning {{ {TRACK} }} }}"
    ),
    "update keys": (
        "updatePlaylistTrack(where: {playlist: {_eq: 1}}, _set: {playlist: 7}) "
        "{ affectedRows returning { playlist position note } }"
    ),
    "update many": """updateTrackMany(updates: [{where: {trackId: {_eq: 1}},
        _set: {name: "x"}}, {where: {trackId: {_eq: 2}}, _set: {name: "y"}}]) {
        affectedRows returning { name } }""",
    "save": f"""saveTrack(pkColumns: {{trackId: 1}},
        _set: {{name: "x", seconds: 100, rating: 1.5}}, _expect: {{name: "One"}}) {{
        row {{ {TRACK} }} changes {{ field column before after }} }}""",
    "save nothing": (
        'saveTrack(pkColumns: {trackId: 1}, _set: {name: "One"}) { row { name } changes { field } }'
    ),
    "save theirs": (
        'saveTrack(pkColumns: {trackId: 1}, _set: {name: "x"}, _expect: {name: "old"}, resolve: '
        "THEIRS) { row { name } changes { field } }"
    ),
    "delete by key": "deletePlaylistTrackByPk(playlist: 1, position: 1) { note track { name } }",
    "delete rows": (
        "deletePlaylistTrack(where: {playlist: {_eq: 1}}) "
        "{ affectedRows returning { note track { name } } }"
    ),
}


def answer(database, mutation: str, **capabilities) -> object:
    """Run a mutation that is rolled back, on a server with other capabilities than it has."""
    registry = process_registry()
    entry = registry.entry(database.label)
    entry = replace(entry, capabilities=replace(entry.capabilities, **capabilities))
    built = build_schema(entry, FULL_ACCESS, {}, LIMITS)
    operation = OperationCache(built, LIMITS, 1).compile(f"mutation {{ {mutation} }}", None)
    variables = operation.variables({})
    prepared = operation.prepare(variables)
    runner = Runner(
        database.label,
        lambda: registry.models(database.label),
        LIMITS,
        Cursors(["x"]),
        dry_run=True,
    )
    with use_database(database.label), registry.connections.lease(database.label) as wrapper:
        found = runner.run(wrapper, operation, prepared, variables)
    return json.loads(found.fragments[0][1])


@pytest.mark.parametrize("kind", MUTATIONS)
def test_writes_answer_alike(library, vendor, kind: str) -> None:
    exact = answer(library, MUTATIONS[kind])

    assert answer(library, MUTATIONS[kind], json=JsonWay.ORM) == exact
    if vendor is MARIADB:  # MySQL has no INSERT … RETURNING
        assert answer(library, MUTATIONS[kind], json=JsonWay.ORM, returning=False) == exact


def test_a_conflict_is_told_alike(library) -> None:
    mutation = (
        'saveTrack(pkColumns: {trackId: 1}, _set: {name: "x"}, _expect: {name: "old"}) '
        "{ row { name } }"
    )

    told = []
    for way in JsonWay:
        with pytest.raises(Conflict) as conflict:
            answer(library, mutation, json=way)
        told.append(conflict.value.extensions)
    assert told[0] == told[1]
    assert told[0]["conflicts"] == [{"field": "name", "base": "old", "mine": "x", "theirs": "One"}]
