"""Which of PostgreSQL's types can be compared and sorted, read from the server's own tables.

A type is sorted by its default B-tree operator class, and compared by that or by one for hashes
(PostgreSQL manual, §11.10); types that take another's operators are binary coercible to it. That
the operators have their usual names isn't so of each type (`hstore` is sorted by `#<#`), nor that
`=` has its opposite.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dynamic_databases.catalog.types import Support

QUERY = """
SELECT a.amname, o.opcintype, 0::oid,
       CASE WHEN pg_operator_is_visible(p.amopopr) THEN '' ELSE quote_ident(n.nspname) END
FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod
JOIN pg_amop p ON p.amopfamily = o.opcfamily AND p.amoplefttype = o.opcintype
  AND p.amoprighttype = o.opcintype AND p.amopstrategy = 1
JOIN pg_operator r ON r.oid = p.amopopr JOIN pg_namespace n ON n.oid = r.oprnamespace
WHERE o.opcdefault AND (a.amname, r.oprname) IN (('btree', '<'), ('hash', '='))
  AND r.oprnegate <> 0
UNION ALL
SELECT 'coercible', c.castsource, c.casttarget, '' FROM pg_cast c
WHERE c.castmethod = 'b' AND c.castcontext = 'i'
UNION ALL
SELECT 'max', p.proargtypes[0], 0, '' FROM pg_proc p
WHERE p.proname = 'max' AND p.prokind = 'a' AND p.pronargs = 1 AND pg_function_is_visible(p.oid)
UNION ALL
SELECT 'attribute', t.oid, a.atttypid, '' FROM pg_type t
JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname <> 'information_schema'
"""
_ORDERED = frozenset({Support.EQUALITY, Support.ORDER})
_ENUM, _RANGES = "e", ("r", "m")


@dataclass
class TypeSupport:
    """The rows of QUERY, by the oids of types."""

    _own: dict[int, set[Support]] = field(default_factory=lambda: defaultdict(set))
    _operators: dict[int, str] = field(default_factory=dict)
    _coercible: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _attributes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[Any, ...]]) -> TypeSupport:
        found = cls()
        for what, oid, other, schema in rows:
            if what == "coercible":
                found._coercible[oid].append(other)
            elif what == "attribute":
                found._attributes[oid].append(other)
            elif what == "max":
                found._own[oid].add(Support.EXTREMES)
            else:
                found._own[oid] |= _ORDERED if what == "btree" else {Support.EQUALITY}
                found._operators[oid] = schema
        return found

    def of_base(self, oid: int, typtype: str) -> frozenset[Support]:
        """Return what a type supports that is neither a domain, an array nor a composite."""
        if typtype == _ENUM:
            return _ORDERED | {Support.EXTREMES}
        if typtype in _RANGES:
            return _ORDERED  # a range needs a type with an order
        return frozenset(self._own[self._compared_as(oid)] | self._own[oid])

    def operators(self, oid: int) -> str:
        """Return the schema of a type's operators, quoted; empty on the search path."""
        return self._operators.get(self._compared_as(oid), "")

    def attributes(self, oid: int) -> list[int] | None:
        """Return the types of a composite's attributes; None for any other type."""
        return self._attributes.get(oid)

    def _compared_as(self, oid: int) -> int:
        """Return the type whose operators are taken: its own, or one that it is coercible to."""
        others = (other for other in self._coercible.get(oid, ()) if other in self._operators)
        return oid if oid in self._operators else next(others, oid)
