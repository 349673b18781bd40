"""`tools/verify_sqlserver.py` explains itself without a server; what it tries there is valid."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.type_parser import parse_sql_type
from dynamic_databases.catalog.types import Catalog, Column, ForeignKey, Table, TableName
from dynamic_databases.registry import Entry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.limits import Limits
from schema.operations import OperationCache
from tests.fixtures.processes import ROOT, clean_environment
from tests.tsql.parser import exp, parsed
from tools.sqlserver_checks import CHECKS, TABLES

SCRIPT = ROOT / "tools" / "verify_sqlserver.py"
ITEM = TableName("", "item")
VIEW = Table(
    TableName("", "report"),
    tuple(Column(name, parse_sql_type("ntext", "microsoft")) for name in ("notes", "name")),
    is_view=True,
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
        timeout=120,
    )


def test_without_a_server_it_says_what_it_does() -> None:
    found = run()

    assert found.returncode == 2
    assert "makes a scratch database" in found.stdout
    assert "dbcreator" in found.stdout


def test_a_server_that_is_not_there_is_told_in_words() -> None:
    found = run("mssql://sa:hunter2@127.0.0.1:1/master?connection_timeout=1")

    assert found.returncode == 2
    assert found.stderr.startswith("Nothing was tried: The database can't be reached.")
    assert "hunter2" not in found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def table_of(batch: str) -> Table:
    """Return a table as the catalog would have it."""
    (statement,) = parsed(batch)
    columns = [column_of(one) for one in statement.find_all(exp.ColumnDef)]
    name = TableName("", statement.this.this.name)
    foreign_keys = (ForeignKey("f", ("parent_id",), ITEM, ("id",)),) if name == ITEM else ()
    return Table(name, tuple(columns), (columns[0].name,), (), foreign_keys)


def column_of(found: exp.ColumnDef) -> Column:
    words = found.kind.sql("tsql").lower().replace("integer", "int")
    is_version = "rowversion" in words
    sql_type = parse_sql_type("timestamp" if is_version else words, "microsoft")
    is_identity = found.find(exp.GeneratedAsIdentityColumnConstraint) is not None
    return Column(found.name, sql_type, generated=is_version, identity=is_identity)


@pytest.fixture(scope="module")
def operations() -> OperationCache:
    tables = tuple(sorted((*map(table_of, TABLES), VIEW), key=lambda table: table.name))
    capabilities = Capabilities("microsoft", (16,), JsonWay.EXACT, locks_rows=True, returning=True)
    entry = Entry(Alias("A"), Catalog("microsoft", tables), capabilities, None, "")
    limits = Limits(max_cost=10**9)
    return OperationCache(build_schema(entry, FULL_ACCESS, {}, limits), limits, 100)


# The parser knows no temporal tables.
@pytest.mark.parametrize(
    "check", [one for one in CHECKS if "Priced" not in one.document], ids=lambda one: one.point
)
def test_a_checks_document_is_valid_there(operations, check) -> None:
    operation = operations.compile(check.document, None)
    assert operation.prepare(operation.variables({})).roots
    assert bool(check.code) != bool(check.data)
    assert bool(check.then) == bool(check.rows)
