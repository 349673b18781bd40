"""One computation per key at a time; who comes meanwhile waits for it, and is counted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamic_databases.registry import process_registry
from schema import operations
from schema.access import FULL_ACCESS
from schema.cache import SchemaCache
from schema.one_at_a_time import OneAtATime
from tests.fixtures.processes import wait_for
from tests.fixtures.schemas import LIMITS

QUERY = "query($id: Int!) { genreByPk(genreId: $id) { name } }"


def test_those_who_wait_are_counted_and_find_it_done() -> None:
    turns: OneAtATime[str] = OneAtATime()
    done: list[int] = []

    def compute() -> None:
        with turns.turn("key"):
            if not done:
                done.append(1)

    with ThreadPoolExecutor(8) as pool:
        with turns.turn("key") as awaited:
            futures = [pool.submit(compute) for _ in range(8)]
            wait_for(lambda: awaited.answers == 9)
            assert done == []
        for future in futures:
            future.result()
    assert done == [1]
    assert awaited.answers == 0


def test_other_keys_do_not_wait_and_a_failure_ends_the_turn() -> None:
    turns: OneAtATime[str] = OneAtATime()
    with turns.turn("one"), turns.turn("other"):
        pass
    with pytest.raises(ZeroDivisionError), turns.turn("one"):
        _ = 1 / 0
    with turns.turn("one") as awaited:
        assert awaited.answers == 1


@pytest.mark.parametrize("step", ["parse_document", "plan_operation"])
def test_an_operation_is_compiled_and_planned_once_however_many_wait(library, monkeypatch, step) -> None:  # fmt: skip
    schema = SchemaCache(10**9, 10, {}).get(
        process_registry().entry(library.label), FULL_ACCESS, LIMITS
    )
    original, calls = getattr(operations, step), []

    def slow(*arguments: object) -> object:
        calls.append(arguments)
        time.sleep(0.05)  # long enough for the others to come
        return original(*arguments)

    monkeypatch.setattr(operations, step, slow)

    def prepared(_: int) -> object:
        return schema.operations.compile(QUERY, None).prepare({"id": 1})

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(prepared, range(16)))
    assert len(calls) == 1
    assert len({id(one) for one in found}) == 1
