"""The last snapshot on disk, sealed: what a restart serves from while the control database is away.

The file is one line that names the format, then a Fernet token: compressed lines of JSON. Its keys
are derived from GATEWAY_SECRET_KEYS; the databases' passwords inside are sealed once more, each
with its own.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.fernet import InvalidToken, MultiFernet
from django.conf import settings

from dynamic_databases.config.secrets import fernets_for
from dynamic_databases.database_settings import BaselineRow, SourceRow
from gateway.private_file import write_private
from tenants.snapshot import Snapshot
from tenants.snapshot_json import snapshot_of, values_of

_FORMAT = b"gateway-snapshot 2"
_FORMATS = (b"gateway-snapshot 1", _FORMAT)  # the first knows no replicas
_PURPOSE = "control snapshot"
_HEAD, _DATABASE, _BASELINE = "head", "database", "baseline"
_CLOCK_SECONDS = 60.0  # that clocks may differ
_FAST = 1  # compression level


class UnusableSnapshot(Exception):
    """The file can't be used; the message says why."""


@dataclass(frozen=True)
class State:
    """What a gateway needs of its control database to serve."""

    revision: int  # all changes up to this one are in it
    confirmed_at: dt.datetime  # when the control database last said that nothing is newer
    snapshot: Snapshot
    databases: Mapping[int, SourceRow]
    baselines: Mapping[int, BaselineRow]


class SnapshotFile:
    """Writes and reads one file; `installation` names the control database that it is of."""

    def __init__(self, path: Path, keys: Sequence[str], installation: str) -> None:
        self.path = path
        self._fernet = MultiFernet(fernets_for(keys, _PURPOSE))
        self._installation = installation

    def write(self, state: State) -> None:
        """Replace the file. Raises OSError."""
        lines = b"\n".join(map(orjson.dumps, self._values(state)))
        sealed = self._fernet.encrypt(zlib.compress(lines, _FAST))
        write_private(self.path, _FORMAT + b"\n" + sealed)

    def read(self, max_age_seconds: float) -> State:
        """Return what was written. Raises UnusableSnapshot."""
        try:
            kind, _, sealed = self.path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            raise UnusableSnapshot("there is none yet") from None
        except OSError as error:
            raise UnusableSnapshot(f"it can't be read: {error.strerror}") from None
        if kind not in _FORMATS:
            raise UnusableSnapshot("it is of another format, or of another release")
        try:
            lines = zlib.decompress(self._fernet.decrypt(sealed)).split(b"\n")
        except InvalidToken:
            raise UnusableSnapshot(
                "it was changed, or sealed with a key that GATEWAY_SECRET_KEYS lacks"
            ) from None
        return self._state([orjson.loads(line) for line in lines], max_age_seconds)

    def _values(self, state: State) -> Iterator[list[Any]]:
        head = {
            "revision": state.revision,
            "confirmed_at": state.confirmed_at.isoformat(),
            "installation": self._installation,
        }
        yield [_HEAD, head]
        yield from values_of(state.snapshot, settings.DATABASES.pk_of)
        for row in state.databases.values():
            yield [_DATABASE, vars(row)]
        for baseline in state.baselines.values():
            yield [_BASELINE, vars(baseline)]

    def _state(self, values: list[list[Any]], max_age_seconds: float) -> State:
        head = values[0][1]
        if head["installation"] != self._installation:
            raise UnusableSnapshot("it is of another control database")
        confirmed_at = dt.datetime.fromisoformat(head["confirmed_at"])
        age = (dt.datetime.now(dt.UTC) - confirmed_at).total_seconds()
        if age > max_age_seconds:
            raise UnusableSnapshot(
                f"the control database last confirmed it at {confirmed_at:%Y-%m-%d %H:%M} UTC, "
                "longer ago than GATEWAY_SNAPSHOT_MAX_AGE_SECONDS"
            )
        if age < -_CLOCK_SECONDS:
            raise UnusableSnapshot("it is newer than this machine's clock, which must be wrong")
        rows = [SourceRow(**value[1]) for value in values if value[0] == _DATABASE]
        baselines = [BaselineRow(**value[1]) for value in values if value[0] == _BASELINE]
        return State(
            head["revision"],
            confirmed_at,
            snapshot_of(values, settings.DATABASES.alias_of),
            {row.pk: row for row in rows},
            {row.pk: row for row in baselines},
        )
