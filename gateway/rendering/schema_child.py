"""The process that writes large schemas: `python -m gateway.rendering.schema_child DESCRIPTOR`.

It reads one request after the other from the socket `DESCRIPTOR`: a task, and the names of its
schemas unless the last task had them. It ends when the other end is closed, as happens whenever its
parent ends, and after a minute without a request: so its memory is free again.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from graphql import GraphQLSchema

from dynamic_databases.concurrency.garbage_collection import collect, gc_paused
from schema.build.rendering import render, unpack_schema, unpack_task
from schema.errors import TooComplex

_NICER = 5  # requests of tenants go before, and it is done all the same
_IDLE_SECONDS = 60
_PIECE_BYTES = 262_144
DONE, TOO_COMPLEX, FAILED = b"done", b"too complex", b"failed"  # how an answer begins


def main() -> None:
    """Answer requests until the parent is gone, or has none for a while."""
    os.nice(_NICER)
    _be_killed_first()
    with Connection(int(sys.argv[1])) as parent, suppress(EOFError, OSError):
        schemas = _LastSchemas()
        while parent.poll(_IDLE_SECONDS):
            for piece in _answer(parent, schemas):
                parent.send_bytes(piece)
            parent.send_bytes(b"")


class _LastSchemas:
    """The schemas of the last task: tools soon ask for one again, or for its other document."""

    def __init__(self) -> None:
        self._schemas: dict[str, GraphQLSchema] = {}

    def get(self, versions: list[str], parent: Connection) -> list[GraphQLSchema]:
        """Return schemas by their versions; the names of those that aren't kept are asked for."""
        kept = {version: one for version, one in self._schemas.items() if version in versions}
        if len(kept) < len(self._schemas):
            self._schemas = kept
            collect()  # types know each other
        lacking = [version for version in dict.fromkeys(versions) if version not in kept]
        parent.send_bytes(" ".join(lacking).encode())
        # All are received, whatever is wrong with one.
        received = [list(iter(parent.recv_bytes, b"")) for _ in lacking]
        for version, pieces in zip(lacking, received, strict=True):
            self._schemas[version] = unpack_schema(iter(pieces))
        return [self._schemas[version] for version in versions]


def _answer(parent: Connection, schemas: _LastSchemas) -> Iterator[bytes]:
    """Yield how it went, and then the document, or what was wrong."""
    task, versions = unpack_task(parent.recv_bytes())
    try:
        with gc_paused():
            body = render(task, *schemas.get(versions, parent))
        yield DONE
    except TooComplex as error:
        yield TOO_COMPLEX
        body = str(error).encode()
    except (EOFError, OSError):
        raise  # the parent is gone
    except Exception:  # noqa: BLE001 - the parent raises it
        yield FAILED
        body = traceback.format_exc().encode()
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]


def _be_killed_first() -> None:
    """Have Linux end this process, not the server, where memory runs out (proc(5))."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    main()
