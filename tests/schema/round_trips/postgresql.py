"""PostgreSQL's column types: arrays, domains, collations and what no scalar carries besides."""

from __future__ import annotations

from tests.fixtures.vendors import POSTGRESQL
from tests.schema.round_trips import literals as of
from tests.schema.round_trips.columns import ColumnType, documented

_OWN = """CREATE TYPE mood AS ENUM ('ok', 'so so'); CREATE DOMAIN cents AS BIGINT;
CREATE TYPE pair AS (a INTEGER, b TEXT);"""
_ODD = """CREATE TYPE odd_one AS ENUM ('true', 'a-b', '', 'a b'); CREATE DOMAIN odd AS odd_one;"""
_CITEXT = "CREATE EXTENSION IF NOT EXISTS citext; CREATE DOMAIN mail AS citext;"
_FAR = """CREATE SCHEMA IF NOT EXISTS beyond; CREATE EXTENSION IF NOT EXISTS citext SCHEMA beyond;
CREATE DOMAIN far_mail AS beyond.citext;"""
_NO_CASE = """CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2',
deterministic = false);"""
_DOMAINS = """CREATE DOMAIN pos AS int CHECK (VALUE > 0); CREATE DOMAIN tags AS varchar(9)[];
CREATE DOMAIN price AS numeric(8,2); CREATE DOMAIN day AS date; CREATE DOMAIN ratio AS real;
CREATE DOMAIN net AS inet; CREATE DOMAIN span AS interval; CREATE DOMAIN code AS char(3);
CREATE DOMAIN doc AS jsonb; CREATE DOMAIN one_id AS uuid; CREATE DOMAIN stamp AS timestamptz;"""
_LTREE = "CREATE EXTENSION IF NOT EXISTS ltree;"
_IN_FAR = "a.x::beyond.citext OPERATOR(beyond.=) b.x::beyond.citext"
# PostgreSQL 15 has no patterns for collations that aren't deterministic.
_LACKS = {
    "text COLLATE nocase": tuple(
        f"_{no}{how}" for how in ("like", "ilike", "similar", "regex", "iregex") for no in ("", "n")
    ),
    "regclass": ("min", "max"),  # which are numbers
}
_MORE = {
    "smallint": of.whole(-(2**15), 2**15 - 1),
    "integer": of.whole(-(2**31), 2**31 - 1),
    "bigint": of.whole(-(2**63), 2**63 - 1),
    "numeric(38,20)": of.decimals(38, 20),
    "numeric": of.decimals(30, 6),
    "real": of.singles(),
    "double precision": of.doubles(),
    "text": of.texts(),
    "varchar(40)": of.texts(),
    "char(4)": of.texts(4),
    "bytea": of.binaries("'\\x"),
    "date": of.dates(),
    "time": of.times(),
    "timestamp": of.moments(),
    "uuid": of.uuids(),
    "json": of.documents(),
    "jsonb": of.documents(),
}


def _type(
    name: str,
    *values: str,
    before: str = "",
    more: of.Literals | None = None,
    equals: str = "a.x = b.x",
) -> ColumnType:
    return ColumnType(POSTGRESQL, name, values, more, before, equals, _LACKS.get(name, ()))


