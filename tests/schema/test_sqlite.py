"""What SQLite does in a way of its own: a column holds whatever an application wrote."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import SQLITE

MOMENTS = """CREATE TABLE event
 (id INTEGER PRIMARY KEY, at DATETIME, z TIMESTAMPTZ, d DATE, t TIME);
CREATE INDEX event_at ON event (at);
INSERT INTO event VALUES
 (1, '2024-03-31T02:30:00', '2024-03-31T00:30:00Z', '2024-03-31', '02:30:00'),
 (2, '2024-03-31 02:30:00.5', '2024-03-31 02:30:00+02:00', '2024-03-31T00:00:00', '02:30'),
 (3, '2024-03-31T02:30:00.000Z', '2024-03-31 00:30:00', '2024-03-31 10:00:00', '02:30:00.000'),
 (4, '2024-03-30T23:00:00', '2024-03-31T01:00:00+01:00', '2024-03-30', '02:29:59.9'),
 (5, '2024-03-31 03:00:00', '2024-03-30 22:00:00-04:00', '2024-04-01', '02:31:00'),
 (6, NULL, NULL, NULL, NULL);"""
CONDITIONS = [
    ('at: {_lt: "2024-03-31T03:00:00"}', [1, 2, 3, 4]),
    ('at: {_lte: "2024-03-31T03:00:00"}', [1, 2, 3, 4, 5]),
    ('at: {_gt: "2024-03-31T02:30:00"}', [2, 5]),
    ('at: {_gte: "2024-03-31T02:30:00.5"}', [2, 5]),
    ('at: {_eq: "2024-03-31T02:30:00"}', [1, 3]),
    ('at: {_eq: "2024-03-31T02:30:00.5"}', [2]),
    ('at: {_neq: "2024-03-31T02:30:00"}', [2, 4, 5]),
    ('at: {_in: ["2024-03-31T02:30:00", "2024-03-31T03:00:00"]}', [1, 3, 5]),
    ('at: {_nin: ["2024-03-31T02:30:00", "2024-03-31T03:00:00"]}', [2, 4]),
    ("at: {_in: []}", []),
    ('at: {_lt: "9999-12-31T23:59:59"}', [1, 2, 3, 4, 5]),
    ('at: {_gt: "0001-01-01T00:00:00"}', [1, 2, 3, 4, 5]),
    ('z: {_eq: "2024-03-31T00:30:00Z"}', [1, 2, 3]),
    ('z: {_lt: "2024-03-31T02:30:00+02:00"}', [4]),
    ('z: {_eq: "2024-03-31T02:00:00Z"}', [5]),
    ('d: {_eq: "2024-03-31"}', [1, 2, 3]),
    ('d: {_gt: "2024-03-30"}', [1, 2, 3, 5]),
    ('t: {_eq: "02:30:00"}', [1, 2, 3]),
    ('t: {_lt: "02:30:00"}', [4]),
]


@pytest.mark.parametrize(("condition", "ids"), CONDITIONS)
def test_dates_and_times_are_compared_as_they_are_answered(served, condition, ids) -> None:
    ask = served(SQLITE, MOMENTS)

    found = ask(f"{{ event(where: {{{condition}}}, orderBy: [{{id: ASC}}]) {{ id }} }}")
    assert [row["id"] for row in found.data["event"]] == ids


UUID = "6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"
FORMS = [UUID, UUID.upper(), UUID.replace("-", ""), UUID.replace("-", "").upper(), f"{{{UUID}}}"]
PRICES = """CREATE TABLE item (id INTEGER PRIMARY KEY, price DECIMAL(10,2));
CREATE INDEX item_price ON item (price);
INSERT INTO item VALUES (1, 0.1 + 0.2), (2, 0.3), (3, 0.31), (4, 7), (5, 1.005), (6, NULL);"""
PRICED = [
    ('{_eq: "0.30"}', [1, 2]),
    ('{_in: ["0.30", 7]}', [1, 2, 4]),
    ('{_nin: ["0.30", 7]}', [3, 5]),
    ('{_neq: "0.30"}', [3, 4, 5]),
    ('{_gt: "0.30"}', [3, 4, 5]),
    ('{_lte: "0.30"}', [1, 2]),
    ('{_eq: "1.01"}', [5]),
]
BY_UUID = [
    (f'{{_eq: "{UUID}"}}', [1, 2, 3, 4, 5]),
    (f'{{_in: ["{UUID}"]}}', [1, 2, 3, 4, 5]),
    (f'{{_neq: "{UUID}"}}', []),
]


def test_orm_execution_compares_and_orders_alike(new_database) -> None:
    forms = ", ".join(f"({i}, '{form}')" for i, form in enumerate(FORMS, 1))
    uuids = f"""CREATE TABLE thing (id INTEGER PRIMARY KEY, other UUID);
        INSERT INTO thing VALUES {forms};"""
    database = new_database(SQLITE, f"{MOMENTS}{PRICES}{uuids}")
    built = built_of(database)

    def both(root: str, arguments: str) -> list[list[int]]:
        ((exact, portable),) = both_ways(database, built, f"{{ {root}({arguments}) {{ id }} }}")
        assert exact == portable
        return [int(row["id"].removeprefix("number ")) for row in portable]

    for condition, ids in CONDITIONS:
        assert both("event", f"where: {{{condition}}}, orderBy: [{{id: ASC}}]") == ids
    for condition, ids in PRICED:
        assert both("item", f"where: {{price: {condition}}}, orderBy: [{{id: ASC}}]") == ids
    for condition, ids in BY_UUID:
        assert both("thing", f"where: {{other: {condition}}}, orderBy: [{{id: ASC}}]") == ids
    for field in ("at", "z", "d", "t"):
        for direction in ("ASC", "DESC", "ASC_NULLS_FIRST"):
            assert len(both("event", f"orderBy: [{{{field}: {direction}}}]")) == 6


@pytest.mark.parametrize("field", ["at", "z", "d", "t"])
@pytest.mark.parametrize("direction", ["ASC", "DESC", "ASC_NULLS_FIRST"])
def test_they_are_ordered_and_paged_as_they_are_answered(served, field, direction) -> None:
    ask = served(SQLITE, MOMENTS)
    order = f"orderBy: [{{{field}: {direction}}}]"

    rows = ask(f"{{ event({order}) {{ id {field} }} }}").data["event"]
    values = [row[field] for row in rows if row[field] is not None]
    assert values == sorted(values, reverse=direction == "DESC")
    query = f"""query ($c: String) {{ eventConnection(first: 2, after: $c, {order}) {{
        edges {{ node {{ id }} }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    found, cursor, has_next = [], None, True
    while has_next and len(found) < 10:
        page = ask(query, {"c": cursor}).data["eventConnection"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        cursor, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == [row["id"] for row in rows]


def test_a_save_expects_what_was_answered(served) -> None:
    ask = served(SQLITE, MOMENTS)
    query = """mutation ($id: Int!, $at: LocalDateTime, $z: DateTime, $d: Date, $t: LocalTime) {
        saveEvent(pkColumns: {id: $id}, _set: {at: $at, z: $z, d: $d, t: $t},
            _expect: {at: $at, z: $z, d: $d, t: $t}) { changes { field } } }"""

    for row in ask("{ event { id at z d t } }").data["event"]:
        assert ask(query, row).data == {"saveEvent": {"changes": []}}
    query = query.replace("_set: {at: $at", '_set: {at: "2025-01-01T00:00:00"')
    (row, *_) = ask("{ event { id at z d t } }").data["event"]
    assert ask(query, row).data == {"saveEvent": {"changes": [{"field": "at"}]}}


def test_figures_of_dates_are_those_that_are_answered(served) -> None:
    ask = served(SQLITE, MOMENTS)

    query = "{ eventAggregate { aggregate { min { at z t } max { at z t } } } }"
    assert ask(query).data["eventAggregate"]["aggregate"] == {
        "min": {"at": "2024-03-30T23:00:00", "z": "2024-03-31T00:00:00+00:00", "t": "02:29:59.9"},
        "max": {"at": "2024-03-31T03:00:00", "z": "2024-03-31T02:00:00+00:00", "t": "02:31:00"},
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_uuid_is_found_however_it_is_stored(served, door, form: str) -> None:
    sql = f"""CREATE TABLE thing (id UUID PRIMARY KEY, v TEXT, other UUID);
        CREATE TABLE part (id INTEGER PRIMARY KEY, thing_id UUID REFERENCES thing);
        INSERT INTO thing VALUES ('{form}', 'x', '{form}');
        INSERT INTO part VALUES (7, '{form}');"""
    ask = served(SQLITE, sql)

    assert ask("{ thing { id v parts { id } } }").data["thing"] == [
        {"id": UUID, "v": "x", "parts": [{"id": 7}]}
    ]
    for given in FORMS[:4]:
        assert ask(f'{{ thingByPk(id: "{given}") {{ v }} }}').data == {"thingByPk": {"v": "x"}}
        for condition in (f'{{_eq: "{given}"}}', f'{{_in: ["{given}"]}}'):
            found = ask(f"{{ thing(where: {{other: {condition}}}) {{ v }} }}").data
            assert found == {"thing": [{"v": "x"}]}
    assert ask(f'{{ thing(where: {{id: {{_neq: "{UUID}"}}}}) {{ v }} }}').data == {"thing": []}
    query = f"""mutation {{
        updateThingByPk(pkColumns: {{id: "{UUID}"}}, _set: {{v: "y"}}) {{ v }} }}"""
    assert ask(query).data == {"updateThingByPk": {"v": "y"}}
    query = (
        f'mutation {{ insertPartOne(object: {{id: 1, thingId: "{UUID}"}}) {{ thing {{ v }} }} }}'
    )
    assert ask(query).data == {"insertPartOne": {"thing": {"v": "y"}}}
    query = (
        f'mutation {{ updatePartByPk(pkColumns: {{id: 7}}, _set: {{thingId: "{UUID}"}}) {{ id }} }}'
    )
    assert ask(query).data == {"updatePartByPk": {"id": 7}}
    query = f"""mutation {{
        saveThing(pkColumns: {{id: "{UUID}"}}, _set: {{v: "z", other: "{UUID}"}},
        _expect: {{v: "y", other: "{UUID}"}}) {{ changes {{ field }} }} }}"""
    assert ask(query).data == {"saveThing": {"changes": [{"field": "v"}]}}


@pytest.mark.parametrize(("condition", "ids"), PRICED)
def test_a_decimal_is_found_by_the_places_that_are_answered(served, condition, ids) -> None:
    ask = served(SQLITE, PRICES)

    found = ask(f"{{ item(where: {{price: {condition}}}, orderBy: [{{id: ASC}}]) {{ id }} }}")
    assert [row["id"] for row in found.data["item"]] == ids


def test_a_decimal_saves_without_a_conflict(served) -> None:
    ask = served(SQLITE, PRICES)
    query = """mutation ($id: Int!, $old: Decimal) { saveItem(pkColumns: {id: $id},
        _set: {price: "0.40"}, _expect: {price: $old}) { row { price } } }"""

    for row in ask("{ item { id price } }").data["item"]:
        answer = ask(query, {"id": row["id"], "old": row["price"]})
        assert answer.data == {"saveItem": {"row": {"price": "0.40"}}}


def test_a_sum_beyond_64_bits_keeps_its_digits(served) -> None:
    sql = """CREATE TABLE held (id INTEGER PRIMARY KEY, n BIGINT, g INTEGER);
        INSERT INTO held VALUES
        (1, 9223372036854775807, 1), (2, 1, 1), (3, NULL, 2), (4, -9223372036854775808, 3),
        (5, -9223372036854775808, 3), (6, 5, 4), (7, -7, 4), (8, 1.5, 5);"""
    ask = served(SQLITE, sql)

    query = """{ heldGroupBy(by: [g], orderBy: [{keys: {g: ASC}}]) {
        keys { g } aggregate { sum { n } } } }"""
    sums = [group["aggregate"]["sum"]["n"] for group in ask(query).data["heldGroupBy"]]
    assert sums == ["9223372036854775808", None, "-18446744073709551616", "-2", "2"]
    total = ask("{ heldAggregate { aggregate { sum { n } } } }").data["heldAggregate"]
    assert total["aggregate"]["sum"]["n"] is not None


def test_names_with_braces_are_compared_all_the_same(served, door) -> None:
    sql = """CREATE TABLE t (id INTEGER PRIMARY KEY, "a{0}{b}" DATETIME, "{}" DECIMAL(8, 2));
        INSERT INTO t VALUES (1, '2024-01-01T00:00:00', 1.5);"""
    ask = served(SQLITE, sql)
    assert execute(door.database.url, "SELECT count(*) FROM t") == [(1,)]

    fields = [
        f["name"] for f in ask('{ __type(name: "T") { fields { name } } }').data["__type"]["fields"]
    ]
    moment = next(name for name in fields if name.startswith("a"))
    where = f'where: {{{moment}: {{_eq: "2024-01-01T00:00:00"}}}}'
    query = f"{{ t({where}, orderBy: [{{{moment}: ASC}}]) {{ id }} }}"
    assert ask(query).data == {"t": [{"id": 1}]}


KEYS = [
    ("code TEXT PRIMARY KEY", "", "String"),
    ("code TEXT PRIMARY KEY NOT NULL", "", "String!"),
    ("code INTEGER PRIMARY KEY", "", "Int!"),
    ("code INT PRIMARY KEY", "", "Int"),
    ("code TEXT PRIMARY KEY", "WITHOUT ROWID", "String!"),
    ("code TEXT PRIMARY KEY", "STRICT", "String!"),
]


@pytest.mark.parametrize(("column", "option", "declared"), KEYS)
def test_a_key_that_may_be_null_is_nullable(served, door, column, option, declared) -> None:
    row = "INSERT INTO t VALUES (1, 'x');"
    ask = served(SQLITE, f"CREATE TABLE t ({column}, v TEXT) {option}; {row}")

    types = built_of(door.database).schema.graphql_schema.type_map
    assert str(types["T"].fields["code"].type) == declared
    assert len(ask("{ t { code v } }").data["t"]) == 1


def test_a_null_key_is_null_in_a_nullable_field(served) -> None:
    row = "INSERT INTO t VALUES (NULL, 'x');"
    ask = served(SQLITE, f"CREATE TABLE t (code TEXT PRIMARY KEY, v TEXT); {row}")

    assert ask("{ t { code v } }").data == {"t": [{"code": None, "v": "x"}]}


def test_what_is_answered_alike_is_one_group(served) -> None:
    ask = served(SQLITE, MOMENTS + PRICES)

    query = """{ eventGroupBy(by: [at], orderBy: [{keys: {at: ASC}}]) {
        keys { at } aggregate { count } } }"""
    groups = ask(query).data["eventGroupBy"]
    assert [(group["keys"]["at"], group["aggregate"]["count"]) for group in groups] == [
        ("2024-03-30T23:00:00", 1),
        ("2024-03-31T02:30:00", 2),
        ("2024-03-31T02:30:00.5", 1),
        ("2024-03-31T03:00:00", 1),
        (None, 1),
    ]
    query = """{ event(distinctOn: [d], orderBy: [{d: ASC}, {id: ASC}]) { id }
        eventAggregate { aggregate { count(columns: [d], distinct: true) } }
        itemGroupBy(by: [price], orderBy: [{keys: {price: ASC}}]) { keys { price } } }"""
    found = ask(query).data
    assert [row["id"] for row in found["event"]] == [4, 1, 5, 6]
    assert found["eventAggregate"]["aggregate"] == {"count": 3}
    prices = [group["keys"]["price"] for group in found["itemGroupBy"]]
    assert prices == ["0.30", "0.31", "1.01", "7.00", None]


def test_a_decimal_without_places_is_found_by_what_is_answered(served) -> None:
    sql = """CREATE TABLE item (id INTEGER PRIMARY KEY, n DECIMAL(20, 0), b BIGINT, g INT);
        INSERT INTO item VALUES (1, 1.4, 9007199254740992, 0), (2, 9007199254740993, 1, 0);"""
    ask = served(SQLITE, sql)

    for row in ask("{ item { id n } }").data["item"]:
        found = ask(f'{{ item(where: {{n: {{_eq: "{row["n"]}"}}}}) {{ id }} }}').data["item"]
        assert found == [{"id": row["id"]}]
    having = 'having: {aggregate: {sum: {b: {_eq: "9007199254740993"}}}}'
    query = f"{{ itemGroupBy(by: [g], {having}) {{ aggregate {{ count }} }} }}"
    assert ask(query).data == {"itemGroupBy": [{"aggregate": {"count": 2}}]}


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_go_past_floats_that_are_answered_as_null(served, direction: str) -> None:
    rows = "(1, 9e999), (2, 'x'), (3, -9e999), (4, 1.5), (5, NULL), (6, 9e999), (7, 'x')"
    ask = served(
        SQLITE,
        f"CREATE TABLE held (id INTEGER PRIMARY KEY, x REAL); INSERT INTO held VALUES {rows};",
    )

    query = f"""query ($c: String) {{
        heldConnection(first: 1, after: $c, orderBy: [{{x: {direction}}}]) {{
        edges {{ node {{ id }} }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    found: list[int] = []
    cursor, has_next = None, True
    while has_next and len(found) <= 7:
        page = ask(query, {"c": cursor}).data["heldConnection"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        cursor, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    ordered = ask(f"{{ held(orderBy: [{{x: {direction}}}]) {{ id }} }}").data["held"]
    assert found == [row["id"] for row in ordered]
