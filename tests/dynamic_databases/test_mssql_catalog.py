"""What SQL Server's catalog says of columns, from rows as its views give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import pytest

from dynamic_databases.catalog import mssql
from dynamic_databases.catalog.assemble import assemble
from dynamic_databases.catalog.capabilities import probe_capabilities
from dynamic_databases.catalog.types import Catalog, Column, Kind, Support, TableName
from dynamic_databases.errors import ServerTooOld

pytestmark = pytest.mark.pure

FACTS = {"length": 4, "precision": 10, "scale": 0, "nullable": 1}
# name, type, and what differs from FACTS
COLUMNS = (
    ("id", "int", {"identity": 1}),
    ("name", "nvarchar", {"length": 80}),
    ("city", "varchar", {"length": 40, "collation": "Polish_CI_AS", "code_page": 1250}),
    ("notes", "ntext", {"length": 16}),
    ("photo", "image", {"length": 16}),
    ("doc", "xml", {"length": -1}),
    ("valid_from", "datetime2", {"length": 8, "precision": 27, "scale": 7, "generated": 1}),
    ("ledger", "bigint", {"generated": 7}),
    ("secret", "nvarchar", {"length": 80, "encryption": 1}),
    ("sparse_set", "xml", {"length": -1, "column_set": 1}),
    ("version", "timestamp", {"length": 8}),
)


class Rows:
    """A cursor that answers the reader's queries with rows of one table."""

    def __init__(self) -> None:
        self._rows: list[tuple] = []

    def execute(self, query: str) -> None:
        self._rows = []
        if "FROM sys.columns c" in query:
            self._rows = list(rows_of_columns())
        elif "FROM sys.objects o" in query:
            self._rows = [(1, "", "person", 0, None, 0)]

    def fetchall(self) -> list[tuple]:
        return self._rows


def rows_of_columns() -> Iterator[tuple]:
    for name, type_name, others in COLUMNS:
        yield (1, *mssql.ColumnRow(name, type_name, **{**FACTS, **others}))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return assemble(mssql.read(Rows()), lambda _: None)


@pytest.fixture
def columns(catalog) -> dict[str, Column]:
    return dict(catalog.by_name[TableName("", "person")].by_name)


@pytest.mark.parametrize("name", ["valid_from", "ledger", "sparse_set", "version"])
def test_what_the_server_alone_gives_is_never_written(columns, name: str) -> None:
    assert columns[name].generated
    assert not columns["name"].generated


def test_an_encrypted_column_is_left_out_with_its_reason(catalog, columns) -> None:
    assert "secret" not in columns
    assert [(s.name, "Always Encrypted" in s.reason) for s in catalog.skipped] == [
        ("person.secret", True)
    ]


def test_what_the_server_does_not_sort_has_no_order(columns) -> None:
    assert columns["notes"].type.supported == {Support.EQUALITY, Support.PATTERNS}
    assert columns["photo"].type.supported == {Support.EQUALITY}
    assert columns["doc"].type.supported == frozenset()
    assert columns["name"].type.has_order


def test_a_text_has_its_collation_and_code_page(columns) -> None:
    city, name = columns["city"].type, columns["name"].type

    assert (city.kind, city.name) == (Kind.TEXT, "varchar(40)")
    assert (city.collation, city.code_page) == ("Polish_CI_AS", 1250)
    assert (name.collation, name.code_page) == ("", 0)


class Server:
    """A wrapper whose server has a version and an edition, and can't do FOR JSON."""

    vendor = "microsoft"
    alias = "A"

    def __init__(self, version: str, edition: int) -> None:
        self._answers = iter([(version,), (edition,), ("",)])

    def cursor(self) -> Server:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def execute(self, _query: str) -> None:
        self._answer = next(self._answers)

    def fetchone(self) -> tuple:
        return self._answer


@pytest.mark.parametrize("version", ["9.0.5000.0", "10.50.6000.34", "11.0.7001.0"])
def test_a_server_before_2014_is_refused_in_words(version: str) -> None:
    with pytest.raises(ServerTooOld, match=rf"This is SQL Server {version[:4]}.*2014 \(12.0\)"):
        probe_capabilities(Server(version, 3))


@pytest.mark.parametrize(("version", "edition"), [("12.0.6024.0", 3), ("11.0.0.0", 5)])
def test_2014_and_azure_are_served(version: str, edition: int) -> None:
    assert probe_capabilities(Server(version, edition)).vendor == "microsoft"
