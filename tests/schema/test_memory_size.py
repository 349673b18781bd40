"""What a schema is counted with is near what a walk of its objects finds."""

from __future__ import annotations

import pytest

from dynamic_databases.models import Database
from schema.build.memory_size import own_bytes, shared_parts
from schema.built_schema import BuiltSchema
from schema.limits import Limits
from schema.operations import OperationCache
from tests.fixtures.databases import library_sql
from tests.fixtures.memory_walk import walked_bytes
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import POSTGRESQL, SQLITE


def tables(count: int, columns: int) -> str:
    """Return DDL of so many tables, each of which refers to the one before."""
    rest = ", ".join(f"c{number} VARCHAR(40) DEFAULT 'none'" for number in range(columns))
    return ";".join(
        f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, "
        f"parent INTEGER REFERENCES t{max(n - 1, 0)} (id), {rest})"
        for n in range(count)
    )


LABELS = ", ".join(f"'a label of the enum that takes some bytes {n}'" for n in range(300))
COMMENTS = ";".join(f"COMMENT ON COLUMN t0.c{n} IS '{'words ' * 200}'" for n in range(20))
SCHEMAS = {
    "small": (SQLITE, library_sql(SQLITE)),
    "wide": (SQLITE, tables(2, 900)),
    "many tables": (SQLITE, tables(200, 3)),
    "no table": (SQLITE, ""),
    "comments": (POSTGRESQL, f"{tables(1, 20)};{COMMENTS}"),
    "enums": (POSTGRESQL, f"CREATE TYPE e AS ENUM ({LABELS}); CREATE TABLE t0 (id e PRIMARY KEY)"),
}


@pytest.fixture(params=SCHEMAS.values(), ids=SCHEMAS.keys())
def database(request: pytest.FixtureRequest, new_database) -> Database:
    return new_database(*request.param)


def counted(built: BuiltSchema) -> int:
    return own_bytes(built) + sum(size for _, size in shared_parts(built))


def is_near(count: int, walked: int) -> bool:
    return walked / 2 < count < walked * 2


def test_a_schema_that_was_just_built(database) -> None:
    built = built_of(database)

    assert is_near(counted(built), walked_bytes(built))


def test_with_all_types(database) -> None:
    built = built_of(database)
    before = counted(built)
    assert built.schema.graphql_schema.whole

    assert is_near(counted(built), walked_bytes(built))
    assert counted(built) > before or not built.catalog.tables


def test_the_same_schema_counts_the_same(library) -> None:
    assert counted(built_of(library)) == counted(built_of(library))


def test_types_that_a_query_meets_count(library) -> None:
    built = built_of(library)
    before = counted(built)
    OperationCache(built, Limits(), 10).compile("{ genre { name } }", None)

    assert before < counted(built) < 2 * before
