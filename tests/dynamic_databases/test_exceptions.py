"""Exceptions that are kept and raised again."""

from __future__ import annotations

import asyncio
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from graphql import GraphQLError

from dynamic_databases.concurrency.exceptions import causes_of, repeated
from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import CannotConnect, InvalidConfig, SchemaChanged, Unavailable
from dynamic_databases.models import Database
from dynamic_databases.registry import Registry
from gateway.control.database import ControlDatabase
from gateway.execution.circuit_breaker import TenantDown
from tenants.errors import ControlUnavailable


class Odd(Exception):
    """Its arguments are not those it was made with."""

    def __init__(self, *, name: str, seconds: float) -> None:
        super().__init__(f"{name}: {seconds} s")
        self.name = name
        self.seconds = seconds


@pytest.mark.parametrize(
    "error",
    [
        Odd(name="x", seconds=2),
        TenantDown(1.5),
        SchemaChanged("gone", ("a.b",)),
        InvalidConfig("HOST", "is not allowed"),
        FileNotFoundError(2, "No such file", "/x"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        KeyError("name"),
        GraphQLError("wrong", path=["a"], extensions={"code": "X"}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_repeated_exception_is_equal_to_the_first(error) -> None:
    again = repeated(error)

    assert type(again) is type(error) and again is not error
    assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
    facts = {k: v for k, v in again.__dict__.items() if not k.startswith("_repeats")}
    assert facts == error.__dict__
    assert getattr(again, "extensions", None) == getattr(error, "extensions", None)
    assert again.__traceback__ is None


def test_what_it_repeats_is_no_cause() -> None:
    driver, first = OSError("refused"), CannotConnect("away")
    first.__cause__ = driver
    again = repeated(first)
    again.__cause__ = first

    assert list(causes_of(again)) == [driver] == list(causes_of(first))
    plain = Unavailable("The server doesn't speak TLS.")
    same = repeated(plain)
    same.__cause__ = plain
    assert explain(same) == explain(plain) == str(plain)


def test_threads_that_meet_one_failure_each_have_their_own(
    registry: Registry, transactional_db
) -> None:
    """No server listens on that port: one call connects, the others share its error."""
    database = Database.objects.from_url("away", "postgresql://u@127.0.0.1:1/x")
    together = threading.Barrier(20)

    def ask(_number: int) -> CannotConnect:
        together.wait(timeout=30)
        with pytest.raises(CannotConnect) as caught:
            registry.entry(database.label)
        return caught.value

    with ThreadPoolExecutor(20) as threads:
        errors = list(threads.map(ask, range(20)))
    assert len({id(error) for error in errors}) == 20
    depths = [len(traceback.extract_tb(error.__traceback__)) for error in errors]
    assert max(depths) < 25
    kept = registry._failed[database.label][0]
    before = len(traceback.extract_tb(kept.__traceback__))
    for error in (ask_alone(registry, database.label) for _ in range(20)):
        assert error.__cause__ is kept
    assert len(traceback.extract_tb(kept.__traceback__)) == before


def ask_alone(registry: Registry, alias: str) -> CannotConnect:
    with pytest.raises(CannotConnect) as caught:
        registry.entry(alias)
    return caught.value


def test_requests_that_share_a_call_each_have_their_own(db) -> None:
    """One call to the control database is made for all; it fails with one exception."""
    control = ControlDatabase(lambda: None, seconds=10)
    reached = threading.Event()

    def fails() -> None:
        reached.wait(10)
        raise ControlUnavailable

    async def main() -> list[object]:
        calls = [asyncio.create_task(control.call("poll", fails)) for _ in range(20)]
        await asyncio.sleep(0)
        reached.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = asyncio.run(main())
    control.stop()
    assert {type(error) for error in errors} == {ControlUnavailable}
    assert len({id(error) for error in errors}) == 20
