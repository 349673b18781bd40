"""SQL Server without a server: what is compiled for it on both executions."""

from __future__ import annotations

import re

import pytest
from django.db import connections

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.mssql import sql_type
from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    ForeignKey,
    Kind,
    SqlType,
    Table,
    TableName,
)
from dynamic_databases.models_factory.factory import ModelSet
from dynamic_databases.registry import Entry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.errors import BadUserInput, TooComplex
from schema.limits import Limits
from schema.operations import OperationCache
from schema.orm import OrmReader
from schema.orm.aggregates import aggregate_expressions
from schema.plan.nodes import Slot
from schema.plan.operands import Constant
from schema.sql import mssql_values as values

TYPES = {
    "id": ("int",),
    "flag": ("bit",),
    "big": ("bigint",),
    "price": ("decimal", 9, 10, 2),
    "cash": ("money",),
    "weight": ("float",),
    "name": ("nvarchar", 80),
    "notes": ("text",),
    "day": ("date",),
    "at": ("datetime2", 8, 27, 7),
    "old": ("datetime",),
    "seen": ("datetimeoffset", 10, 34, 7),
    "clock": ("time", 5, 16, 7),
    "uid": ("uniqueidentifier",),
    "data": ("varbinary", -1),
    "doc": ("xml",),
    "place": ("geography",),
    "parent_id": ("int",),
}
NAME = TableName("sales", "or]der")
CATALOG = Catalog(
    "microsoft",
    (
        Table(
            NAME,
            tuple(
                Column(name, sql_type(*facts), nullable=name != "id", identity=name == "id")
                for name, facts in TYPES.items()
            ),
            ("id",),
            (),
            (ForeignKey("fk", ("parent_id",), NAME, ("id",)),),
        ),
    ),
)


@pytest.fixture
def alias(settings):
    """A database that is configured and never connected; its version is known beforehand."""
    wrapper_class = __import__("mssql.base").base.DatabaseWrapper
    settings.DATABASES["MSSQL_OFFLINE"] = {
        **connections.settings["default"],
        "ENGINE": "mssql",
        "NAME": "x",
        "HOST": "db.invalid",
        "OPTIONS": {"python_driver": "mssql_python"},
    }
    wrapper_class._known_versions["MSSQL_OFFLINE"] = 2019
    wrapper_class._known_azures["MSSQL_OFFLINE"] = False
    yield "MSSQL_OFFLINE"
    del settings.DATABASES["MSSQL_OFFLINE"]
    wrapper_class._known_versions.pop("MSSQL_OFFLINE")
    wrapper_class._known_azures.pop("MSSQL_OFFLINE")


def prepared(query: str, way: JsonWay):
    capabilities = Capabilities("microsoft", (15,), way, locks_rows=True, returning=True)
    entry = Entry(Alias("A"), CATALOG, capabilities, None, "")
    built = build_schema(entry, FULL_ACCESS, {}, Limits())
    operation = OperationCache(built, Limits(), 10).compile(query, None)
    return operation.prepare(operation.variables({}))


CONDITIONS = [
    "{id: {_eq: 1}}",
    "{flag: {_eq: true}}",
    '{price: {_gt: "1.5"}}',
    "{weight: {_lt: 1.5}}",
    '{name: {_in: ["a", "b"]}}',
    "{name: {_nin: []}}",
    '{name: {_like: "a[b]%"}}',
    '{name: {_nilike: "_x"}}',
    '{notes: {_eq: "x"}}',
    '{day: {_gte: "2024-01-01"}}',
    '{at: {_eq: "2024-01-01T10:00:00"}}',
    '{seen: {_lt: "2024-01-01T10:00:00Z"}}',
    '{uid: {_eq: "6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"}}',
    "{_not: {_or: [{id: {_isNull: true}}, {flag: {_neq: true}}]}}",
    '{parent: {name: {_eq: "x"}}}',
    "{salesOrDers: {id: {_gt: 5}}}",
    "{salesOrDersAggregate: {count: {predicate: {_gt: 1}}}}",
]


