"""The process that writes large schemas: `python -m gateway.rendering.schema_child DESCRIPTOR`.

It reads one request after the other from the socket `DESCRIPTOR`: a task, and the names of its
schema unless that was the last one. It ends when the other end is closed, as happens whenever its
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
KNOWN, UNKNOWN = b"known", b"unknown"  # whether the names of a schema are to follow
DONE, TOO_COMPLEX, FAILED = b"done", b"too complex", b"failed"  # how an answer begins


def main() -> None:
    """Answer requests until the parent is gone, or has none for a while."""
    os.nice(_NICER)
    _be_killed_first()
    with Connection(int(sys.argv[1])) as parent, suppress(EOFError, OSError):
        schemas = _LastSchema()
        while parent.poll(_IDLE_SECONDS):
            for piece in _answer(parent, schemas):
                parent.send_bytes(piece)
            parent.send_bytes(b"")


class _LastSchema:
    """The schema of the last task: tools soon ask for one again, or for its other document."""

    def __init__(self) -> None:
        self._version = ""
        self._schema = GraphQLSchema()

    def get(self, version: str, parent: Connection) -> GraphQLSchema:
        """Return the schema of this version; its names are asked for if it isn't the last one."""
        is_known = self._version == version
        parent.send_bytes(KNOWN if is_known else UNKNOWN)
        if not is_known:
            self._version, self._schema = "", GraphQLSchema()
            collect()  # types know each other
            pieces = list(iter(parent.recv_bytes, b""))  # all, whatever is wrong with one
            self._schema = unpack_schema(iter(pieces))
            self._version = version
        return self._schema


def _answer(parent: Connection, schemas: _LastSchema) -> Iterator[bytes]:
    """Yield how it went, and then the document, or what was wrong."""
    version, task = unpack_task(parent.recv_bytes())
    try:
        with gc_paused():
            body = render(schemas.get(version, parent), task)
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
