"""Catalogs as they are found in the wild: each is read, and every table of it answers."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from dynamic_databases.catalog.types import Kind, TableName
from tests.fixtures.databases import execute
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import MARIADB, MSSQL, POSTGRESQL, SQLITE


def checked(name: str) -> dict:
    """Return the report of `database check`, which fails where any query does."""
    out = StringIO()
    call_command("database", "check", name, "--json", stdout=out)
    return json.loads(out.getvalue())


WILD = {
    "a circle of two": """CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a(id));
        INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1);""",
    "two to one table": """CREATE TABLE place (id INTEGER PRIMARY KEY);
        CREATE TABLE trip (id INTEGER PRIMARY KEY,
        start_id INTEGER REFERENCES place(id), finish_id INTEGER REFERENCES place(id));
          INSERT INTO place VALUES (1); INSERT INTO trip VALUES (1, 1, 1);""",
    "to itself": (
        "CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node(id)); "
        "INSERT INTO node VALUES (1, NULL), (2, 1);"
    ),
    "to a unique key": """CREATE TABLE land (id INTEGER
        PRIMARY KEY, code CHAR(2) NOT NULL UNIQUE); CREATE TABLE town (id INTEGER PRIMARY KEY,
        land CHAR(2), FOREIGN KEY (land) REFERENCES land(code));
          INSERT INTO land VALUES (1, 'at'); INSERT INTO town VALUES (1, 'at');""",
    "composite keys": """CREATE TABLE o (x INTEGER NOT NULL, y VARCHAR(9) NOT NULL,
        PRIMARY KEY (x, y)); CREATE TABLE l (x INTEGER NOT NULL, y VARCHAR(9) NOT NULL,
        n INTEGER NOT NULL, PRIMARY KEY (x, y, n), FOREIGN KEY (x, y) REFERENCES o (x, y));
          INSERT INTO o VALUES (1, 'a'); INSERT INTO l VALUES (1, 'a', 1);""",
    "a key that is a foreign key": """CREATE TABLE person (id INTEGER PRIMARY KEY);
        CREATE TABLE passport (person_id INTEGER PRIMARY KEY REFERENCES person(id));
        INSERT INTO person VALUES (1); INSERT INTO passport VALUES (1);""",
    "no key at all": "CREATE TABLE log (line VARCHAR(40)); INSERT INTO log VALUES ('x'), (NULL);",
    "an id that is no key": (
        "CREATE TABLE thing (id VARCHAR(9), code INTEGER PRIMARY KEY); "
        "INSERT INTO thing VALUES ('x', 1);"
    ),
    "names that fold to one": (
        "CREATE TABLE t (a_b INTEGER PRIMARY KEY, {aB} INTEGER, {A B} INTEGER); "
        "INSERT INTO t VALUES (1, 2, 3);"
    ),
    "names of GraphQL's own": """CREATE TABLE query (id INTEGER
        PRIMARY KEY, {__typename} INTEGER, type INTEGER, {on} INTEGER, fragment INTEGER,
        {true} INTEGER);
        CREATE TABLE node (id INTEGER PRIMARY KEY);
          CREATE TABLE mutation (id INTEGER PRIMARY KEY);
          INSERT INTO query VALUES (1, 2, 3, 4, 5, 6);""",
    "a check of a list": (
        "CREATE TABLE c (id INTEGER PRIMARY KEY, s VARCHAR(9) CHECK (s IN ('a', 'b'))); "
        "INSERT INTO c VALUES (1, 'a');"
    ),
    "a view": (
        "CREATE TABLE base (id INTEGER PRIMARY KEY, n INTEGER); "
        "CREATE VIEW shown AS SELECT id, n FROM base; INSERT INTO base VALUES (1, 2);"
    ),
}


@pytest.mark.parametrize("kind", WILD)
def test_every_table_answers(vendor, new_database, kind: str) -> None:
    sql = WILD[kind]
    for name in ("aB", "A B", "__typename", "on", "true"):
        sql = sql.replace(f"{{{name}}}", vendor.quoted(name))
    if (
        vendor is MARIADB
    ):  # which takes no reference beside a column for a foreign key before 10.5, and reserves words
        sql = sql.replace("CREATE TABLE query", "CREATE TABLE `query`")
    new_database(vendor, sql, name="wild")

    report = checked("wild")
    assert all(table["answered"] for table in report["tables"])


def test_names_of_the_greatest_length(vendor, new_database) -> None:
    length = {POSTGRESQL: 63, MARIADB: 64}.get(vendor, 128)
    name = "n" * length
    new_database(
        vendor, f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {name} INTEGER);", name="wild"
    )

    (table,) = checked("wild")["tables"]
    assert table["name"] == name


def test_a_database_without_a_table_has_a_schema(door, vendor, new_database, tenant_of) -> None:
    _, door.token = tenant_of("empty", production=new_database(vendor, "SELECT 1;", name="empty"))

    assert checked("empty")["tables"] == []
    assert door.query("/t/empty/graphql", "{ __typename }").data == {"__typename": "Query"}


def test_two_thousand_tables_in_a_chain(vendor, new_database, sent, registry) -> None:
    count = 2_000 if vendor is SQLITE else 700  # making them is what takes long
    tables = "".join(
        (
            f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, a INTEGER, up INTEGER "
            f"REFERENCES t{max(i - 1, 0)}(id));"
        )
        for i in range(count)
    )
    database = new_database(vendor, tables)

    with sent() as statements:
        assert len(registry.refresh(database.label).catalog.tables) == count
    assert len(statements) < 20
    fields = built_of(database).schema.graphql_schema.type_map[f"T{count - 1}"].fields
    assert [str(field.type) for field in fields.values()].count(f"T{count - 2}") == 1


def test_the_widest_table(vendor, new_database) -> None:
    width = {MARIADB: 1_000, MSSQL: 1_024}.get(vendor, 1_600)
    columns = ", ".join(f"c{i} INTEGER" for i in range(1, width))
    new_database(
        vendor,
        f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns}); INSERT INTO wide (id) VALUES (1);",
        name="wild",
    )

    (table,) = checked("wild")["tables"]
    assert table["answered"] == ["list", "aggregate", "by key"]


def test_schemas_with_equal_table_names(postgresql, new_database) -> None:
    database = new_database(
        postgresql,
        """CREATE SCHEMA sales; CREATE SCHEMA "we.ird";
            CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1);
        CREATE TABLE sales.orders (id INTEGER PRIMARY KEY, other INTEGER
          REFERENCES public.orders(id)); INSERT INTO sales.orders VALUES (2, 1);
        CREATE TABLE "we.ird".orders (id INTEGER PRIMARY KEY, other INTEGER
          REFERENCES sales.orders(id)); INSERT INTO "we.ird".orders VALUES (3, 2);""",
        name="wild",
    )

    report = checked("wild")
    assert {table["name"] for table in report["tables"]} == {
        "orders",
        "sales.orders",
        "we.ird.orders",
    }
    keys = database.catalog().by_name[TableName("we.ird", "orders")].foreign_keys
    assert [key.target for key in keys] == [TableName("sales", "orders")]


def test_partitions_and_extensions_are_hidden_children_are_shown_once(
    postgresql, new_database
) -> None:
    new_database(
        postgresql,
        """CREATE EXTENSION pg_trgm; CREATE TABLE part (d DATE, n INTEGER,
            PRIMARY KEY (d, n)) PARTITION BY RANGE (d);
        CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
          INSERT INTO part VALUES ('2024-05-05', 1);
        CREATE TABLE animal (id INTEGER PRIMARY KEY);
          CREATE TABLE dog (bark INTEGER) INHERITS (animal); INSERT INTO dog VALUES (1, 2);
        CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one;
          CREATE FUNCTION f() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1';""",
        name="wild",
    )

    names = [table["name"] for table in checked("wild")["tables"]]
    assert names == ["animal", "dog", "part", "seen"]


