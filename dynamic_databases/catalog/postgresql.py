"""PostgreSQL: its catalog in a few queries, its types, its change token."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from dynamic_databases.catalog import postgresql_support
from dynamic_databases.catalog.assemble import RawCatalog
from dynamic_databases.catalog.postgresql_support import TypeSupport
from dynamic_databases.catalog.postgresql_views import view_keys
from dynamic_databases.catalog.types import (
    Column,
    ForeignKey,
    Kind,
    SqlType,
    Support,
    Table,
    TableName,
    UniqueKey,
)

VENDOR = "postgresql"
CHANGE_QUERY = """
SELECT concat_ws(':',
  (SELECT concat_ws(',', count(*), max(oid::bigint), sum(xmin::text::bigint)) FROM pg_class
    WHERE oid >= 16384),
  (SELECT concat_ws(',', count(*), sum(xmin::text::bigint)) FROM pg_attribute
    WHERE attrelid >= 16384),
  (SELECT concat_ws(',', count(*), sum(xmin::text::bigint)) FROM pg_constraint WHERE oid >= 16384),
  (SELECT concat_ws(',', count(*), sum(xmin::text::bigint)) FROM pg_rewrite WHERE oid >= 16384),
  (SELECT concat_ws(',', count(*), sum(xmin::text::bigint)) FROM pg_enum))
"""

_TABLES = """
SELECT c.oid, CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname END, c.relname,
       c.relkind IN ('v', 'm'), coalesce(obj_description(c.oid, 'pg_class'), ''),
       c.relkind IN ('p', 'f') OR c.relhassubclass OR c.relhasrules OR c.relrowsecurity
       OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
       CASE WHEN c.relkind = 'v' AND NOT EXISTS  -- a rule doesn't tell what it did
         (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1')
       THEN pg_relation_is_updatable(c.oid, true) ELSE 0 END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
"""
_COLUMNS = """
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,
  format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid),
       coalesce(col_description(a.attrelid, a.attnum), ''),
       c.relkind = 'v' AND NOT pg_column_is_updatable(c.oid, a.attnum, false) AND NOT EXISTS
         (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & 64 > 0),  -- INSTEAD OF
       coalesce(l.collisdeterministic, true)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ANY(%s)
  AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attrelid, a.attnum
"""
_TYPES = """
SELECT t.oid, t.typname, t.typtype::text, t.typcategory::text, t.typelem, t.typbasetype,
  t.typtypmod,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
         WHERE e.enumtypid = t.oid), t.typnotnull, format_type(t.oid, NULL)
