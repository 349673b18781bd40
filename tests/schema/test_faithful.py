"""What was answered finds its row, pages, saves without a conflict and is stored as it was."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor, present

CITEXT = """CREATE SCHEMA IF NOT EXISTS beyond; CREATE EXTENSION IF NOT EXISTS citext SCHEMA beyond;
CREATE DOMAIN far_mail AS beyond.citext;"""
ON_PATH = "CREATE EXTENSION IF NOT EXISTS citext; CREATE DOMAIN mail AS citext;"
ODD = """CREATE TYPE odd_one AS ENUM ('true', 'a-b', '', 'a b');
CREATE DOMAIN odd AS odd_one;"""
NO_CASE = """CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2',
deterministic = false);"""


@dataclass(frozen=True)
class Sample:
    """A column type and values in SQL, all different; `before` is SQL that it needs."""

    vendor: Vendor
    type: str
    values: tuple[str, ...]
    before: str = ""

    def __str__(self) -> str:
        return f"{self.vendor.name}-{self.type}"


SINGLES = ("0.1", "0.2", "1.0/3", "2.0/3", "16777216", "1e-30", "3.4e38", "-0.5")
SAMPLES = [
    Sample(POSTGRESQL, "real", SINGLES),
    Sample(POSTGRESQL, "double precision", (*SINGLES, "5e-324")),
    Sample(POSTGRESQL, "numeric", ("1.50", "1.5000001", "1e-30", "12345678901234567890.12")),
    Sample(POSTGRESQL, "mail", ("'Ab1'", "'aB1x'", "'aB2'", "'Ab2x'", "'ab3'"), ON_PATH),
    Sample(POSTGRESQL, "citext", ("'Ab1'", "'aB1x'", "'aB2'", "'Ab2x'"), ON_PATH),
    Sample(POSTGRESQL, "beyond.citext", ("'Ab1'", "'aB1x'", "'aB2'", "'Ab2x'", "'ab3'"), CITEXT),
    Sample(POSTGRESQL, "far_mail", ("'Ab1'", "'aB1x'", "'aB2'", "'Ab2x'", "'ab3'"), CITEXT),
    Sample(POSTGRESQL, "interval", ("'1 mon'", "'1 day 02:00'", "'1 year'")),
    Sample(POSTGRESQL, "varchar(20)[]", ("'{a,b}'", "'{}'", "'{c,NULL}'")),
    Sample(POSTGRESQL, "character(3)[]", ("'{a,b}'", "'{}'")),
    Sample(POSTGRESQL, "smallint[]", ("'{1,2}'", "'{3}'")),
    Sample(POSTGRESQL, "real[]", ("'{0.1,0.5}'", "'{0.25}'")),
    Sample(POSTGRESQL, "numeric(8,2)[]", ("'{0.1,0.5}'", "'{0.25}'")),
    Sample(POSTGRESQL, "timestamp(3)[]", ("'{2024-01-01}'", "'{2024-01-02 10:00:00.125}'")),
    Sample(
        POSTGRESQL, "pos[]", ("'{3}'", "'{1,2}'"), "CREATE DOMAIN pos AS int CHECK (VALUE > 0);"
    ),
    Sample(POSTGRESQL, "tags", ("'{a,b}'", "'{c}'"), "CREATE DOMAIN tags AS varchar(9)[];"),
    Sample(POSTGRESQL, "mail[]", ("'{A,b}'", "'{c}'"), ON_PATH),
    Sample(POSTGRESQL, "far_mail[]", ("'{A,b}'", "'{c}'"), CITEXT),
    Sample(POSTGRESQL, "int[]", ("'{1,2}'", "'{}'", "'{NULL}'")),
    Sample(
        POSTGRESQL, "mood[]", ("'{a b}'", "'{c,a b}'"), "CREATE TYPE mood AS ENUM ('a b', 'c');"
    ),
    Sample(POSTGRESQL, "odd", ("'true'", "'a-b'", "''", "'a b'"), ODD),
    Sample(POSTGRESQL, "odd[]", ("'{true,a-b}'", "'{}'"), ODD),
    Sample(
        POSTGRESQL,
        "json",
        ("""'{"a": 1, "b": [ ]}'""", "'1.50'", "'[1 , 2]'"),
    ),
    Sample(
        POSTGRESQL,
        "jsonb",
        ("""'{"a": 1, "b": []}'""", "'1.50'", "'[1, 2]'"),
    ),
    Sample(MARIADB, "FLOAT", ("0.1", "0.2", "1/3", "2/3", "16777217", "1e-30", "3.4e38")),
    Sample(MARIADB, "DOUBLE", ("0.1", "1/3", "5e-324", "1e300")),
    Sample(MARIADB, "DOUBLE(8,3)", ("12345.678", "-30.298", "-30.298", "-0.422", "0.1")),
    Sample(MARIADB, "YEAR", ("0", "2024", "1901")),
    Sample(MARIADB, "SMALLINT(4) ZEROFILL", ("7", "1234")),
    Sample(MARIADB, "INT(6) ZEROFILL", ("7", "1234567")),
    Sample(MARIADB, "BIGINT(20) ZEROFILL", ("7", "18446744073709551615")),
    Sample(MARIADB, "DECIMAL(8,2) ZEROFILL", ("7", "12.5")),
    Sample(MARIADB, "DOUBLE ZEROFILL", ("7", "12.5", "1e20")),
    Sample(MARIADB, "FLOAT ZEROFILL", ("7", "12.5", "1/3")),
    Sample(MARIADB, "BIT(1)", ("b'0'", "b'1'")),
    Sample(MARIADB, "ENUM('true','false','a b')", ("'true'", "'false'", "'a b'")),
    Sample(MARIADB, "SET('z','a')", ("'a'", "'z'", "'z,a'")),
]


@pytest.fixture(params=SAMPLES, ids=str)
def sample(request, served, door):
    """`(ask, rows, operators, set_input)` of a table `held` with the sample's values in `x`."""
    case: Sample = request.param
    rows = " ".join(f"INSERT INTO held VALUES ({i}, {v});" for i, v in enumerate(case.values, 1))
    ddl = f"CREATE TABLE held (id INTEGER PRIMARY KEY, x {case.type});"
    ask = served(present(case.vendor), f"{case.before} {ddl} {rows}")
    types = built_of(door.database).schema.graphql_schema.type_map
    found = types["HeldBoolExp"].fields["x"].type
    held = ask("{ held { id x } }").data["held"]
    return ask, held, found, types["HeldSetInput"].fields["x"].type