@pytest.mark.parametrize("where", CONDITIONS)
def test_conditions_compile_without_a_connection(alias, where: str) -> None:
    """T-SQL has no boolean values: a condition stands by itself, it is never compared with 1."""
    page = prepared(f"{{ salesOr_der(where: {where}) {{ id }} }}", JsonWay.ORM).roots[0].root.action
    reader = OrmReader(ModelSet(CATALOG), alias, {}, Limits())
    query = reader._query(page).order_by(*reader._order(page))[:10]

    text, _ = query.query.get_compiler(using=alias).as_sql()
    assert "[sales].[or]]der]" in text
    assert not re.search(r"\)\s*=\s*(?:%s|1)(?:\s|$)", text), text
    # Of seven digits of a second the six are compared that are answered.
    assert ("DATEPART(nanosecond" in text) is where.startswith(("{at:", "{seen:"))


@pytest.mark.parametrize(
    "selection", ["weight", "id name parent { weight }", "salesOrDers { weight }"]
)
def test_what_for_json_spells_otherwise_goes_the_portable_way(selection: str) -> None:
    root = prepared(f"{{ salesOr_der {{ {selection} }} }}", JsonWay.EXACT).roots[0]

    assert root.read is None


def test_all_other_types_are_answered_by_one_statement() -> None:
    fields = " ".join(name for name in TYPES if name not in ("weight", "parent_id"))
    root = prepared(f"{{ salesOr_der {{ {fields} parentId }} }}", JsonWay.EXACT).roots[0]

    assert "FOR JSON PATH" in root.read.sql


def test_an_identity_that_is_given_is_inserted() -> None:
    with_key = 'mutation { insertSalesOr_derOne(object: {id: 7, name: "x"}) { id } }'
    (row,) = prepared(with_key, JsonWay.EXACT).roots[0].write.rows
    assert row.insert.sql.count("SET IDENTITY_INSERT [sales].[or]]der]") == 2

    without = 'mutation { insertSalesOr_derOne(object: {name: "x"}) { id } }'
    (row,) = prepared(without, JsonWay.EXACT).roots[0].write.rows
    assert "IDENTITY_INSERT" not in row.insert.sql
    assert "OUTPUT INSERTED.[id] INTO @output VALUES" in row.insert.sql


def test_the_latest_moment_is_told_in_full(alias) -> None:
    """A plain cast would tell `Jan  1 2024 10:00AM`."""
    models = ModelSet(CATALOG)
    model = models.models[NAME]
    query = "{ salesOr_derAggregate { aggregate { max { at name } } } }"
    (aggregates,) = prepared(query, JsonWay.ORM).roots[0].root.action.answer

    wanted = aggregate_expressions(
        aggregates, lambda c: model.attribute_of_column[c.name], "microsoft"
    )
    rows = model._base_manager.using(alias).annotate(
        **{f"f{i}": e for i, e in enumerate(wanted.values())}
    )
    text, _ = rows.values("f0", "f1").query.get_compiler(using=alias).as_sql()
    assert "CONVERT(varchar(34), MAX([sales].[or]]der].[at]), 126)" in text
    assert "MAX([sales].[or]]der].[name])" in text


def test_a_list_above_the_limit_of_parameters_is_refused_by_name(alias) -> None:
    ids = list(range(2_001))
    page = prepared(f"{{ salesOr_der(where: {{id: {{_in: {ids}}}}}) {{ id }} }}", JsonWay.ORM)
    reader = OrmReader(ModelSet(CATALOG), alias, {}, Limits())

    with pytest.raises(TooComplex, match="2001 values, above the 2000"):
        reader._query(page.roots[0].root.action)


def test_a_text_that_its_code_page_lacks_is_refused_where_it_is_stored() -> None:
    """Where it is only compared it finds nothing."""
    city = SqlType(Kind.TEXT, "varchar(40)", collation="Polish_CI_AS", code_page=1250)
    value = Slot(Constant("日"), city)

    assert values.binder(value)("日") == "日"
    with pytest.raises(BadUserInput, match="can't hold '日'; nvarchar holds every character"):
        values.binder(values.stored(value))("日")
    assert values.binder(values.stored(value))("Łódź") == "Łódź"
    assert values.binder(values.stored(value))(None) is None


DECIMALS = [
    (("decimal", 9, 10, 2), "decimal(38, 10)"),
    (("decimal", 17, 38, 0), "decimal(38, 0)"),
    (("decimal", 17, 38, 20), "decimal(38, 20)"),
    (("decimal", 17, 38, 5), "decimal(38, 5)"),
    (("money", 8, 19, 4), "decimal(38, 10)"),
]


@pytest.mark.parametrize(("facts", "cast"), DECIMALS)
def test_a_decimal_keeps_the_digits_before_its_point(facts: tuple, cast: str) -> None:
    assert values.cast(sql_type(*facts)) == cast
