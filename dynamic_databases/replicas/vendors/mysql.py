"""MariaDB: global transaction ids (manual, "Global Transaction ID"); any login may ask.

A replica keeps `gtid_slave_pos` whether it follows by GTID or by file and position.
`SHOW REPLICA STATUS` would need a right, and its seconds are 0 while a dead link goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynamic_databases.replicas.position import UnusableReplica


@dataclass(frozen=True)
class GtidPosition:
    """The last sequence number of each replication domain."""

    last: Mapping[int, int]

    def includes(self, other: GtidPosition) -> bool:
        """Return whether all that was written up to `other` is there."""
        return all(self.last.get(domain, -1) >= number for domain, number in other.last.items())


def written(wrapper: Any) -> GtidPosition:
    """Return what the primary has in its binary log. Raises UnusableReplica where it has none."""
    return _position(wrapper, "gtid_binlog_pos", "the database's server has written no binary log")


def held(wrapper: Any) -> GtidPosition:
    """Return what a replica has applied. Raises UnusableReplica where it is none."""
    return _position(wrapper, "gtid_slave_pos", "it applies nothing: it is no replica")


def parse_gtids(text: str) -> GtidPosition:
    """Return the position that MariaDB writes as domain-server-number: `0-1-270,5-2-12`."""
    last: dict[int, int] = {}
    for one in filter(None, text.split(",")):
        domain, _, number = one.split("-")
        last[int(domain)] = int(number)
    return GtidPosition(last)


def _position(wrapper: Any, variable: str, absent: str) -> GtidPosition:
    if not wrapper.mysql_is_mariadb:
        raise UnusableReplica("of MySQL's own replicas nothing is known here; MariaDB's are")
    with wrapper.cursor() as cursor:
        cursor.execute(f"SELECT @@GLOBAL.{variable}")  # one of two constants
        (text,) = cursor.fetchone()
    if not text:
        raise UnusableReplica(absent)
    return parse_gtids(text)
