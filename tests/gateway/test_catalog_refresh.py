"""Databases are asked behind the answers whether their tables changed."""

from __future__ import annotations

import threading


def test_a_look_takes_the_connection_that_the_request_gave_back(
    music_with, registry, monkeypatch
) -> None:
    """A second one for it would be one more of the server's, of every database in use."""
    music = music_with(catalog_check_seconds=0.0)
    looked = threading.Event()
    has_changed = registry.has_changed

    def looks(alias: str) -> bool:
        try:
            return has_changed(alias)
        finally:
            looked.set()

    monkeypatch.setattr(registry, "has_changed", looks)
    query = "{ artist { name } }"
    assert music.query("/t/music/graphql", query).data  # for it the catalog was read: no look yet
    for _ in range(9):
        assert music.query("/t/music/graphql", query).data
        assert looked.wait(10)
        looked.clear()

    assert registry.connections.counts == (1, 1)