FROM pg_type t WHERE t.typtype IN ('b', 'e', 'd', 'r', 'm')
"""
_KEYS = """
SELECT 'f' AS kind, k.conname, k.conrelid, k.conkey::int[], k.confrelid, k.confkey::int[]
  FROM pg_constraint k
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY(%(oids)s)
UNION ALL
SELECT CASE WHEN i.indisprimary THEN 'p' ELSE 'u' END, x.relname, i.indrelid,
       (i.indkey::int2[]::int[])[0:i.indnkeyatts - 1],
         CASE WHEN i.indimmediate THEN NULL ELSE 1 END, NULL
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND i.indrelid = ANY(%(oids)s)
"""

# The bits of pg_relation_is_updatable: those of a command's number (nodes.h, CmdType).
_VIEW_WRITES = {"insert": 1 << 3, "update": 1 << 2, "delete": 1 << 4}
_KINDS = {
    "bool": Kind.BOOLEAN,
    "int2": Kind.INTEGER,
    "int4": Kind.INTEGER,
    "int8": Kind.BIGINT,
    "numeric": Kind.DECIMAL,
    "money": Kind.DECIMAL,
    "float4": Kind.FLOAT,
    "float8": Kind.FLOAT,
    "text": Kind.TEXT,
    "varchar": Kind.TEXT,
    "bpchar": Kind.TEXT,
    "citext": Kind.TEXT,
    "name": Kind.TEXT,
    "bytea": Kind.BINARY,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "timestamp": Kind.LOCAL_DATETIME,
    "timestamptz": Kind.DATETIME,
    "interval": Kind.DURATION,
    "uuid": Kind.UUID,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
}
# Of texts with a collation that isn't deterministic (PostgreSQL manual, 24.2.2.4).
_WITHOUT_PATTERNS = (Support.EQUALITY, Support.ORDER)
# Kinds that are compared, sorted and aggregated alike on every vendor.
_KNOWN = frozenset(Kind) - {
    *(Kind.BINARY, Kind.DURATION, Kind.UUID, Kind.JSON, Kind.ENUM, Kind.ARRAY, Kind.OTHER)
}


@dataclass(frozen=True)
class _PgType:
    """A row of pg_type."""

    name: str
    typtype: str
    category: str
    element: int
    base: int
    base_modifier: int
    labels: list[str] | None
    not_null: bool
    spelled: str  # with its schema where that isn't on the search path, without a length


def read(cursor: Any) -> RawCatalog:
    raw = RawCatalog(VENDOR)
    table_of: dict[int, TableName] = {}
    for oid, schema, name, is_view, comment, triggers, taken in cursor.execute(_TABLES).fetchall():
        table = table_of[oid] = TableName(schema, name)
        writes = tuple(write for write, bit in _VIEW_WRITES.items() if taken & bit)
        raw.tables[table] = Table(
            table,
            (),
            is_view=is_view,
            comment=comment,
            has_triggers=bool(writes) or (triggers and not is_view),
            view_writes=writes,
        )
    types = {row[0]: _PgType(*row[1:]) for row in cursor.execute(_TYPES).fetchall()}
    support = TypeSupport.of_rows(cursor.execute(postgresql_support.QUERY).fetchall())
    meaning = cache(partial(sql_type, types=types, support=support))
    names: dict[tuple[int, int], str] = {}
    for row in cursor.execute(_COLUMNS, [list(table_of)]).fetchall():
        names[row[0], row[1]] = row[2]
        raw.columns[table_of[row[0]]].append(_column(row, types, meaning))
    for row in cursor.execute(_KEYS, {"oids": list(table_of)}).fetchall():
        _add_key(raw, row, table_of, names)
    for oid, numbers in view_keys(cursor, [o for o, t in table_of.items() if _is_plain(raw, t)]):
        if all((oid, number) in names for number in numbers):
            raw.primary_keys[table_of[oid]] = tuple(names[oid, number] for number in numbers)
    return raw


def _is_plain(raw: RawCatalog, name: TableName) -> bool:
    """Return whether this is a view that the server may be able to update."""
    return bool(raw.tables[name].view_writes)


def _column(
    row: tuple[Any, ...], types: dict[int, _PgType], meaning: Callable[[int, int, str], SqlType]
) -> Column:
    _, _, name, type_oid, modifier, type_name, not_null, identity, generated, *rest = row
    default, comment, is_computed, is_deterministic = rest
    sql_type = meaning(type_oid, modifier, type_name)
    if not is_deterministic and sql_type.kind is Kind.TEXT:
        sql_type = replace(sql_type, supports=_WITHOUT_PATTERNS)
    return Column(
        name,
        sql_type,
        nullable=not (not_null or types[type_oid].not_null if type_oid in types else not_null),
        default=None if generated else default,
        # GENERATED ALWAYS AS IDENTITY takes no value, nor does an expression of a view.
        generated=bool(generated) or identity == "a" or is_computed,
        identity=bool(identity) or bool(default and default.startswith("nextval(")),
        comment=comment,
    )


def _add_key(
    raw: RawCatalog,
    row: tuple[Any, ...],
    table_of: dict[int, TableName],
    names: dict[tuple[int, int], str],
) -> None:
    kind, name, oid, numbers, target_oid, target_numbers = row
    table = table_of[oid]
    columns = tuple(names.get((oid, number), "") for number in numbers)
    if kind == "p":
        raw.primary_keys[table] = columns
    elif kind == "u":
        raw.unique_keys[table].append(UniqueKey(name, columns))
    if (
        kind != "f" and target_oid is not None
    ):  # a DEFERRABLE one, which an INSERT can't conflict on
        raw.tables[table] = replace(
            raw.tables[table], deferrable_keys=(*raw.tables[table].deferrable_keys, columns)
        )
    if kind != "f":
        return
    if target_oid in table_of:
        targets = tuple(names.get((target_oid, number), "") for number in target_numbers)
        raw.foreign_keys[table].append(ForeignKey(name, columns, table_of[target_oid], targets))


def sql_type(
    oid: int, modifier: int, spelled: str, types: dict[int, _PgType], support: TypeSupport
) -> SqlType:
    """Return a type's meaning: domains count as their base type, arrays by their element."""
    row = types.get(oid)
    if row is None:
        return _of(Kind.OTHER, spelled, _of_composite(oid, types, support))
    if row.typtype == "d":
        below = types[row.base].spelled if row.base in types else spelled
        modifier = modifier if modifier >= 0 else row.base_modifier
        base = sql_type(row.base, modifier, below, types, support)
        return replace(base, name=spelled, base=base.plain)
    if row.category == "A" and row.element:
        element = sql_type(row.element, modifier, spelled.removesuffix("[]"), types, support)
        if element.kind is Kind.ARRAY:
            return SqlType(Kind.OTHER, spelled)
        return replace(
            _of(Kind.ARRAY, spelled, element.supported - {Support.EXTREMES}), element=element
        )
    found = support.of_base(oid, row.typtype)
    if row.typtype == "e":
        labels = tuple(row.labels or ())
        return replace(_of(Kind.ENUM, spelled, found), labels=labels, enum=row.name)
    kind = kind_of(row.name)
    precision = _precision(modifier) if row.name == "numeric" else (None, None)
    plain = replace(_of(kind, spelled, found), precision=precision[0], scale=precision[1])
    return replace(plain, operators=support.operators(oid)) if kind is Kind.OTHER else plain


def kind_of(name: str) -> Kind:
    """Return the family of a type by its name in pg_type: `int4`, `varchar`."""
    return _KINDS.get(name, Kind.OTHER)


def _of(kind: Kind, spelled: str, found: AbstractSet[Support]) -> SqlType:
    """Return a type with what the server says of it, where its kind doesn't say just that."""
    plain = SqlType(kind, spelled)
    if kind in _KNOWN or found == plain.supported:
        return plain
    return replace(plain, supports=tuple(sorted(found)))


def _of_composite(
    oid: int, types: dict[int, _PgType], support: TypeSupport
) -> AbstractSet[Support]:
    """Return what all attributes of a composite support; rows of tables aren't compared."""
    attributes = support.attributes(oid)
    if attributes is None:
        return frozenset()
    own = [sql_type(attribute, -1, "", types, support).supported for attribute in attributes]
    return frozenset({Support.EQUALITY, Support.ORDER}).intersection(*own)


def _precision(modifier: int) -> tuple[int | None, int | None]:
    """numeric's modifier is ((precision << 16) | scale) + 4, the scale with 11 bits and a sign."""
    if modifier < 4:
        return None, None
    scale = (modifier - 4) & 0x7FF
    return ((modifier - 4) >> 16) & 0xFFFF, scale - 0x800 if scale >= 0x400 else scale
