"""Rules in plans and statements: shared by all users, and nothing where a role has none."""

from __future__ import annotations

import dataclasses

import pytest

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.types import Kind, Table
from dynamic_databases.registry import Entry
from dynamic_databases.session_names import session_name
from schema.access import FULL_ACCESS, Access
from schema.answer_size import ANSWER_BYTES, DEFAULT_BYTES
from schema.build.builder import build_schema
from schema.errors import Forbidden
from schema.limits import Limits
from schema.operations import OperationCache, Prepared
from schema.plan import nodes
from schema.plan.permissions import TableRules, permitted_rows
from schema.plan.session_variables import SESSION, SessionVariable
from schema.types.vocabulary import scalar
from tests.cases.test_cases import VENDORS, catalog
from tests.fixtures.row_rules import access_to, union_of

pytestmark = pytest.mark.pure

ROWS = {"artistId": {"_in": ["X-Gateway-Artist", 7]}, "artist": {"name": {"_eq": "X-Gateway-Name"}}}
ALBUM = {"select": {"columns": "*", "aggregate": True, "rows": ROWS, "limit": 5}}
ALL = {"select": {"columns": "*", "aggregate": True}}
QUERY = "query ($n: Int) { album(limit: $n) { title artist { name } } }"
CONDITION = {
    "sqlite": 't1."ArtistId" IN',
    "postgresql": 't1."ArtistId" = ANY',
    "mysql": "t1.`ArtistId` IN",
    "microsoft": "t1.[ArtistId] IN",
}


def prepared(vendor: str, access: Access, query: str = QUERY) -> Prepared:
    capabilities = Capabilities(
        vendor, (15,), JsonWay.EXACT, locks_rows=vendor != "sqlite", returning=True
    )
    entry = Entry(Alias("A"), catalog(vendor), capabilities, None, "")
    built = build_schema(entry, access, {}, Limits())
    assert built.problems == ()
    operation = OperationCache(built, Limits(), 1).compile(query, None)
    return operation.prepare({})


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_rule_is_a_condition_of_the_one_statement(vendor: str) -> None:
    tables = {"album": ALBUM, "artist": ALL}
    statement = prepared(vendor, access_to(tables)).roots[0].read
    assert CONDITION[vendor] in statement.sql
    assert "EXISTS (SELECT 1 FROM" in statement.sql

    for artist, name in (("3", "Ada"), ("4", "Bo")):
        session = {"x-gateway-artist": artist, "x-gateway-name": name}
        known = {SESSION: session, ANSWER_BYTES: DEFAULT_BYTES}
        values = str(statement.parameters(known))
        assert artist in values
        assert name in values


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_role_without_rules_has_the_statements_of_admin(vendor: str) -> None:
    role = access_to(dict.fromkeys(("album", "artist"), ALL))
    own, admins = (prepared(vendor, one).roots[0] for one in (role, FULL_ACCESS))
    assert own.root == admins.root
    assert own.read.sql == admins.read.sql


@pytest.mark.parametrize("vendor", VENDORS)
def test_cells_that_a_role_hides_are_a_join_of_the_one_statement(vendor: str) -> None:
    some = {"select": {"columns": ["AlbumId", "ArtistId"]}}
    own = {"select": {"columns": "*", "rows": {"artistId": {"_eq": "X-Gateway-Artist"}}}}
    roles = {"album": some, "artist": ALL}, {"album": own}
    query = '{ artist(where: {albums: {title: {_eq: "x"}}}) { albums { title } } }'
    statement = prepared(vendor, union_of(*roles), query).roots[0].read
    assert statement.sql.count("LEFT JOIN") == 2  # what is answered, and what is filtered by
    known = {SESSION: {"x-gateway-artist": "73"}, ANSWER_BYTES: DEFAULT_BYTES}
    assert "73" in str(statement.parameters(known))


@pytest.mark.parametrize("vendor", VENDORS)
def test_roles_whose_rules_are_equal_hide_no_cell(vendor: str) -> None:
    one, other = ({**ALBUM["select"], "columns": columns} for columns in (["AlbumId"], "*"))
    union = union_of({"album": {"select": one}, "artist": ALL}, {"album": {"select": other}})
    alone = access_to({"album": {"select": other}, "artist": ALL})
    assert prepared(vendor, union).roots[0].read.sql == prepared(vendor, alone).roots[0].read.sql


