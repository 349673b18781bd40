"""Long computations beside the event loop: turns are short meanwhile, and things are put back."""

from __future__ import annotations

import gc
import sys

import pytest

from dynamic_databases.registry import process_registry
from gateway.beside import beside_traffic, paced
from schema.access import FULL_ACCESS
from schema.build import build_schema
from schema.limits import Limits


def test_the_last_one_out_puts_things_back() -> None:
    before = sys.getswitchinterval()
    with beside_traffic():
        with beside_traffic():
            assert not gc.isenabled()
        assert not gc.isenabled() and sys.getswitchinterval() <= before / 10
    assert gc.isenabled() and sys.getswitchinterval() == before


def test_a_failure_puts_things_back_too() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ValueError, match="x"), beside_traffic():
        raise ValueError("x")
    assert gc.isenabled() and sys.getswitchinterval() == before


def test_making_all_types_asks_now_and_then_whether_to_rest(library) -> None:
    entry = process_registry().entry(library.label)
    asked: list[bool] = []

    def is_busy() -> bool:
        asked.append(True)
        return True

    built = build_schema(entry, FULL_ACCESS, {}, Limits(), completing=lambda: paced(is_busy))
    assert not asked
    assert str(built.schema) == str(build_schema(entry, FULL_ACCESS, {}, Limits()).schema)
    assert len(asked) == len(entry.catalog.tables)
