"""Names fold, are lossless, and don't depend on order."""

from __future__ import annotations

import gc
import random
import re
from dataclasses import replace
from weakref import ref

import pytest
from graphql import GraphQLSchema, validate_schema
from hypothesis import given, settings
from hypothesis import strategies as st

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
)
from dynamic_databases.registry import Entry
from schema.access import FULL_ACCESS, Access, TableAccess
from schema.build.builder import build_schema
from schema.limits import Limits
from schema.names import baseline
from schema.names import catalog_names as naming
from schema.names.baseline import bound_names, names_of_baseline, with_custom
from schema.names.casing import camel_case, pascal_case
from schema.names.catalog_names import names_of
from schema.names.enums import enum_value_names
from schema.names.tables import Names

pytestmark = pytest.mark.pure

INTEGER = SqlType(Kind.INTEGER, "integer")


def table(name: str, *columns: str, schema: str = "", keys: tuple[ForeignKey, ...] = ()) -> Table:
    return Table(
        TableName(schema, name),
        tuple(Column(c, INTEGER) for c in columns or ("id",)),
        (columns or ("id",))[:1],
        (),
        keys,
    )


def names(
    *tables: Table, access: Access = FULL_ACCESS, overrides: dict[str, str] | None = None
) -> Names:
    return names_of(Catalog("sqlite", tables), access, overrides or {})


def foreign(column: str, target: str) -> ForeignKey:
    return ForeignKey("", (column,), TableName("", target), ("id",))


@pytest.mark.parametrize(
    ("spelling", "camel", "pascal"),
    [
        ("invoice_line", "invoiceLine", "InvoiceLine"),
        ("InvoiceLine", "invoiceLine", "InvoiceLine"),
        ("invoice line", "invoiceLine", "InvoiceLine"),
        ("INVOICE_LINE", "invoiceLine", "InvoiceLine"),
        ("AlbumId", "albumId", "AlbumId"),
        ("album_ID", "albumId", "AlbumId"),
        ("HTTPServer", "httpServer", "HttpServer"),
        ("2nd", "_2nd", "_2nd"),
        ("größe", "gr_e", "Gr_e"),
        ("价格", "_", "_"),
        ("__typename", "_typename", "_Typename"),
        ("address1", "address1", "Address1"),
        ("cf_12_a", "cf12A", "Cf12A"),
        ("100%", "_100_", "_100_"),
    ],
)
def test_folding(spelling: str, camel: str, pascal: str) -> None:
    assert (camel_case(spelling), pascal_case(spelling)) == (camel, pascal)


def test_the_exact_spelling_keeps_the_plain_name() -> None:
    found = names(table("t", "a_b", "aB", "A_B")).tables[TableName("", "t")].field_of

    assert found == {"aB": "aB", "a_b": "aB_a_b", "A_B": "aB_A_B"}


def test_without_an_exact_spelling_all_get_a_suffix() -> None:
    found = names(table("t", "a_b", "A_B")).tables[TableName("", "t")].field_of

    assert found == {"a_b": "aB_a_b", "A_B": "aB_A_B"}


def test_a_table_gives_way_to_what_another_is_called_by() -> None:
    found = names(
        table("track"), table("track_by_pk"), table("track_bool_exp"), table("query"), table("node")
    )

    assert {t.field: t.type for t in found.tables.values()} == {
        "track": "Track",
        "trackByPk_track_by_pk": "TrackByPk_track_by_pk",
        "trackBoolExp": "TrackBoolExp_track_bool_exp",
        "query": "Query_query",
        "node_node": "Node_node",
    }


def test_global_ids_and_nested_connections_give_way_to_columns_and_tables() -> None:
    parent = replace(table("p", "id", "c_connection"), primary_key=("id",))
    child = replace(
        table("c", "node_id", "p_id"),
        primary_key=("node_id",),
        foreign_keys=(ForeignKey("f", ("p_id",), TableName("", "p"), ("id",)),),
    )
    other = replace(table("nodes", "k"), primary_key=("k",))
    built = build_schema(entry_of(parent, child, other), FULL_ACCESS, {}, Limits())
    sdl = str(built.schema)

    assert "  nodeId: ID!" in sdl_of("type P implements Node", sdl)
    assert "  id: Int" in sdl_of("type P implements Node", sdl)
    assert "  nodeId: Int\n" in sdl_of("type C ", sdl)
    assert "  csConnection(" in sdl_of("type P implements Node", sdl)
    assert "  id: ID! @deprecated" in sdl_of("type Nodes implements Node", sdl)
    assert "  node(nodeId: ID!): Node" in sdl_of("type Query", sdl)
    assert "nodeIds" not in sdl


