"""What each vendor's module offers, and which module a connection's vendor has."""

from __future__ import annotations

from typing import Any, Protocol

from dynamic_databases.replicas.position import Position, UnusableReplica
from dynamic_databases.replicas.vendors import mysql, postgresql


class ReplicaVendor(Protocol):
    """A vendor's module; `wrapper` is Django's, of an open connection."""

    def written(self, wrapper: Any, /) -> Position:
        """Return how much a database's server has written. Raises UnusableReplica."""

    def held(self, wrapper: Any, /) -> Position:
        """Return how much of that a replica holds. Raises UnusableReplica."""


_VENDORS: dict[str, ReplicaVendor] = {"postgresql": postgresql, "mysql": mysql}


def vendor_of(wrapper: Any) -> ReplicaVendor:
    """Return the module of a wrapper's vendor. Raises UnusableReplica where it has none."""
    vendor = _VENDORS.get(wrapper.vendor)
    if vendor is None:
        raise UnusableReplica(f"replicas of {wrapper.vendor} don't tell how far they lag")
    return vendor
