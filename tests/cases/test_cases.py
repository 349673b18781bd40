"""Golden cases: a folder holds a query, its plan, and the SQL that each dialect writes for it.

No server is asked: the catalog is a value. `make golden` rewrites the files; read the diff.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    ForeignKey,
    Kind,
    SqlType,
    Table,
    TableName,
    UniqueKey,
)
from dynamic_databases.registry import Entry
from schema.access import FULL_ACCESS
from schema.answer_size import ANSWER_BYTES, DEFAULT_BYTES
from schema.build.builder import build_schema
from schema.limits import Limits
from schema.names.tables import Names
from schema.operations import OperationCache, Prepared
from schema.plan.node_lookup import NODE_COUNT, NODE_KEY, NODE_KEYS, node_rows
from schema.plan.nodes import Use
from schema.plan.operands import VariableRef
from schema.sql.compiled import (
    CompiledDelete,
    CompiledInsert,
    CompiledInserts,
    CompiledRows,
    CompiledSave,
    CompiledUpdate,
)
from schema.sql.sqlite_values import OURS
from schema.sql.statement import Statement
from schema.uncarried import MARK
from tests.cases.plan_text import text_of

pytestmark = pytest.mark.pure

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/query.graphql"))
VENDORS = ("sqlite", "postgresql", "mysql", "microsoft")


def column(name: str, kind: Kind, sql: str, **facts: object) -> Column:
    return Column(name, SqlType(kind, sql), **{"nullable": False, **facts})


def catalog(vendor: str) -> Catalog:
    """Artists, albums and tracks: one catalog for every case."""
    artist, album, track = (TableName("", name) for name in ("artist", "album", "track"))
    return Catalog(
        vendor,
        (
            Table(
                album,
                (
                    column("AlbumId", Kind.INTEGER, "integer", identity=True),
                    column("Title", Kind.TEXT, "text"),
                    column("ArtistId", Kind.INTEGER, "integer"),
                ),
                ("AlbumId",),
                (),
                (ForeignKey("fk", ("ArtistId",), artist, ("artist_id",)),),
            ),
            Table(
                artist,
                (
                    column("artist_id", Kind.INTEGER, "integer", identity=True),
                    column("name", Kind.TEXT, "text", nullable=True),
                ),
                ("artist_id",),
                (UniqueKey("u", ("name",)),),
            ),
            Table(
                TableName("", "document"),
                (
                    column("id", Kind.INTEGER, "integer"),
                    column("data", Kind.JSON, "jsonb", nullable=True),
                ),
                ("id",),
            ),
            Table(
                track,
                (
                    column("track_id", Kind.BIGINT, "bigint", identity=True),
                    column("album", Kind.INTEGER, "integer", nullable=True),
                    column('na"me', Kind.TEXT, "text"),
                    column("price", Kind.DECIMAL, "numeric(10,2)", nullable=True),
                    column("at", Kind.DATETIME, "timestamp with time zone", nullable=True),
                ),
                ("track_id",),
                (),
                (ForeignKey("fk", ("album",), album, ("AlbumId",)),),
            ),
        ),
    )


def without_dynamic(table: Table) -> Table:
    """Return a table as the baseline has it: prices and times are dynamic columns of tracks."""
    columns = tuple(one for one in table.columns if one.name not in ("price", "at"))
    return replace(table, columns=columns)


def prepared_of(case: str, vendor: str) -> tuple[Prepared, dict, Names]:
    """Return a case's prepared operation, the values of its variables, and the names."""
    query = (FOLDER / case / "query.graphql").read_text()
    given = FOLDER / case / "variables.json"
    variables = json.loads(given.read_text()) if given.exists() else {}
    found = catalog(vendor)
    capabilities = Capabilities(
        vendor, (15,), JsonWay.EXACT, locks_rows=vendor != "sqlite", returning=True
    )
    baseline = replace(found, tables=tuple(map(without_dynamic, found.tables)))
    entry = Entry(Alias("A"), found, capabilities, baseline, "")
    built = build_schema(entry, FULL_ACCESS, {}, Limits())
    operation = OperationCache(built, Limits(), 10).compile(query, None)
    values = operation.variables(variables)
    return operation.prepare(values), values, built.names