def test_a_role_that_may_not_see_all(postgresql, new_database, registry) -> None:
    database = new_database(
        postgresql,
        """CREATE TABLE open (id INTEGER PRIMARY KEY, half INTEGER, hidden INTEGER);
            CREATE TABLE closed (id INTEGER PRIMARY KEY);
        INSERT INTO open VALUES (1, 2, 3); DROP ROLE IF EXISTS gateway_reader;
          CREATE ROLE gateway_reader LOGIN;
        GRANT SELECT (id, half) ON open TO gateway_reader;""",
        name="wild",
    )
    database.config = {**database.config, "USER": "gateway_reader"}
    database.save()

    try:
        (table,) = checked("wild")["tables"]
        assert (table["name"], table["failed"]) == ("open", {})
        assert set(database.catalog().find("open").by_name) == {"id", "half"}
    finally:
        registry.forget(database.label)
        execute(database.url, "DROP OWNED BY gateway_reader; DROP ROLE gateway_reader")


def test_comments_enums_and_sets_of_mariadb(mariadb, new_database) -> None:
    database = new_database(
        mariadb,
        """CREATE TABLE tool (id INTEGER PRIMARY KEY AUTO_INCREMENT COMMENT 'The number',
            size ENUM('s','it''s') DEFAULT 's', UNIQUE KEY one (size),
        code VARCHAR(300) CHARACTER SET latin1, UNIQUE KEY beginning (code(10))) COMMENT
          'What one has';
        INSERT INTO tool (code) VALUES ('x'); CREATE VIEW tools AS SELECT * FROM tool;""",
        name="wild",
    )

    found = database.catalog().find("tool")
    assert (found.comment, found.by_name["id"].comment) == ("What one has", "The number")
    assert found.by_name["size"].type.labels == ("s", "it's")
    assert found.by_name["size"].type.kind is Kind.ENUM
    assert [key.columns for key in found.unique_keys] == [("size",)]
    assert all(table["failed"] == {} for table in checked("wild")["tables"])
