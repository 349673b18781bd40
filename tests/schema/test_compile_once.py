"""One operation is compiled and planned once, however many requests wait for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamic_databases.process import process_registry
from schema import operations
from schema.access import FULL_ACCESS
from schema.build.cache import SchemaCache
from tests.fixtures.processes import wait_for
from tests.fixtures.schemas import LIMITS

QUERY = "query($id: Int!) { genreByPk(genreId: $id) { name } }"


@pytest.mark.parametrize("step", ["parse_document", "plan_operation"])
def test_each_step_runs_once(library, monkeypatch, step) -> None:
    schema = SchemaCache(10**9, 10, {}).get(
        process_registry().entry(library.label), FULL_ACCESS, LIMITS
    )
    original, calls = getattr(operations, step), []
    asking: list[int] = []

    def slow(*arguments: object) -> object:
        calls.append(arguments)
        wait_for(lambda: len(asking) >= 8)
        return original(*arguments)

    monkeypatch.setattr(operations, step, slow)

    def prepared(number: int) -> object:
        asking.append(number)
        return schema.operations.compile(QUERY, None).prepare({"id": 1})

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(prepared, range(16)))
    assert len(calls) == 1
    assert len({id(one) for one in found}) == 1
