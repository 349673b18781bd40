"""How many rows an operation may come to read: known before it runs.

A list counts as its limit says, however few rows the table holds, times what is read for each of
its rows. A nested one without a limit counts as the few rows that a row's children are, as a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schema.errors import TooComplex
from schema.limits import Limits
from schema.plan.nodes import (
    Action,
    Aggregate,
    Connection,
    GroupBy,
    InsertRows,
    Nested,
    NestedAggregate,
    NestedConnection,
    NodeLookup,
    Nodes,
    Page,
    Plan,
    Returning,
    Selected,
    UpdateEach,
)
from schema.plan.operands import Constant, Operand
from schema.plan.walk import inside

Variables = Mapping[str, Any]
_CHILDREN = 10


def check_cost(plan: Plan, variables: Variables, limits: Limits) -> None:
    """Raises TooComplex where the plan may read more rows than it may."""
    rows = _Estimate(variables, limits).of(plan)
    if rows > limits.max_cost:
        raise TooComplex(
            f"The query may read {rows:,} rows, "
            f"above the maximum of {limits.max_cost:,} (GATEWAY_MAX_COST); "
            "give its lists a smaller limit, or nest fewer of them."
        )


def is_fixed(plan: Plan) -> bool:
    """Return whether the estimate is the same whatever the variables are."""
    return all(
        operand is None or isinstance(operand, Constant)
        for root in plan.roots
        for operand in _limits_of(root.action)
    )


class _Estimate:
    """The rows of a plan's parts, with these variables."""

    def __init__(self, variables: Variables, limits: Limits) -> None:
        self._variables = variables
        self._limits = limits

    def of(self, plan: Plan) -> int:
        return sum(self._of_action(root.action) for root in plan.roots)

    def _of_action(self, action: Action) -> int:
        match action:
            case Page():
                return self._of_page(action)
            case Aggregate():
                return self._of_aggregate(action)
            case Connection():
                return self._of_connection(action)
            case GroupBy():
                return self._number(action.limit.operand if action.limit else None)
            case NodeLookup():
                rows = len(action.id.read(self._variables) or ()) if action.many else 1
                return rows * max((self._of_page(page) for _, page in action.pages), default=1)
            case _:
                return sum(
                    rows * (1 + self._of_selection(page.selection))
                    for rows, page in self._written(action)
                )

    def _written(self, action: Any) -> Iterator[tuple[int, Page]]:
        """Yield the pages that answer a write, and how many rows each may have."""
        if isinstance(action, UpdateEach):
            for update in action.updates:
                yield from self._written(update)
            return
        if (page := getattr(action, "page", None)) is not None:
            yield 1, page
            return
        if isinstance(action, InsertRows):
            rows = len(action.mains)
        else:
            at_most = getattr(action, "at_most", None)
            rows = int(at_most.read(self._variables) or 0) if at_most is not None else 0
        for part in getattr(action, "answer", ()):
            if isinstance(part, Returning):
                yield rows, part.page

    def _of_page(self, page: Page, *, unstated: int | None = None) -> int:
        limit = page.limit.operand if page.limit else None
        rows = 1 if page.single else self._number(limit, unstated)
        return rows * (1 + self._of_selection(page.selection))

    def _of_connection(self, connection: Connection, *, unstated: int | None = None) -> int:
        inner = sum(self._of_selection(selected) for selected in connection.selections)
        return self._number(connection.first or connection.last, unstated) * (1 + inner)

    def _of_aggregate(self, aggregate: Aggregate) -> int:
        nodes = (part.page for part in aggregate.answer if isinstance(part, Nodes))
        return 1 + sum(self._of_page(page) for page in nodes)

    def _of_selection(self, selection: Iterable[Selected]) -> int:
        rows = 0
        for selected in selection:
            if isinstance(selected, Nested):
                rows += self._of_page(selected.page, unstated=_CHILDREN)
            elif isinstance(selected, NestedAggregate):
                rows += self._of_aggregate(selected.aggregate)
            elif isinstance(selected, NestedConnection):
                rows += self._of_connection(selected.connection, unstated=_CHILDREN)
        return rows

    def _number(self, operand: Operand | None, unstated: int | None = None) -> int:
        """What the limit says; one that is too large is refused where it is bound."""
        value = operand.read(self._variables) if operand is not None else None
        if value is None:
            return min(unstated or self._limits.default_rows, self._limits.default_rows)
        return max(int(value), 0)


def _limits_of(action: Any) -> Iterator[Operand | None]:
    """Yield whatever decides how many rows an action reads, of its nested ones too."""
    yield getattr(getattr(action, "limit", None), "operand", None)
    for name in ("first", "last", "at_most"):
        yield getattr(action, name, None)
    if isinstance(action, NodeLookup) and action.many:
        yield action.id
    for inner in inside(action):
        yield from _limits_of(inner)
