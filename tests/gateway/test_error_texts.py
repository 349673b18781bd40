"""No error gives a client's own text back at its whole length."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from django.core.management import CommandError

from dynamic_databases.bounded_texts import bounded, bounded_message
from gateway.log import JsonFormatter
from tests.fixtures.commands import run
from tests.fixtures.databases import execute
from tests.fixtures.vendors import SQLITE, on_sqlite

URL = "/t/music/graphql"
LONG = "a" * 100_000
JSON = {"content-type": "application/json"}


def asked(query: str, **more) -> bytes:
    return json.dumps({"query": query, **more}).encode()


@pytest.mark.parametrize(
    "body",
    [
        asked(f"{{ {LONG} {{ name }} }}"),
        asked(f"{{ track {{ {LONG} }} }}"),
        asked(f"{{ track({LONG}: 1) {{ name }} }}"),
        asked(f"{{ track(where: {{{LONG}: 1}}) {{ name }} }}"),
        asked(f"{{ track(orderBy: {{name: {LONG}}}) {{ name }} }}"),
        asked(f'{{ track(limit: "{"b c " * 20_000}") {{ name }} }}'),
        asked(f"{{ track {{ name @{LONG} }} }}"),
        asked(f"{{ track {{ ...{LONG} }} }}"),
        asked(f"query A(${LONG}: Int!) {{ track(limit: ${LONG}) {{ name }} }}"),
        asked(f"query A($a: {LONG}) {{ track(limit: $a) {{ name }} }}"),
        asked("query A($a: Int) { track(limit: $a) { name } }", variables={"a": LONG}),
        asked("query A($a: Int) { track(limit: $a) { name } }", variables={"a": "x y " * 9_000}),
        asked("query A($a: Int) { track(limit: $a) { name } }", variables={"a": [LONG] * 5}),
        asked(
            "query A($w: TrackBoolExp) { track(where: $w) { name } }", variables={"w": {LONG: 1}}
        ),
        asked("{ __typename }", operationName=LONG),
        asked(f"{{ {LONG}: track(limit: -1) {{ name }} }}"),
        asked(f"\u0000{LONG}"),
        asked(f'{{ node(nodeId: "{LONG}") {{ nodeId }} }}'),
        b'{"query": ' + LONG.encode(),
    ],
)
@on_sqlite
def test_a_long_text_comes_back_cut(music, body: bytes) -> None:
    reply = music.request("POST", URL, body, JSON)

    assert reply.json["errors"]
    assert len(reply.body) < 12_000
    for error in reply.json["errors"]:
        assert len(error["message"]) <= 2_000
        assert "a" * 201 not in json.dumps(error)


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": f"{LONG}/*"},
        {"content-type": LONG},
        {"authorization": f"Bearer {LONG}"},
        {"x-tenant": LONG},
        {"x-environment": LONG},
        {"x-schema": LONG},
        {"x-dry-run": LONG},
        {"host": LONG},
    ],
)
@on_sqlite
def test_a_long_header_comes_back_cut(music, headers: dict[str, str]) -> None:
    reply = music.request("POST", URL, asked("{ nope }"), JSON | headers)

    assert len(reply.body) < 1_000


@pytest.mark.parametrize("path", [f"/t/{LONG}/graphql", f"/t/music/{LONG}/graphql", f"/{LONG}"])
@on_sqlite
def test_a_long_path_comes_back_cut(music, path: str) -> None:
    assert len(music.request("POST", path, asked("{ nope }"), JSON).body) < 4_000


@pytest.mark.parametrize(
    "body",
    [
        asked(f"{{ {LONG} }}"),
        asked(f"{{ {LONG}: tenants(limit: -1) {{ slug }} }}"),
        asked("query A($a: Int) { tenants(limit: $a) { slug } }", variables={"a": LONG}),
        asked("{ __typename }", operationName=LONG),
        asked(f'mutation {{ addTenant(slug: "{LONG}") {{ slug }} }}'),
        asked(f'mutation {{ registerDatabase(name: "x", url: "{LONG}://") {{ name }} }}'),
    ],
)
@on_sqlite
def test_the_management_api_cuts_as_well(music, operator, body: bytes) -> None:
    music.token = operator
    reply = music.request("POST", "/manage/graphql", body, JSON | {"host": "localhost"})

    assert reply.json["errors"]
    assert len(reply.body) < 3_000


def test_what_is_cut_says_so() -> None:
    message = bounded_message(f"No field '{'b c ' * 100}' and {LONG}; one of \"x\".")

    assert message.startswith("No field 'b c b c ")
    assert message.endswith('a… one of "x".')
    assert bounded_message("short 'text'") == "short 'text'"
    assert bounded([LONG, 1, {"a": None}])[0] == "a" * 199 + "…"
    assert len(bounded(["x"] * 1000)) == 50


@pytest.mark.parametrize("text", ["'" * 300_000, "'\" " * 100_000, "' a" * 100_000, "x " * 150_000])
def test_cutting_a_hostile_text_takes_linear_time(text: str) -> None:
    """A quadratic one takes hours; the test's timeout ends it."""
    assert len(bounded_message(text)) <= 2000


