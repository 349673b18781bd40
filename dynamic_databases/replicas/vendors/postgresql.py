"""PostgreSQL: the place in the write-ahead log (manual, §9.28.3 and §9.28.4); any login may ask.

The age of the last transaction (`pg_last_xact_replay_timestamp`) grows where nobody writes, and
stays small on a replica that lost its primary: it is no measure of what a replica holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynamic_databases.replicas.position import UnusableReplica

_CLUSTER = "(SELECT system_identifier FROM pg_control_system())"
_WRITTEN = f"""SELECT {_CLUSTER}, CASE WHEN pg_is_in_recovery() THEN NULL
  ELSE pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') END"""
_HELD = f"""SELECT {_CLUSTER}, CASE WHEN pg_is_in_recovery()
  THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END"""


@dataclass(frozen=True)
class WalPosition:
    """How many bytes a cluster has written to its log, or replayed of it."""

    cluster: int
    length: int

    def includes(self, other: WalPosition) -> bool:
        """Return whether all that was written up to `other` is there. Raises UnusableReplica."""
        if self.cluster != other.cluster:
            raise UnusableReplica("it is of another cluster than the database")
        return self.length >= other.length


def written(wrapper: Any) -> WalPosition:
    """Return how much a primary has written. Raises UnusableReplica where it is none."""
    return _position(wrapper, _WRITTEN, "the database itself is a replica, it takes no writes")


def held(wrapper: Any) -> WalPosition:
    """Return how much a replica has replayed. Raises UnusableReplica."""
    return _position(wrapper, _HELD, "it replays nothing: it is no replica, or was promoted")


def _position(wrapper: Any, sql: str, absent: str) -> WalPosition:
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        cluster, length = cursor.fetchone()
    if length is None:
        raise UnusableReplica(absent)
    return WalPosition(int(cluster), int(length))
