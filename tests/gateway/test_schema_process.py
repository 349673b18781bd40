"""Large schemas are written in a process of their own, which may die at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import get_introspection_query

from gateway.errors import DeadlinePassed, Overloaded
from gateway.rendering.schema_process import SchemaProcess
from schema.build.rendering import Document, Introspection, render
from schema.built_schema import BuiltSchema
from schema.errors import TooComplex
from tests.fixtures.databases import library_sql
from tests.fixtures.processes import wait_for
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import SQLITE

COLUMNS = ", ".join(f"c{number} INTEGER" for number in range(999))
WIDE = "".join(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, {COLUMNS});" for n in range(2))
MISTAKEN = Introspection("{ __typename }", "Absent", "__typename", {})


@pytest.fixture
def process() -> Iterator[SchemaProcess]:
    process = SchemaProcess(60, large_columns=0)
    yield process
    process.stop()


@pytest.fixture
def built(new_database) -> BuiltSchema:
    return built_of(new_database(SQLITE, library_sql(SQLITE)))


def pid_of(process: SchemaProcess) -> int:
    assert process._child is not None
    return process._child.process.pid


def is_alive(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_it_writes_what_a_thread_would(process, built) -> None:
    for task in (Document.SDL, Introspection(get_introspection_query(), None, "__schema", {})):
        expected = render(built.schema.graphql_schema, task)

        assert process.render(built, task) == expected
    assert pid_of(process) != os.getpid()


def test_a_small_schema_starts_no_process(built) -> None:
    process = SchemaProcess(60)

    assert process.render(built, Document.SDL) == render(built.schema.graphql_schema, Document.SDL)
    assert process._child is None


def test_schemas_by_turns_are_kept_apart(process, new_database) -> None:
    schemas = [
        built_of(new_database(SQLITE, f"CREATE TABLE only_{name} (id INTEGER PRIMARY KEY)"))
        for name in ("here", "there")
    ]
    expected = [render(built.schema.graphql_schema, Document.SDL) for built in schemas]

    found = [process.render(schemas[number], Document.SDL) for number in (0, 1, 1, 0)]

    assert found == [expected[number] for number in (0, 1, 1, 0)]


def test_a_mistake_is_raised_here_and_the_process_goes_on(process, built) -> None:
    process.render(built, Document.SDL)
    first = pid_of(process)

    with pytest.raises(RuntimeError, match="no such operation"):
        process.render(built, MISTAKEN)
    assert process.render(built, Document.JSON)
    assert pid_of(process) == first


def test_what_is_too_large_is_refused(process, new_database) -> None:
    """A short document asks for the fields of the fields' types, and each leads to all again."""
    parents = ", ".join(f"p{number} INTEGER REFERENCES node (id)" for number in range(30))
    sql = f"CREATE TABLE node (id INTEGER PRIMARY KEY, {parents})"
    fields = "name"
    for _ in range(6):
        fields = f"name fields {{ name type {{ {fields} }} }}"
    query = f"{{ __schema {{ types {{ {fields} }} }} }}"

    with pytest.raises(TooComplex, match="select fewer fields"):
        process.render(
            built_of(new_database(SQLITE, sql)), Introspection(query, None, "__schema", {})
        )


def test_a_process_that_died_is_replaced(process, built) -> None:
    expected = process.render(built, Document.SDL)
    first = pid_of(process)
    os.kill(first, signal.SIGKILL)

    assert process.render(built, Document.SDL) == expected
    assert pid_of(process) != first
    assert not is_alive(first)


def test_the_deadline_ends_the_process_alone(built) -> None:
    process = SchemaProcess(60, large_columns=0)
    process.render(built, Document.SDL)
    first = pid_of(process)
    os.kill(first, signal.SIGSTOP)  # it answers nothing
    process._seconds = 0.1

    with pytest.raises(DeadlinePassed):
        process.render(built, Document.SDL)
    assert not is_alive(first)
    process._seconds = 60
    assert process.render(built, Document.SDL)
    process.stop()


def test_others_wait_for_their_turn_no_longer_than_the_deadline(built) -> None:
    process = SchemaProcess(0.1, large_columns=0)

    with process._turn, pytest.raises(Overloaded):
        process.render(built, Document.SDL)


def test_the_end_waits_for_no_document(built) -> None:
    process = SchemaProcess(600, large_columns=0)
    process.render(built, Document.SDL)
    pid = pid_of(process)
    os.kill(pid, signal.SIGSTOP)
    errors: list[Exception] = []

    def ask() -> None:
        try:
            process.render(built, Document.SDL)
        except Overloaded as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(process._turn.locked)
    process.stop()
    thread.join(30)

    assert len(errors) == 1
    assert not is_alive(pid)
    with pytest.raises(Overloaded):
        process.render(built, Document.SDL)


PARENT = """
import sys, time
from gateway.child_process import ChildProcess
child = ChildProcess.start("gateway.rendering.schema_child")
print(child.process.pid, flush=True)
time.sleep(600)
"""


def test_the_process_ends_with_the_server(built) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()

    wait_for(lambda: not is_alive(pid))


def test_a_large_schemas_types_are_not_made_in_the_server(
    settings, door, new_database, tenant_of
) -> None:
    settings.GATEWAY = replace(settings.GATEWAY, deadline_ms=60_000)
    _, door.token = tenant_of("wide", production=new_database(SQLITE, WIDE))
    small = door.query("/t/wide/graphql", '{ __type(name: "T0") { name } }')
    assert small.data == {"__type": {"name": "T0"}}

    found = door.query("/t/wide/graphql", get_introspection_query()).data
    document = door.request("GET", "/t/wide/schema.json").json["data"]
    text = door.request("GET", "/t/wide/schema.graphql").body

    names = {one["name"] for one in found["__schema"]["types"]}
    assert names == {one["name"] for one in document["__schema"]["types"]}
    assert {"T0", "T1", "T1Aggregate"} <= names
    assert b"type T1Aggregate" in text
    runtime, _ = door._application._ready()
    assert pid_of(runtime.rendering)
    (kept,) = runtime.schemas._entries.values()
    assert not kept.built.schema.graphql_schema.is_whole
