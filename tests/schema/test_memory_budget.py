"""Operations of all schemas share one bound of bytes."""

from __future__ import annotations

import gc

from graphql import get_introspection_query

from schema.limits import Limits
from schema.memory_budget import MemoryBudget
from schema.operations import OperationCache
from tests.fixtures.memory_walk import walked_bytes
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import SQLITE

SQL = "".join(
    f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, name TEXT, size INT);" for n in range(20)
)


class Item:
    def __init__(self) -> None:
        self.was_used = False
        self.is_evicted = False

    def evict(self) -> None:
        self.is_evicted = True


def test_what_was_not_used_goes_first() -> None:
    budget = MemoryBudget(300)
    items = [Item() for _ in range(3)]
    for item in items:
        budget.charge(item, 100)
    items[0].was_used = True
    last = Item()
    budget.charge(last, 100)

    assert [item.is_evicted for item in items] == [False, True, False]
    assert budget.size_bytes == 300


def test_an_item_that_grows_evicts_others_and_stays() -> None:
    budget = MemoryBudget(300)
    item, other = Item(), Item()
    budget.charge(other, 100)
    for _ in range(5):
        budget.charge(item, 100)
    assert (item.is_evicted, other.is_evicted) == (False, True)
    budget.charge(Item(), 10)
    assert item.is_evicted


def test_what_is_gone_no_longer_counts() -> None:
    budget = MemoryBudget(300)
    kept = Item()
    for _ in range(50):
        budget.charge(Item(), 290)
    gc.collect()
    budget.charge(kept, 10)
    assert not kept.is_evicted
    assert budget.size_bytes == 10


def test_operations_of_two_schemas_share_the_budget(new_database) -> None:
    built = built_of(new_database(SQLITE, SQL))
    budget = MemoryBudget(1_000_000)
    caches = [OperationCache(built, Limits(), 1000, budget=budget) for _ in range(2)]
    for number in range(300):
        for cache in caches:
            operation = cache.compile(f"query q{number} {{ t1 {{ id name size }} }}", None)
            operation.prepare(operation.variables({}))
    assert budget.size_bytes <= 1_000_000
    held = walked_bytes(caches, (built, budget)) - walked_bytes([built])
    assert held < 3_000_000
    text = "query q299 { t1 { id name size } }"
    assert caches[1].peek(text, None) is not None
    assert caches[0].peek(text.replace("299", "0"), None) is None


def test_the_estimate_is_near_what_an_operation_takes(new_database) -> None:
    built = built_of(new_database(SQLITE, SQL))
    wide = f"{{ t1 {{ {' '.join(f'a{n}: name' for n in range(25))} }} }}"
    for text in ("{ t1 { id } }", get_introspection_query(), wide):
        budget = MemoryBudget(100_000_000)
        operation = OperationCache(built, Limits(), 10, budget=budget).compile(text, None)
        operation.prepare(operation.variables({}))
        both = walked_bytes([operation, built], (budget,))
        size = both - walked_bytes([built], (budget,))
        assert size / 3 < budget.size_bytes < size * 3


def test_an_answer_that_is_too_large_is_made_each_time(new_database) -> None:
    built = built_of(new_database(SQLITE, SQL))
    budget = MemoryBudget(1_000_000)
    operation = OperationCache(built, Limits(), 10, budget=budget).compile(
        get_introspection_query(), None
    )
    before = budget.size_bytes
    answer = operation.introspect("__schema", {})
    assert len(answer) > 1_000_000 / 8
    assert budget.size_bytes == before
    assert operation.introspect("__schema", {}) == answer
