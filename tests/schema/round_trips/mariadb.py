"""MariaDB's column types, with what strict mode refuses and old databases hold all the same."""

from __future__ import annotations

from tests.fixtures.vendors import MARIADB
from tests.schema.round_trips import literals as of
from tests.schema.round_trips.columns import ColumnType, documented

_MORE = {
    "TINYINT": of.whole(-128, 127),
    "SMALLINT UNSIGNED": of.whole(0, 65535),
    "MEDIUMINT": of.whole(-(2**23), 2**23 - 1),
    "INT": of.whole(-(2**31), 2**31 - 1),
    "INT UNSIGNED": of.whole(0, 2**32 - 1),
    "BIGINT": of.whole(-(2**63), 2**63 - 1),
    "BIGINT UNSIGNED": of.whole(0, 2**64 - 1),
    "YEAR": of.whole(1901, 2155),
    "DECIMAL(38,20)": of.decimals(38, 20),
    "FLOAT": of.singles(),
    "DOUBLE": of.doubles(),
    "CHAR(4)": of.escaped_texts(4),
    "VARCHAR(40)": of.escaped_texts(),
    "LONGTEXT": of.escaped_texts(),
    "VARBINARY(10)": of.binaries(),
    "LONGBLOB": of.binaries(),
    "DATE": of.dates(),
    "TIME(6)": of.times(),
    "DATETIME(6)": of.moments(),
    "TIMESTAMP(6) NULL": of.moments("1970-01-02", "2037-12-31"),
    "UUID": of.uuids(),
}
_BITS = ("b'0'", "b'1'", "b'101'", "b'111111111'")


def _type(name: str, *values: str, more: of.Literals | None = None) -> ColumnType:
    return ColumnType(MARIADB, name, values, more)


COLUMNS = [
    *documented("mariadb", _MORE),
    _type("TINYINT(1)", "0", "1", "5", "-1"),
    _type("TINYINT UNSIGNED", "0", "255"),
    _type("INT(6) ZEROFILL", "7", "1234567", "0"),
    _type("BIGINT(20) ZEROFILL", "7", "18446744073709551615"),
    _type("DECIMAL(8,2) ZEROFILL", "7", "12.5", "0.01"),
    _type("DECIMAL(8,2)", "7", "-12.5", "0", "999999.99"),
    _type("DECIMAL(8,0)", "7", "-12"),
    _type("DOUBLE ZEROFILL", "7", "12.5", "1e20"),
    _type("FLOAT ZEROFILL", "7", "12.5", "1/3"),
    _type("FLOAT", "0.1", "0.2", "1/3", "2/3", "16777217", "1e-30", "3.4e38", "-0.5", "0"),
    _type("FLOAT(8,3)", "0.1", "123.456", "1/3"),
    _type("FLOAT UNSIGNED", "0.1", "1/3"),
    _type("DOUBLE(8,3)", "12345.678", "-30.298", "-30.2980001", "-0.422", "0.1"),
    _type("REAL", "0.1", "1/3", "1e300"),
    _type("YEAR", "0", "2024", "1901", "2155"),
    _type("BIT(5)", "b'101'", "b'0'", "b'11111'"),
    _type("BIT(64)", *_BITS, "0xffffffffffffffff"),
    _type("ENUM('true','false','a b')", "'true'", "'false'", "'a b'"),
    _type("ENUM('z','a','ä') COLLATE utf8mb4_bin", "'z'", "'a'", "'ä'"),
    _type("ENUM('a','b')", "'a'", "'b'", "'no label'"),
    _type("SET('z','a')", "'a'", "'z'", "'z,a'", "''"),
    _type("VARCHAR(9) COLLATE utf8mb4_general_ci", "'a'", "'A'", "'ä'", "'Ä'", "'b'", "'a '"),
    _type("VARCHAR(9) COLLATE utf8mb4_unicode_ci", "'a'", "'A'", "'ß'", "'ss'", "'b'"),
    _type("VARCHAR(9) COLLATE utf8mb4_bin", "'a'", "'A'", "'a '", more=of.escaped_texts(9)),
    _type("VARCHAR(9) COLLATE utf8mb4_nopad_bin", "'a'", "'a '", more=of.escaped_texts(9)),
    _type("VARCHAR(9) CHARACTER SET latin1", "'e'", "'é'", "'E'", "'ss'", "'ß'"),
    _type("VARCHAR(9) CHARACTER SET ucs2", "'e'", "'é'", "'E'"),
    _type("CHAR(4) COLLATE utf8mb4_nopad_bin", "'a'", "'b '"),
    _type("TINYTEXT", "'a'", "'A'", "''"),
    _type("MEDIUMTEXT", "'a'", "'A'", "''"),
    _type("BINARY(4)", "x'00'", "x'0000'", "x'ff00ff'", "''"),
    _type("BLOB", "x'00ff'", "''", "'text'"),
    _type("DATE", "'0000-00-00'", "'2024-00-00'", "'2024-02-00'", "'2024-02-29'", "'1000-01-01'"),
    _type("TIME", "'-10:00:00'", "'00:00:00'", "'23:59:59'", "'24:00:00'", "'838:59:59'"),
    _type("TIME(3)", "'00:00:00.125'", "'12:00:00'", "'-00:00:00.5'"),
    _type("DATETIME", "'0000-00-00 00:00:00'", "'2024-03-31 02:30:00'", "'2024-01-00 00:00:00'"),
    _type("DATETIME(2)", "'2024-03-31 02:30:00.25'", "'2024-03-31 02:30:00'"),
    _type("TIMESTAMP NULL", "'2024-03-31 02:30:00'", "'0000-00-00 00:00:00'"),
    _type("JSON", '\'{"b": 1, "a": [1 , 2]}\'', "'1.50'", "'1.5'", "'null'", "'{\"a\":1}'"),
    _type("INET6", "'::1'", "'::ffff:10.0.0.1'", "'fe80::1'"),
    _type("INET4", "'10.0.0.1'", "'9.0.0.1'"),
    _type("GEOMETRY", "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('LINESTRING(0 0,1 1)')"),
]