def sdl_of(head: str, sdl: str) -> str:
    """Return the text of the type that begins so."""
    return sdl[sdl.index(head) :].split("\n}", 1)[0]


def test_schemas_other_than_the_default_are_part_of_the_name() -> None:
    found = names(table("orders"), table("orders", schema="sales"))

    assert sorted(t.field for t in found.tables.values()) == ["orders", "salesOrders"]


def test_overrides_win() -> None:
    found = names(table("trk", "nm"), overrides={"trk": "track", "trk.nm": "name"}).tables[
        TableName("", "trk")
    ]

    assert (found.field, found.type, found.field_of) == ("track", "Track", {"nm": "name"})


def test_what_a_role_may_not_see_is_not_there_and_changes_no_name() -> None:
    access = Access(frozenset({("t", TableAccess(select=frozenset({"a_b"})))}))
    found = names(table("t", "aB", "a_b"), table("u"), access=access)

    assert list(found.tables) == [TableName("", "t")]
    assert found.tables[TableName("", "t")].field_of == {"a_b": "aB_a_b"}
    assert found.tables[TableName("", "t")].key == ()


def test_enum_values() -> None:
    assert enum_value_names(["ok", "so so", "1st", "true", "", "a-b", "a b"]) == {
        "ok": "ok",
        "so so": "so_so",
        "1st": "_1st",
        "true": "true_true",
        "": "_",
        "a-b": "a_b_a_x2db",
        "a b": "a_b_a_x20b",
    }


def entry_of(*tables: Table) -> Entry:
    found = Catalog("sqlite", tables)
    capabilities = Capabilities("sqlite", (3, 40), JsonWay.EXACT, locks_rows=False, returning=True)
    return Entry(Alias("A"), found, capabilities, None, "")


NASTY = """
track track_by_pk track_one track_many TrackAggregate track_sum_fields int_comparison_exp mood
mood_comparison_exp Query mutation BigInt order_by track_constraint null_comparison_exp
field_change resolve insert_track node
""".split()


def test_no_name_stops_a_schema() -> None:
    mood = Column("mood", SqlType(Kind.ENUM, "mood", labels=("a", "b"), enum="mood"))
    tables = [replace(table(name), columns=(*table(name).columns, mood)) for name in NASTY]
    built = build_schema(entry_of(*tables), FULL_ACCESS, {}, Limits())

    assert (
        validate_schema(
            GraphQLSchema(**{**built.schema.graphql_schema.to_kwargs(), "assume_valid": False})
        )
        == []
    )


SPELLINGS = st.lists(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
    ),
    min_size=1,
    max_size=12,
    unique=True,
)


@settings(max_examples=150, deadline=None)
@given(spellings=SPELLINGS, seed=st.integers())
def test_any_names_are_valid_distinct_and_independent_of_order(
    spellings: list[str], seed: int
) -> None:
    shuffled = spellings[:]
    random.Random(seed).shuffle(shuffled)
    found = {
        t.table.name.name: (t.field, t.type)
        for t in names(*(table(s) for s in spellings)).tables.values()
    }
    again = {
        t.table.name.name: (t.field, t.type)
        for t in names(*(table(s) for s in shuffled)).tables.values()
    }

    assert found == again
    assert build_schema(
        entry_of(*(table(s, s, "id") for s in spellings if s != "id")), FULL_ACCESS, {}, Limits()
    )
    for position in (0, 1):
        given_names = [pair[position] for pair in found.values()]
        assert len(set(given_names)) == len(spellings)
        assert all(re.fullmatch(r"(?!__)[A-Za-z_][A-Za-z0-9_]*", name) for name in given_names)


