"""One operation: its root fields and what each does."""

from __future__ import annotations

from dataclasses import dataclass

from schema.plan.nodes.reads import Aggregate, Connection, GroupBy, NodeLookup, Page, Typename
from schema.plan.nodes.writes import Write


@dataclass(frozen=True)
class Introspect:
    """`__schema`, `__type`, or a tableless schema's lone field: the schema itself answers."""

    key: str


Read = Page | Aggregate | GroupBy
Action = Read | Connection | NodeLookup | Write | Typename | Introspect


@dataclass(frozen=True)
class Root:
    """One root field: what is done and under which response key it is answered."""

    key: str
    nullable: bool
    action: Action


@dataclass(frozen=True)
class Plan:
    """One operation."""

    roots: tuple[Root, ...]
    writes: bool
    absent: tuple[str, ...] = ()  # columns of the baseline that are answered as null
