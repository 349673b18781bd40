"""What rows must satisfy, and in which order they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from dynamic_databases.catalog.types import Column, Kind, SqlType, Table
from schema.plan.operands import Operand, VariableRef

# The variable of a row's key that a statement gave back; no variable of GraphQL can be called so.
RETURNED_KEY = "\0returned"
Link = tuple[Column, Column]  # (own column, their column)
_COUNT = SqlType(Kind.BIGINT, "bigint")


class Op(StrEnum):
    """Comparisons with an operand."""

    EQ = "_eq"
    NEQ = "_neq"
    GT = "_gt"
    GTE = "_gte"
    LT = "_lt"
    LTE = "_lte"
    IN = "_in"
    NIN = "_nin"
    LIKE = "_like"
    NLIKE = "_nlike"
    ILIKE = "_ilike"
    NILIKE = "_nilike"
    SIMILAR = "_similar"
    NSIMILAR = "_nsimilar"
    REGEX = "_regex"
    NREGEX = "_nregex"
    IREGEX = "_iregex"
    NIREGEX = "_niregex"
    CONTAINS = "_contains"
    CONTAINED_IN = "_containedIn"
    HAS_KEY = "_hasKey"
    HAS_KEYS_ANY = "_hasKeysAny"
    HAS_KEYS_ALL = "_hasKeysAll"
    OVERLAPS = "_overlaps"
    JSONB_PATH_EXISTS = "_jsonbPathExists"
    JSONB_PATH_MATCH = "_jsonbPathMatch"
    ANCESTOR = "_ancestor"
    ANCESTOR_ANY = "_ancestorAny"
    DESCENDANT = "_descendant"
    DESCENDANT_ANY = "_descendantAny"
    MATCHES = "_matches"
    MATCHES_ANY = "_matchesAny"
    MATCHES_FULLTEXT = "_matchesFulltext"


class Use(StrEnum):
    """What a slot's value is for; it decides how the value is bound."""

    VALUE = "value"
    LIST = "list"
    PATTERN = "pattern"  # of LIKE
    ICASE_PATTERN = "pattern without case"
    AS_ANSWERED = "as answered"  # spelled as the API answers it
    SPELLINGS = "spellings"  # all that may be stored for it
    JSON_PATH = "JSON path"  # in a document of the slot's type
    NEEDED_ARRAYS = "needed arrays"  # the paths of what a JSON path takes places of
    STORED = "stored"  # in a column that may not hold every text
    RAW = "raw"  # as the database itself gave it a moment ago
    ROWS = "rows"
    ROWS_AND_ONE = "rows and one"  # the one tells whether there are more
    COUNT = "count"  # rows that are counted, not answered: no maximum
    OFFSET = "offset"


class Function(StrEnum):
    """What an aggregate computes of a column's values."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"  # of a sample
    STDDEV_SAMP = "stddevSamp"
    STDDEV_POP = "stddevPop"  # of a whole population
    VARIANCE = "variance"  # of a sample
    VAR_SAMP = "varSamp"
    VAR_POP = "varPop"
    BOOL_AND = "boolAnd"
    BOOL_OR = "boolOr"

    @property
    def is_of_booleans(self) -> bool:
        return self in (Function.BOOL_AND, Function.BOOL_OR)

    @property
    def is_extreme(self) -> bool:
        """Return whether it computes one of the values: how often each is there means nothing."""
        return self.is_of_booleans or self in (Function.MIN, Function.MAX)

    @property
    def has_distinct(self) -> bool:
        """Return whether every vendor computes it of distinct values."""
        return self.is_extreme or self in (Function.SUM, Function.AVG)


# What an answer has, rows are ordered by and groups are filtered by: those of booleans aren't.
ANSWERED = tuple(function for function in Function if not function.is_of_booleans)


@dataclass(frozen=True)
class Slot:
    """A place of a statement that takes a value: where it comes from and what type it has."""

    operand: Operand
    type: SqlType
    use: Use = Use.VALUE


@dataclass(frozen=True)
class JsonCast:
    """A JSON document as a text, or as the number that it is; NULL where it is none."""

    column: Column
    type: SqlType
    nullable: bool = True


@dataclass(frozen=True)
class RelatedCount:
    """How many related rows satisfy `where` and have values in all of `columns`."""

    table: Table
    links: tuple[Link, ...]
    where: Where
    columns: tuple[Column, ...] = ()
    distinct: bool = False
    type: SqlType = _COUNT
    nullable: bool = False


@dataclass(frozen=True)
class RelatedAggregate:
    """A function of a column of the related rows that satisfy `where`.

    `type` is that of its answer, or of what it is compared with.
    """

    table: Table
    links: tuple[Link, ...]
    where: Where
    function: Function
    column: Column
    type: SqlType
    distinct: bool = False
    nullable: bool = True


@dataclass(frozen=True)
class GroupAggregate:
    """A function of a column of a group's rows; without a function their number."""

    function: Function | None
    column: Column | None
    type: SqlType = _COUNT
    nullable: bool = True


# What can be compared and ordered by.
Subject = Column | JsonCast | RelatedCount | RelatedAggregate | GroupAggregate


@dataclass(frozen=True)
class Compare:
    """Something against a value."""

    subject: Subject
    op: Op
    slot: Slot


@dataclass(frozen=True)
class IsNull:
    """Something is NULL, or is not."""

    subject: Subject
    negated: bool


@dataclass(frozen=True)
class Related:
    """Some row of another table, reached by `links`, satisfies `where`."""

    table: Table
    links: tuple[Link, ...]
    where: Where


@dataclass(frozen=True)
class AllOf:
    """Every part holds; of no part: always."""

    parts: tuple[Where, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """Some part holds; of no part: never."""

    parts: tuple[Where, ...] = ()


@dataclass(frozen=True)
class Unknown:
    """Neither true nor false: a comparison with a column that this database lacks."""


@dataclass(frozen=True)
class Beyond:
    """The row comes after the one whose order values the variable `name` holds (keyset paging).

    Negated: it doesn't, or that is unknown.
    """

    order: tuple[OrderTerm, ...]
    name: str
    negated: bool = False


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Where


@dataclass(frozen=True)
class Held:
    """A flag that an earlier statement gave back with the row's key is 1: the last is -1."""

    place: int

    @property
    def slot(self) -> Slot:
        return Slot(VariableRef(RETURNED_KEY, (self.place,)), _COUNT, Use.RAW)


Where = Compare | IsNull | Related | AllOf | AnyOf | Not | Unknown | Beyond | Held
EVERYTHING = AllOf()


def both(one: Where, other: Where) -> Where:
    """Return the condition that holds where both do."""
    if EVERYTHING in (one, other):
        return other if one == EVERYTHING else one
    return AllOf((one, other))


def either(conditions: Iterable[Where]) -> Where:
    """Return the condition that holds where one of some does; of none: never."""
    parts = tuple(dict.fromkeys(conditions))
    if EVERYTHING in parts:
        return EVERYTHING
    return parts[0] if len(parts) == 1 else AnyOf(parts)


@dataclass(frozen=True)
class Hop:
    """One step along a to-one relation, to a row that satisfies `where`."""

    table: Table
    links: tuple[Link, ...]
    where: Where = EVERYTHING


@dataclass(frozen=True)
class OrderTerm:
    """One order term, perhaps of a related row; nulls sort alike on every vendor."""

    hops: tuple[Hop, ...]
    subject: Subject
    descending: bool
    nulls_first: bool

    @property
    def nullable(self) -> bool:
        return bool(self.hops) or self.subject.nullable
