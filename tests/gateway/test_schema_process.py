"""Large schemas are written in a process of their own, which may die at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from graphql import get_introspection_query

from gateway.errors import DeadlinePassed, Overloaded
from gateway.rendering.schema_process import SchemaProcess
from gateway.reports.drift import compare_here, compare_in
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


def is_alive(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_it_writes_what_a_thread_would(process, built) -> None:
    for task in (Document.SDL, Introspection(get_introspection_query(), None, "__schema", {})):
        expected = render(task, built.schema.graphql_schema)

        assert process.render(task, built) == expected
    assert process.pid != os.getpid()


def test_a_small_schema_starts_no_process(built) -> None:
    process = SchemaProcess(60)

    assert process.render(Document.SDL, built) == render(Document.SDL, built.schema.graphql_schema)
    assert process.pid is None


def test_schemas_by_turns_are_kept_apart(process, new_database) -> None:
    schemas = [
        built_of(new_database(SQLITE, f"CREATE TABLE only_{name} (id INTEGER PRIMARY KEY)"))
        for name in ("here", "there")
    ]
    expected = [render(Document.SDL, built.schema.graphql_schema) for built in schemas]

    found = [process.render(Document.SDL, schemas[number]) for number in (0, 1, 1, 0)]

    assert found == [expected[number] for number in (0, 1, 1, 0)]


def test_two_schemas_are_compared(process, new_database) -> None:
    before, after = (
        built_of(new_database(SQLITE, f"CREATE TABLE note (id INTEGER PRIMARY KEY, {column} INT)"))
        for column in ("size", "mood")
    )
    process.render(Document.SDL, after)
    expected = compare_here(before, after)
    compare = compare_in(process)

    assert "Note.size was removed." in {change.message for change in expected}
    assert compare(before, after) == expected
    assert compare(after, before) != expected
    assert compare(before, before) == []


def test_a_mistake_is_raised_here_and_the_process_goes_on(process, built) -> None:
    process.render(Document.SDL, built)
    first = process.pid

    with pytest.raises(RuntimeError, match="no such operation"):
        process.render(MISTAKEN, built)
    assert process.render(Document.JSON, built)
    assert process.pid == first


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
            Introspection(query, None, "__schema", {}), built_of(new_database(SQLITE, sql))
        )


def test_a_process_that_died_is_replaced(process, built) -> None:
    expected = process.render(Document.SDL, built)
    first = process.pid
    os.kill(first, signal.SIGKILL)

    assert process.render(Document.SDL, built) == expected
    assert process.pid != first
    assert not is_alive(first)


def test_the_deadline_ends_the_process_alone(built) -> None:
    process = SchemaProcess(60, large_columns=0)
    process.render(Document.SDL, built)
    first = process.pid
    os.kill(first, signal.SIGSTOP)  # it answers nothing
    process.seconds = 0.1

    with pytest.raises(DeadlinePassed):
        process.render(Document.SDL, built)
    assert not is_alive(first)
    process.seconds = 60
    assert process.render(Document.SDL, built)
    process.stop()


@dataclass
class Asking:
    """A thread that asks for a document of a process that answers nothing, and what came of it."""

    process: SchemaProcess
    built: BuiltSchema
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.process.render(Document.SDL, self.built)
        os.kill(self.process.pid, signal.SIGSTOP)
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()
        wait_for(lambda: self.process.is_busy)

    def _ask(self) -> None:
        try:
            self.process.render(Document.SDL, self.built)
        except Overloaded as error:
            self.error = error


def test_others_wait_for_their_turn_no_longer_than_the_deadline(process, built) -> None:
    asking = Asking(process, built)
    process.seconds = 0.1

    with pytest.raises(Overloaded):
        process.render(Document.SDL, built)
    os.kill(process.pid, signal.SIGCONT)
    asking.thread.join(30)
    assert asking.error is None


def test_the_end_waits_for_no_document(built) -> None:
    process = SchemaProcess(600, large_columns=0)
    asking = Asking(process, built)
    pid = process.pid
    process.stop()
    asking.thread.join(30)

    assert isinstance(asking.error, Overloaded)
    assert not is_alive(pid)
    with pytest.raises(Overloaded):
        process.render(Document.SDL, built)


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
    assert door.runtime.rendering.pid
    (kept,) = door.runtime.schemas._entries.values()
    assert not kept.built.schema.graphql_schema.is_whole


def test_a_page_compares_large_schemas_in_the_process(
    door, admin_client, new_database, tenant_of
) -> None:
    fewer = WIDE.replace("c7 INTEGER, ", "")
    tenant_of("wide", production=new_database(SQLITE, WIDE), testing=new_database(SQLITE, fewer))
    cookie = {"cookie": f"sessionid={admin_client.cookies['sessionid'].value}"}
    path = "/admin/drift/?tenant=wide&before=production&after=testing"

    page = door.request("GET", path, headers=cookie)

    assert "T1.c7 was removed." in page.body.decode()
    assert door.runtime.rendering.pid is not None