def cut(text: str) -> bool:
    """Return whether nothing in a text is longer than what an error may show."""
    return len(text) < 5_000 and "a" * 201 not in text


@pytest.fixture
def wide(door, new_database, tenant_of):
    """A tenant on SQLite, where a name has no longest; its column is 100,000 letters long."""
    database = new_database(
        SQLITE, f"CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT, {LONG} TEXT UNIQUE);"
    )
    _, door.token = tenant_of("wide", production=database)
    door.url = database.url
    return door


def test_a_conflict_gives_the_clients_values_back_cut(wide) -> None:
    execute(wide.url, f"INSERT INTO note (body) VALUES ('{'t' * 300}')")
    save = (
        "mutation A($v: String, $e: String) { saveNote(pkColumns: {id: 1}, _set: {body: $v}, "
        "_expect: {body: $e}) { row { id } } }"
    )
    variables = {"v": LONG, "e": "b c " * 20_000}
    reply = wide.request("POST", "/t/wide/graphql", asked(save, variables=variables), JSON)

    assert reply.code == "CONFLICT" and cut(reply.body.decode())
    (conflict,) = reply.error["extensions"]["conflicts"]
    assert len(conflict["mine"]) == len(conflict["base"]) == 200
    assert conflict["theirs"] == "t" * 300  # what is stored, whole


def test_a_violation_names_a_long_column_cut(wide) -> None:
    insert = f'mutation {{ insertNoteOne(object: {{{LONG}: "x"}}) {{ id }} }}'
    assert "errors" not in wide.request("POST", "/t/wide/graphql", asked(insert), JSON).json
    reply = wide.request("POST", "/t/wide/graphql", asked(insert), JSON)

    assert reply.code == "CONSTRAINT_VIOLATION" and cut(reply.body.decode())
    assert reply.error["extensions"]["columns"] == ["a" * 199 + "…"]


def test_what_changed_is_named_cut(wide) -> None:
    query = asked(f"{{ note {{ {LONG} }} }}")
    assert "errors" not in wide.request("POST", "/t/wide/graphql", query, JSON).json
    execute(wide.url, f"ALTER TABLE note RENAME COLUMN {LONG} TO short")
    reply = wide.request("POST", "/t/wide/graphql", query, JSON)

    assert reply.code == "SCHEMA_CHANGED" and cut(reply.body.decode())


@on_sqlite
def test_a_long_origin_is_none_that_is_allowed(music_with) -> None:
    music = music_with(cors_origins=("https://*.example",))
    for name, allowed in (("app", True), (LONG, False)):
        headers = {**JSON, "origin": f"https://{name}.example"}
        found = music.request("POST", URL, asked("{ nope }"), headers).headers
        assert ("access-control-allow-origin" in found) is allowed


def test_a_log_line_is_cut() -> None:
    try:
        Path("/").relative_to(LONG)
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "x.py", 1, "no %s", (LONG,), info)
    record.event = {"reason": f"no {LONG}", "names": [LONG], "ms": 3}
    line = JsonFormatter().format(record)

    assert cut(line) and json.loads(line)["ms"] == 3
    assert "ValueError: " in line and "Traceback" in line


@pytest.mark.parametrize(
    "command",
    [
        ("database", "test", LONG),
        ("database", "add", LONG, f"{LONG}://"),
        ("tenant", "attach", LONG, "production", "x"),
        ("tenant", "environments", LONG),
        ("token", "create", LONG, "--role", "admin"),
        ("baseline", "show", LONG),
        ("column", "add", LONG, "a", "b", "Int"),
        ("drift", LONG, "--to", LONG),
        ("export_schema", LONG),
        ("load_schema", LONG),
        ("check_operations", LONG),
        ("tenant", "import", LONG),
    ],
    ids=lambda command: " ".join(word[:20] for word in command),
)
def test_a_command_gives_a_name_back_cut(db, command: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        run(*command)
    assert cut(str(refused.value))


@pytest.fixture
def operator() -> str:
    from tenants.authentication.tokens import issue_token  # noqa: PLC0415 - it needs Django

    return issue_token(None, "admin", None, None)