def test_what_was_answered_finds_its_row_pages_and_saves(sample, door) -> None:
    ask, held, comparison, declared = sample

    assert all(row["x"] is not None for row in held)
    for row in held:
        check_found(ask, row, comparison)
    check_pages(ask, len(held), door)
    check_saves(ask, [row["x"] for row in held], declared)


def check_found(ask, row: dict, comparison) -> None:
    wanted = [{"id": row["id"]}]
    query = "query ($w: HeldBoolExp) { held(where: $w) { id } }"
    for operator in {"_eq", "_contains", "_in"} & set(comparison.fields):
        operand = [row["x"]] if operator == "_in" else row["x"]
        if operator == "_contains" and isinstance(operand, list) and None in operand:
            continue  # PostgreSQL's arrays never contain NULL
        where = {"id": {"_eq": row["id"]}, "x": {operator: operand}}
        assert ask(query, {"w": where}).data["held"] == wanted, (operator, row)


def check_pages(ask, count: int, door) -> None:
    """Pages of one row in the order of x hold each row once."""
    types = built_of(door.database).schema.graphql_schema.type_map
    if "x" not in types["HeldOrderBy"].fields:
        return
    query = """query ($c: String) { heldConnection(first: 1, after: $c, orderBy: [{x: ASC}]) {
        edges { node { id } } pageInfo { endCursor hasNextPage } } }"""
    found, cursor, has_next = [], None, True
    while has_next and len(found) <= count:
        page = ask(query, {"c": cursor}).data["heldConnection"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        cursor, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    ordered = ask("{ held(orderBy: [{x: ASC}]) { id } }").data["held"]
    assert found == [row["id"] for row in ordered]


def check_saves(ask, values: list, declared) -> None:
    """Each value is written over the one before it, which is what the client expects."""
    query = f"""mutation ($new: {declared}, $old: {declared}) {{
        saveHeld(pkColumns: {{id: 1}}, _set: {{x: $new}}, _expect: {{x: $old}}) {{
            row {{ x }} }} }}"""
    for old, new in zip(values, [*values[1:], values[0]], strict=True):
        answer = ask(query, {"new": new, "old": old})
        assert answer.data == {"saveHeld": {"row": {"x": new}}}


KEYS = [
    Sample(POSTGRESQL, "real", ("0.1", "0.3")),
    Sample(POSTGRESQL, "mail", ("'Ab1'", "'aB2'"), ON_PATH),
    Sample(POSTGRESQL, "beyond.citext", ("'Ab1'", "'aB2'"), CITEXT),
    Sample(POSTGRESQL, "int[]", ("'{1,2}'", "'{3}'")),
    Sample(MARIADB, "FLOAT", ("0.1", "1/3")),
    Sample(MARIADB, "YEAR", ("0", "2024")),
    Sample(POSTGRESQL, "odd", ("'true'", "'a-b'"), ODD),
    Sample(MARIADB, "UUID", ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",)),
    Sample(MARIADB, "INET6", ("'::1'",)),
    Sample(MARIADB, "BIT(5)", ("b'101'", "b'0'")),
    Sample(MARIADB, "SET('a','b')", ("'a,b'", "''")),
]


@pytest.mark.parametrize("case", KEYS, ids=str)
def test_a_key_that_was_answered_finds_its_row(served, door, case: Sample) -> None:
    rows = " ".join(f"INSERT INTO held VALUES ({v}, {i});" for i, v in enumerate(case.values))
    ddl = f"CREATE TABLE held (x {case.type} PRIMARY KEY, n INTEGER);"
    ask = served(present(case.vendor), f"{case.before} {ddl} {rows}")
    types = built_of(door.database).schema.graphql_schema.type_map
    declared = types["HeldPkColumnsInput"].fields["x"].type
    (key,) = types["HeldConstraint"].values

    for row in ask("{ held { x n } }").data["held"]:
        query = f"query ($x: {declared}) {{ heldByPk(x: $x) {{ n }} }}"
        assert ask(query, {"x": row["x"]}).data == {"heldByPk": {"n": row["n"]}}
        query = f"""mutation ($x: {declared}) {{
            updateHeldByPk(pkColumns: {{x: $x}}, _inc: {{n: 5}}) {{ n }} }}"""
        assert ask(query, {"x": row["x"]}).data == {"updateHeldByPk": {"n": row["n"] + 5}}
        query = f"""mutation ($x: {declared}) {{ insertHeldOne(object: {{x: $x, n: 9}},
            onConflict: {{constraint: {key}, updateColumns: [n]}}) {{ x n }} }}"""
        assert ask(query, {"x": row["x"]}).data == {"insertHeldOne": {"x": row["x"], "n": 9}}
    query = f"mutation ($x: {declared}) {{ deleteHeldByPk(x: $x) {{ n }} }}"
    assert ask(query, {"x": row["x"]}).data == {"deleteHeldByPk": {"n": 9}}


ALIKE = [
    Sample(POSTGRESQL, "interval", ("1 mon", "P1M", "P30D")),
    Sample(POSTGRESQL, "interval[]", ("{1 mon}", ["P1M"], ["P30D"])),
    Sample(POSTGRESQL, "text COLLATE nocase", ("smith", "smith", "Smith"), NO_CASE),
    Sample(POSTGRESQL, "text[] COLLATE nocase", ("{smith}", ["smith"], ["Smith"]), NO_CASE),
    Sample(POSTGRESQL, "numeric", ("1.50", "1.50", "1.5")),
    Sample(POSTGRESQL, "numeric[]", ("{1.50}", ["1.50"], ["1.5"])),
    Sample(POSTGRESQL, "mail[]", ("{a}", ["a"], ["A"]), ON_PATH),
    Sample(POSTGRESQL, "far_mail", ("a", "a", "A"), CITEXT),
    Sample(POSTGRESQL, "time with time zone", ("12:00+02", "12:00:00+02", "10:00:00+00")),
    Sample(MARIADB, "VARCHAR(9) COLLATE utf8mb4_general_ci", ("a", "a", "Ä")),
    Sample(SQLITE, "VARCHAR(9) COLLATE NOCASE", ("a", "a", "A")),
]


@pytest.mark.parametrize("case", ALIKE, ids=str)
def test_a_value_that_only_compares_equal_is_written(served, door, case: Sample) -> None:
    stored, answered, new = case.values
    ddl = f"CREATE TABLE held (id INTEGER PRIMARY KEY, x {case.type}, n INT);"
    ask = served(
        present(case.vendor), f"{case.before} {ddl} INSERT INTO held VALUES (1, '{stored}', 1);"
    )
    types = built_of(door.database).schema.graphql_schema.type_map
    declared = types["HeldSetInput"].fields["x"].type

    for values in ("x: $x", "x: $x, n: 2"):
        for value in (new, answered):
            query = f"""mutation ($x: {declared}) {{
                updateHeldByPk(pkColumns: {{id: 1}}, _set: {{{values}}}) {{ x }} }}"""
            assert ask(query, {"x": value}).data == {"updateHeldByPk": {"x": value}}
    save = f"""mutation ($x: {declared}, $old: {declared}) {{
        saveHeld(pkColumns: {{id: 1}}, _set: {{x: $x}}, _expect: {{x: $old}}) {{
            changes {{ field }} }} }}"""
    answer = ask(save, {"x": new, "old": answered})
    assert answer.data == {"saveHeld": {"changes": [{"field": "x"}]}}


def test_an_array_of_more_dimensions_is_null_not_another_array(postgresql, served) -> None:
    rows = "INSERT INTO held VALUES (1, '{{1,2},{3,4}}'), (2, '{5}'), (3, '{}'), (4, NULL);"
    ask = served(postgresql, f"CREATE TABLE held (id INT PRIMARY KEY, x INT[]); {rows}")

    found = ask("{ held { x } }").data["held"]
    assert [row["x"] for row in found] == [None, [5], [], None]


def test_an_array_of_composites_is_not_taken_apart(postgresql, served) -> None:
    made = "CREATE TYPE pair AS (a INT, b TEXT); CREATE TABLE held (id INT PRIMARY KEY, x pair[]);"
    rows = """INSERT INTO held VALUES (1, '{"(2,z)","(1,a)",NULL}'), (2, '{}'), (3, NULL);"""
    ask = served(postgresql, made + rows)

    found = [row["x"] for row in ask("{ held { x } }").data["held"]]
    assert found == [["(2,z)", "(1,a)", None], [], None]
    query = """mutation ($x: [String]) { saveHeld(pkColumns: {id: 1}, _set: {x: $x}) {
        row { x } } }"""
    assert ask(query, {"x": ["(5,q)"]}).data == {"saveHeld": {"row": {"x": ["(5,q)"]}}}


def test_a_composite_with_a_null_inside_is_counted(postgresql, served) -> None:
    made = "CREATE TYPE pair AS (a INT, b TEXT); CREATE TABLE held (id INT PRIMARY KEY, x pair);"
    ask = served(postgresql, made + "INSERT INTO held VALUES (1, '(1,)'), (2, '(,)'), (3, NULL);")

    counts = "{ heldAggregate { aggregate { count(columns: [x]) } } }"
    assert ask(counts).data == {"heldAggregate": {"aggregate": {"count": 2}}}
    by_id = "{ heldGroupBy(by: [id]) { keys { id } aggregate { count(columns: [x]) } } }"
    groups = ask(by_id).data["heldGroupBy"]
    assert {one["keys"]["id"]: one["aggregate"]["count"] for one in groups} == {1: 1, 2: 1, 3: 0}


UNTYPED = """CREATE TABLE held (k PRIMARY KEY, v, b BLOB);
INSERT INTO held VALUES (1, 2, 'text'), ('b', 'x', x'00ff'), (1.0, 2.5, 7), ('01', NULL, NULL);"""


def test_columns_without_a_type_find_what_they_answered(served) -> None:
    ask = served(SQLITE, UNTYPED.replace("1.0, ", "2.0, "))

    rows = ask("{ held { k v b } }").data["held"]
    assert {row["k"]: (row["v"], row["b"]) for row in rows} == {
        "1": ("2", "dGV4dA=="),
        "b": ("x", "AP8="),
        "2.0": ("2.5", "Nw=="),
        "01": (None, None),
    }
    query = """mutation ($k: String!, $v: String, $b: Byte) {
        saveHeld(pkColumns: {k: $k}, _set: {v: "new", b: "AA=="}, _expect: {v: $v, b: $b}) {
            row { k v } } }"""
    for row in rows:
        assert ask(query, row).data == {"saveHeld": {"row": {"k": row["k"], "v": "new"}}}


def test_a_text_in_a_blob_is_found(served) -> None:
    ask = served(
        SQLITE, "CREATE TABLE held (k BLOB PRIMARY KEY, n); INSERT INTO held VALUES ('a', 1);"
    )

    query = '{ held(where: {k: {_eq: "YQ=="}}) { n } heldByPk(k: "YQ==") { n } }'
    assert ask(query).data == {"held": [{"n": "1"}], "heldByPk": {"n": "1"}}


def test_keys_that_are_answered_alike_are_an_error(served) -> None:
    rows = "('2024-01-02 10:00', 1), ('2024-01-02T10:00:00', 2)"
    ddl = "CREATE TABLE held (k DATETIME PRIMARY KEY, n INT, m INT);"
    ask = served(SQLITE, f"{ddl} INSERT INTO held(k, n) VALUES {rows};")

    key = 'pkColumns: {k: "2024-01-02T10:00:00"}, _set: {n: 5, m: 6}'
    for field in (f"saveHeld({key}) {{ row {{ n }} }}", f"updateHeldByPk({key}) {{ n }}"):
        answer = ask(f"mutation {{ {field} }}")
        assert (answer.status, answer.code) == (200, "BAD_USER_INPUT")


def test_a_number_beyond_single_precision_is_refused(postgresql, served) -> None:
    ask = served(
        postgresql,
        "CREATE TABLE held (id INT PRIMARY KEY, x REAL); INSERT INTO held VALUES (1, 1);",
    )

    write = "mutation { updateHeldByPk(pkColumns: {id: 1}, _set: {x: 1e300}) { x } }"
    assert ask(write).code == "BAD_USER_INPUT"
    assert ask("{ held(where: {x: {_lt: 1e300}}) { x } }").data == {"held": [{"x": 1}]}


@pytest.mark.parametrize("text", ["zz", "12", "-1", " 1"])
def test_a_bit_takes_no_other_digits(mariadb, served, text: str) -> None:
    ask = served(mariadb, "CREATE TABLE held (id INT PRIMARY KEY, x BIT(4));")

    answer = ask(f'mutation {{ insertHeldOne(object: {{id: 1, x: "{text}"}}) {{ x }} }}')
    assert answer.code == "BAD_USER_INPUT"