NARROW = Access(
    frozenset(
        {
            ("a", TableAccess(frozenset({"id", "b_id"}))),
            ("*", TableAccess(frozenset({"*"}), frozenset({"x"}))),
        }
    )
)
TABLES = st.builds(
    lambda name, columns: table(
        name,
        "id",
        *sorted(columns),
        keys=tuple(foreign(c, c[0]) for c in sorted(columns) if c.endswith("_id")),
    ),
    st.sampled_from("abAB"),
    st.sets(st.sampled_from(("a_id", "b_id", "x", "X", "bs", "a"))),
)
CATALOGS = st.lists(TABLES, max_size=4, unique_by=lambda t: t.name).map(tuple)


@given(
    first=CATALOGS,
    second=CATALOGS,
    access=st.sampled_from((FULL_ACCESS, NARROW)),
    overrides=st.sampled_from(({}, {"a.x": "mine"}, {"a": "things"})),
)
def test_names_that_catalogs_share_are_those_that_each_would_get_alone(
    first: tuple[Table, ...],
    second: tuple[Table, ...],
    access: Access,
    overrides: dict[str, str],
) -> None:
    held = [names(*first), names(*first, access=NARROW), names(*first, overrides={"a.x": "y"})]
    shared = names(*second, access=access, overrides=overrides)
    del held
    naming._tables_known.clear()
    naming._columns_known.clear()

    assert shared == names(*second, access=access, overrides=overrides)


@given(
    base=CATALOGS, first=CATALOGS, second=CATALOGS, access=st.sampled_from((FULL_ACCESS, NARROW))
)
def test_a_baselines_names_that_databases_share_are_those_that_each_would_get_alone(
    base: tuple[Table, ...], first: tuple[Table, ...], second: tuple[Table, ...], access: Access
) -> None:
    def both(tables: tuple[Table, ...]) -> tuple[Names, Names]:
        baseline_catalog, catalog = Catalog("sqlite", base), Catalog("sqlite", tables)
        shown = names_of_baseline(baseline_catalog, access, {})
        bound = bound_names(shown, catalog, baseline_catalog, access, {})
        return with_custom(shown, bound), bound

    held = [both(first), both(base)]
    shared = both(second)
    del held
    for known in (naming._tables_known, naming._columns_known, baseline._known):
        known.clear()

    assert shared == both(second)


def test_what_a_baseline_has_for_two_databases_is_one_object_where_they_are_alike() -> None:
    plain = (table("a", "id"), table("b", "id", "a_id", keys=(foreign("a_id", "a"),)))
    base = Catalog("sqlite", plain)

    def bound_to(*tables: Table) -> Names:
        shown = names_of_baseline(base, FULL_ACCESS, {})
        return bound_names(shown, Catalog("sqlite", tables), base, FULL_ACCESS, {})

    one, other = bound_to(*plain), bound_to(plain[1], table("a", "id", "mine"))
    assert {str(n) for n, named in other.tables.items() if named is one.tables[n]} == {"b"}
    assert list(other.by_field["a"].custom) == ["mine"]

    kept = [*one.tables.values(), *other.tables.values()]
    found = [ref(each) for named in kept for each in (named, *named.made_of)]
    del one, other, kept
    gc.collect()
    assert not any(each() for each in found)


def test_a_column_more_has_its_own_table_named_anew_and_no_other() -> None:
    before = names(table("a", "id"), table("b", "id", "a_id", keys=(foreign("a_id", "a"),)))
    after = names(table("a", "id", "mine"), table("b", "id", "a_id", keys=(foreign("a_id", "a"),)))

    same = {str(name) for name, named in after.tables.items() if named is before.tables[name]}
    assert same == {"b"}


def test_a_column_that_is_fixed_is_given_to_new_rows_only() -> None:
    columns = (Column("id", INTEGER, identity=True, is_fixed=True), Column("n", INTEGER))
    named = names(Table(TableName("", "t"), columns, ("id",))).by_field["t"]

    assert (named.insertable, named.updatable) == ({"id", "n"}, {"n"})


def test_a_view_without_a_key_in_a_baseline_is_served_without_one() -> None:
    """Baselines that were captured before catalogs told the keys of views."""
    real = Catalog("sqlite", (replace(table("v"), is_view=True),))
    captured = Catalog("sqlite", (replace(real.tables[0], primary_key=()),))
    shown = names_of_baseline(captured, FULL_ACCESS, {})

    bound = bound_names(shown, real, captured, FULL_ACCESS, {}).by_field["v"]
    assert not bound.is_absent
    assert bound.key == ()