def plan_of(case: str, vendor: str) -> str:
    """Return the plans of a case's root fields."""
    prepared, _, _ = prepared_of(case, vendor)
    return "\n".join(text_of(one.root) for one in prepared.roots)


def sql_of(case: str, vendor: str) -> str:
    """Return every statement of a case."""
    return statements_in(*prepared_of(case, vendor))


def statements_in(prepared: Prepared, values: dict, names: Names) -> str:
    """Return every statement of a prepared operation, its slots after it."""
    statements = []
    for root in prepared.roots:
        if root.write is not None:
            statements += statements_of(root.write, prepared.compiler)
        elif root.node is not None:
            lookup = root.node.plan
            pages = [
                node_rows(lookup, names.by_type[name], 2) if lookup.many else page
                for name, page in lookup.pages
            ]
            statements += [prepared.compiler.read(page) for page in pages]
        else:
            statements.append(root.connection.statement if root.connection else root.read)
    statements = [one for one in statements if isinstance(one, Statement)]
    found_sql = "\n".join(f"{s.sql}\n-- {parameters_of(s, values)}\n" for s in statements)
    # Names of one process.
    return found_sql.replace(OURS, "gateway_").replace(MARK, "gateway_mark")


def parameters_of(statement, values: dict) -> object:
    """Some values only a server can return: keys of rows just inserted, cursors, ids' scopes."""
    values = {**values, ANSWER_BYTES: DEFAULT_BYTES, NODE_KEY: (1,)}
    values |= {NODE_KEYS: [1, 2], NODE_COUNT: 2}
    own = VariableRef(ANSWER_BYTES)
    is_raw = any(slot.use is Use.RAW and slot.operand != own for slot in statement.slots)
    return "what the server returned" if is_raw else statement.parameters(values)


def updates_of(write: CompiledUpdate, compiler) -> list:
    """The statements of a row's first update, and of those that follow."""
    if write.direct is not None:
        return [write.direct]
    first = [write.probe, compiler.update(write, (0,))]
    if write.combined is None:
        return first
    return [*first, compiler.combined_update(write.plan, write.combined, (0,))]


def statements_of(write, compiler) -> list:
    match write:
        case CompiledInsert():
            inserts = [(row.insert, row.inserted) for row in write.rows]
            return [*(one for pair in inserts for one in pair), write.page]
        case CompiledUpdate():
            return [*updates_of(write, compiler), write.page]
        case CompiledSave():
            return [write.probe, compiler.update(write, (0,)), *write.rows.values(), write.after]
        case CompiledDelete():
            return [write.page, write.delete]
        case CompiledInserts():
            inserts = [(row.insert, row.inserted) for row in write.rows]
            return [*(one for pair in inserts for one in pair), *write.returning.values()]
        case CompiledRows():
            return [write.keys, *write.returning.values(), write.each, write.together]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("case", CASES)
def test_case(case: str, vendor: str, request) -> None:
    golden = FOLDER / case / f"{vendor}.sql"
    made = sql_of(case, vendor)
    if request.config.getoption("--golden") == "write":
        golden.write_text(made)

    assert made == golden.read_text()


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("case", CASES)
def test_plan(case: str, vendor: str, request) -> None:
    """A plan doesn't depend on the vendor: one file serves all."""
    golden = FOLDER / case / "plan.txt"
    made = plan_of(case, vendor)
    if request.config.getoption("--golden") == "write":
        golden.write_text(made)

    assert made == golden.read_text()


def test_every_file_belongs_to_a_case() -> None:
    known = {
        "query.graphql",
        "variables.json",
        "response.json",
        "plan.txt",
        *(f"{vendor}.sql" for vendor in VENDORS),
    }

    assert [
        path
        for path in FOLDER.glob("*/*")
        if path.name not in known and path.parent.name != "__pycache__"
    ] == []
    assert CASES
