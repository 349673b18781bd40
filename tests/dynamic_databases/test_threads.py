"""Threads per key, and calls at a later time."""

from __future__ import annotations

import threading
import time

from dynamic_databases.concurrency.keyed_threads import KeyedThreads
from dynamic_databases.concurrency.timer import Timer
from tests.fixtures.processes import wait_for


def named(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_one_keys_work_takes_its_own_threads_alone() -> None:
    threads, gate, done = KeyedThreads("keyed", 4, 10), threading.Event(), []
    for number in range(10):
        assert threads.submit("slow", lambda number=number: (gate.wait(30), done.append(number)))

    assert threads.submit("other", lambda: done.append("other"))
    wait_for(lambda: done == ["other"])
    wait_for(lambda: named("keyed") == 4)
    gate.set()
    wait_for(lambda: sorted(done[1:]) == list(range(10)))
    wait_for(lambda: named("keyed") == 0)
    assert not threads._lines
    threads.stop()


def test_what_may_wait_is_bounded() -> None:
    threads, gate, taken = KeyedThreads("keyed", 1, 3), threading.Event(), threading.Event()
    assert threads.submit("a", lambda: (taken.set(), gate.wait(30)))
    assert taken.wait(30)
    assert [threads.submit("a", lambda: None) for _ in range(5)] == [True] * 3 + [False] * 2
    assert threads.submit("b", lambda: None)
    gate.set()
    threads.stop()
    assert not threads.submit("a", lambda: None)
    assert named("keyed") == 0 and not threads._lines


def test_work_that_fails_ends_no_thread(caplog) -> None:
    threads, done = KeyedThreads("keyed", 1, 10), threading.Event()
    assert threads.submit("a", lambda: 1 // 0)
    assert threads.submit("a", done.set)
    assert done.wait(30)
    threads.stop()
    assert "ZeroDivisionError" in caplog.text


def test_without_another_thread_those_that_run_do_the_work() -> None:
    """No system gives a thread a stack of that size."""
    threads, gate, taken, done = (
        KeyedThreads("keyed", 4, 10),
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )
    assert threads.submit("a", lambda: (taken.set(), gate.wait(30)))
    assert taken.wait(30)
    before = threading.stack_size(1 << 46)
    try:
        assert threads.submit("a", done.set)
        assert not threads.submit("b", done.set)
    finally:
        threading.stack_size(before)
    gate.set()
    assert done.wait(30)
    threads.stop()
    assert not threads._lines


def test_calls_come_in_the_order_of_their_times(caplog) -> None:
    timer, made, last = Timer("calls"), [], threading.Event()
    timer.after(0.10, lambda: (made.append(2), last.set()))
    timer.after(0.05, lambda: made.append(1))
    timer.after(0.0, lambda: 1 // 0)
    assert last.wait(30)
    assert made == [1, 2]
    assert "ZeroDivisionError" in caplog.text
    wait_for(lambda: named("calls") == 0)
    timer.after(0.0, lambda: made.append(3))
    wait_for(lambda: made == [1, 2, 3])


def test_a_timer_that_is_stopped_makes_what_is_left_at_once() -> None:
    timer, made = Timer("calls"), []
    started = time.monotonic()
    timer.after(3600, lambda: made.append(1))
    timer.stop()

    assert made == [1] and time.monotonic() - started < 3000
    assert not timer.after(0.0, lambda: made.append(2))
    wait_for(lambda: named("calls") == 0)