_ARRAYS = [
    _type("int[]", "'{1,2}'", "'{}'", "'{NULL}'", "'{1}'", "'{{1,2},{3,4}}'"),
    _type("varchar(20)[]", "'{a,b}'", "'{}'", "'{c,NULL}'"),
    _type("character(3)[]", "'{a,b}'", "'{}'"),
    _type("numeric(8,2)[]", "'{0.1,0.5}'", "'{0.25}'"),
    _type("numeric[]", "'{1.50}'", "'{1.5}'", "'{2}'"),
    _type("double precision[]", "'{0.1,1e300}'", "'{0}'"),
    _type("boolean[]", "'{t,f}'", "'{}'"),
    _type("date[]", "'{2024-01-01}'", "'{2024-01-02,infinity}'"),
    _type("timestamp(3)[]", "'{2024-01-01}'", "'{2024-01-02 10:00:00.125}'"),
    _type("timestamptz[]", "'{2024-01-01 00:00+02}'", "'{}'"),
    _type("interval[]", "'{1 mon}'", "'{30 days}'"),
    _type("uuid[]", "'{6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10}'", "'{}'"),
    _type("bytea[]", "ARRAY['\\x00'::bytea]", "'{}'"),
    _type("inet[]", "'{10.0.0.1,10.0.0.0/8}'", "'{}'"),
    _type("jsonb[]", """ARRAY['{"a":1}'::jsonb]""", "'{}'"),
    _type("int4range[]", "ARRAY['[1,2)'::int4range]", "'{}'"),
    _type("mood[]", "'{ok,so so}'", "'{}'", before=_OWN),
    _type("odd[]", "'{true,a-b}'", "'{}'", before=_ODD, equals="a.x::text = b.x::text"),
    _type("mail[]", "'{A,b}'", "'{a,b}'", "'{c}'", before=_CITEXT),
    _type("far_mail[]", "'{A,b}'", "'{c}'", before=_FAR),
    _type("pos[]", "'{3}'", "'{1,2}'", before=_DOMAINS),
    _type("pair[]", """'{"(2,z)","(1,a)",NULL}'""", "'{}'", before=_OWN),
]
_OVER_OTHERS = [
    _type("odd", "'true'", "'a-b'", "''", "'a b'", before=_ODD, equals="a.x::text = b.x::text"),
    _type("citext", "'Ab1'", "'aB1x'", "'aB2'", "'ab2'", before=_CITEXT),
    _type("mail", "'Ab1'", "'aB1x'", "'aB2'", "'ab2'", before=_CITEXT),
    _type("beyond.citext", "'Ab1'", "'aB1x'", "'ab2'", "'aB2'", before=_FAR, equals=_IN_FAR),
    _type("far_mail", "'Ab1'", "'aB1x'", "'ab2'", "'aB2'", before=_FAR, equals=_IN_FAR),
    _type("pos", "3", "1", before=_DOMAINS),
    _type("tags", "'{a,b}'", "'{c}'", before=_DOMAINS),
    _type("price", "1.5", "2", "'NaN'", before=_DOMAINS),
    _type("day", "'2024-01-01'", "'infinity'", before=_DOMAINS),
    _type("ratio", "0.1", "1.0/3", before=_DOMAINS),
    _type("net", "'10.0.0.1'", "'10.0.0.0/8'", before=_DOMAINS),
    _type("span", "'1 mon'", "'30 days'", before=_DOMAINS),
    _type("code", "'a'", "'abc'", before=_DOMAINS),
    _type("doc", """'{"a": 1}'""", "'1.50'", "'1.5'", before=_DOMAINS),
    _type("one_id", "'6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10'", before=_DOMAINS),
    _type("stamp", "'2024-03-31 02:30:00+02'", "'-infinity'", before=_DOMAINS),
]
COLUMNS = [
    *documented("postgresql", _MORE, _OWN),
    *_ARRAYS,
    *_OVER_OTHERS,
    _type("numeric", "1.50", "1.5", "1.5000001", "'Infinity'", "12345678901234567890.12", "0"),
    _type("numeric(6,-2)", "1200", "-300"),
    _type("real", "0.1", "1.0/3", "2.0/3", "16777216", "1e-30", "3.4e38", "-0.5", "0"),
    _type("double precision", "0.1", "0", "1e15", "5e-324", "'-Infinity'"),
    _type("text COLLATE nocase", "'smith'", "'Smith'", "'jones'", before=_NO_CASE),
    _type("text[] COLLATE nocase", "'{smith}'", "'{Smith}'", before=_NO_CASE),
    _type('text COLLATE "C"', "'a'", "'B'", "'b'", more=of.texts()),
    _type('"char"', "'a'", "'b'"),
    _type("interval", "'1 mon'", "'30 days'", "'1 day 02:00'", "'-1 year -3 days'", "'24:00'"),
    _type("money", "'12.5'", "'-1'", "'1234567.89'"),
    _type("inet", "'10.0.0.1'", "'10.0.0.0/8'", "'9.0.0.1'", "'::1'"),
    _type("cidr", "'10.0.0.0/8'", "'::/0'"),
    _type("macaddr", "'08:00:2b:01:02:03'", "'00:00:00:00:00:01'"),
    _type("int4range", "'[1,5)'", "'empty'", "'[,3)'"),
    _type("numrange", "'[1.50,5)'", "'[1.5,5)'"),
    _type("tstzrange", "'[2024-01-01 00:00+02,)'", "'empty'"),
    _type("daterange", "'[2024-01-01,2024-02-01)'", "'empty'"),
    _type("int4multirange", "'{[1,2),[5,9)}'", "'{}'"),
    _type("bit(3)", "'101'", "'000'"),
    _type("varbit", "'101'", "'1'", "''"),
    _type("time with time zone", "'12:00:00+02'", "'10:00:00+00'", "'11:00:00+00'"),
    _type("time(0)", "'12:00:00'", "'24:00:00'"),
    _type("timestamp", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'294276-01-01'"),
    _type("timestamptz", "'infinity'", "'0001-01-01 00:00+02'", "'2024-03-31 02:30:00.5+02'"),
    _type("ltree", "'a.b'", "'a'", "'b'", before=_LTREE),
    _type("pg_lsn", "'0/1'", "'16/B374D848'"),
    _type("tsquery", "'a & b'", "'c'"),
    _type("box", "'(1,1),(0,0)'", "'(2,2),(1,1)'"),
    _type("oid", "1", "4294967295"),
    _type("regclass", "'pg_class'", "'pg_type'"),
    _type("xid8", "'1'", "'7'"),
    _type("jsonpath", "'$.a'", "'$.b'"),
    _type("json", """'{"a": 1, "b": [ ]}'""", "'1.50'", "'[1 , 2]'", "'null'", "'{\"a\":1}'"),
    _type("jsonb", """'{"a": 1, "b": []}'""", "'1.50'", "'1.5'", "'null'", "'[1, 2]'"),
]