def test_each_node_that_names_a_table_takes_rules() -> None:
    """A new one is refused until it is known how rules limit it."""
    kinds = [getattr(nodes, name) for name in nodes.__all__]
    kinds = [kind for kind in kinds if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    with_table = [
        kind for kind in kinds if any(f.name == "table" for f in dataclasses.fields(kind))
    ]
    table = next(iter(catalog("sqlite").tables))
    rules = {table.name: TableRules()}
    for kind in with_table:
        given = {
            f.name: table if f.name == "table" else () if f.default is dataclasses.MISSING else None
            for f in dataclasses.fields(kind)
            if f.default is dataclasses.MISSING
        }
        given |= {"where": nodes.EVERYTHING} if "where" in given else {}
        permitted_rows(kind(**given), rules, Limits())
    assert len(with_table) > 12

    @dataclasses.dataclass(frozen=True)
    class Unknown:
        table: Table

    with pytest.raises(TypeError, match="Unknown reads or writes a table, and has no row rules"):
        permitted_rows(Unknown(table), rules, Limits())


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ({"nme": {"_eq": 1}}, "select.rows: there is no 'nme' here; there are: AlbumId"),
        ({"title": {"_equals": "x"}}, "select.rows.title: there is no '_equals' here"),
        ({"title": {}}, "select.rows.title: {} compares with nothing"),
        ({"title": {"_eq": None}}, "select.rows.title._eq: null is no condition"),
        ({"title": "x"}, "select.rows.title: write an object"),
        ({"artistId": {"_eq": "x"}}, "select.rows.artistId._eq: 'x' is no Int"),
        ({"artistId": {"_in": [1, "x"]}}, "select.rows.artistId._in[1]: 'x' is no Int"),
        ({"title": {"_isNull": "X-Gateway-A"}}, "a session variable can't stand here"),
        ({"_or": [{"x": {}}]}, "select.rows._or[0]: there is no 'x' here"),
        ({"artist": {"x": {}}}, "select.rows.artist: there is no 'x' here"),
        ({"tracksAggregate": {"count": {}}}, "select.rows.tracksAggregate.count: predicate is"),
    ],
)
def test_a_rule_that_names_nothing_closes_its_table(rows, problem: str) -> None:
    access = access_to({"album": {"select": {"columns": "*", "rows": rows}}, "artist": ALL})
    capabilities = Capabilities("sqlite", (3, 45), JsonWay.EXACT, locks_rows=False, returning=True)
    entry = Entry(Alias("A"), catalog("sqlite"), capabilities, None, "")
    built = build_schema(entry, access, {}, Limits())

    ((table, text),) = built.problems
    assert table == "album"
    assert problem.replace("AlbumId", "") in text
    assert set(built.queries) == {
        "artist", "artistAggregate", "artistGroupBy", "artistConnection", "artistByPk"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("X-Gateway-User-Id", "x-gateway-user-id"),
        ("x-HASURA-User-Id", "x-gateway-user-id"),
        ("X-Gateway-", None),
        ("X-Other-Id", None),
        (" X-Gateway-A", None),
        ("X-Gateway-A\n", None),
        (3, None),
    ],
)
def test_which_texts_are_session_variables(text: object, name: str | None) -> None:
    assert session_name(text) == name


def value(kind: str, text: str) -> object:
    variable = SessionVariable("x-gateway-a", scalar(Kind[kind]))
    return variable.read({SESSION: {"x-gateway-a": text}})


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("INTEGER", "3", 3),
        ("INTEGER", "-3", -3),
        ("BOOLEAN", "true", True),
        ("FLOAT", "1.5", 1.5),
        ("TEXT", "3", "3"),
        ("TEXT", "", ""),
        ("JSON", '{"a": 1}', {"a": 1}),
    ],
)
def test_a_session_variable_has_the_type_of_its_column(kind: str, text: str, expected) -> None:
    assert value(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("INTEGER", ""),
        ("INTEGER", "1_0"),
        ("INTEGER", "1.5"),
        ("INTEGER", "99999999999"),
        ("INTEGER", "true"),
        ("INTEGER", "null"),
        ("INTEGER", "[1]"),
        ("BOOLEAN", "1"),
        ("FLOAT", "NaN"),
        ("DATE", "yesterday"),
        ("UUID", "x"),
    ],
)
def test_one_that_does_not_fit_is_forbidden(kind: str, text: str) -> None:
    with pytest.raises(Forbidden, match="The session variable x-gateway-a is no"):
        value(kind, text)
