"""Every statement that SQL Server gets is read by the parser, and held to the rules.

`cases` holds queries over SQL Server's own types, each with its statements: `make golden` rewrites
them; read the diff. The queries of `tests/cases` have theirs beside them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog import mssql
from dynamic_databases.catalog.capabilities import FOR_JSON, Capabilities, JsonWay
from dynamic_databases.connections.vendors.mssql import SESSION
from dynamic_databases.registry import Entry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.execution.sessions.mssql import ENDS
from schema.limits import Limits
from schema.operations import OperationCache
from tests.cases.test_cases import CASES as COMMON
from tests.cases.test_cases import FOLDER as COMMON_FOLDER
from tests.cases.test_cases import statements_in
from tests.tsql.catalog import CATALOG
from tests.tsql.parser import exp, parsed
from tests.tsql.rules import broken

pytestmark = pytest.mark.pure

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(path.stem for path in FOLDER.glob("*.graphql"))


def sql_of(case: str) -> str:
    capabilities = Capabilities("microsoft", (15,), JsonWay.EXACT, locks_rows=True, returning=True)
    entry = Entry(Alias("A"), CATALOG, capabilities, None, "")
    built = build_schema(entry, FULL_ACCESS, {}, Limits())
    query = (FOLDER / f"{case}.graphql").read_text()
    operation = OperationCache(built, Limits(), 10).compile(query, None)
    values = operation.variables({})
    return statements_in(operation.prepare(values), values, built.names)


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, request) -> None:
    golden = FOLDER / f"{case}.sql"
    made = sql_of(case)
    if request.config.getoption("--golden") == "write":
        golden.write_text(made)

    assert made == golden.read_text()


GOLDEN = [*(COMMON_FOLDER / case / "microsoft.sql" for case in COMMON), *FOLDER.glob("*.sql")]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_golden_statements_keep_the_rules(golden: Path) -> None:
    statements = [
        line
        for line in golden.read_text().splitlines()
        if line.strip() and not line.startswith("-- ")
    ]

    assert [what for line in statements for what in broken(parsed(line))] == []


@pytest.mark.parametrize("text", [FOR_JSON, SESSION.format(5000), *ENDS.values()])
def test_what_the_gateway_asks_by_itself_is_read(text: str) -> None:
    assert parsed(text)


def test_the_catalogs_queries_are_read() -> None:
    """A reader takes rows apart by place: the column of each place is that of its field."""
    columns = parsed(mssql.COLUMNS)[0]
    assert len(columns.expressions) == 1 + len(mssql.ColumnRow.__annotations__)
    assert all(len(parsed(query)) == 1 for query in (*mssql.QUERIES, mssql.CHANGE_QUERY))


def test_every_file_belongs_to_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.sql")} == set(CASES) != set()
    assert isinstance(parsed("SELECT 1")[0], exp.Select)
