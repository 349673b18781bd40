"""What a role may see and do, per table and column: a plain value, part of a schema's key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

EVERY = "*"
# Where tables without a schema's name are, by vendor: catalogs leave it out.
_DEFAULT_SCHEMAS = ("public.", "dbo.", "main.")


@dataclass(frozen=True)
class RowRules:
    """Which rows an operation may touch, as the role says it: JSON texts, empty for no rule.

    A rule is a BoolExp in the API's own names. Presets are an object of a value per column. `limit`
    is the number of rows that a list has at most.
    """

    select_rows: str = ""
    limit: int | None = None
    aggregate: bool = True
    insert_check: str = ""
    insert_presets: str = ""
    update_rows: str = ""
    update_check: str = ""
    update_presets: str = ""
    delete_rows: str = ""

    def within(self, other: RowRules) -> RowRules:
        """Return rules that hold where both do."""
        limits = [one.limit for one in (self, other) if one.limit is not None]
        texts = {
            one.name: _all_of(getattr(self, one.name), getattr(other, one.name))
            for one in fields(self)
            if one.name not in ("limit", "aggregate")
        }
        return RowRules(
            limit=min(limits, default=None),
            aggregate=self.aggregate and other.aggregate,
            **texts,
        )


NO_RULE = ""
NO_RULES = RowRules()


@dataclass(frozen=True)
class TableAccess:
    """The columns that each operation may touch (`{"*"}` for all; None: not permitted).

    With `takes_fields` the table and its columns may go by the names that the API gives them.
    `roles` are those of a union, each with rules of its own; one role alone has none.
    """

    select: frozenset[str] | None = None
    insert: frozenset[str] | None = None
    update: frozenset[str] | None = None
    delete: bool = False
    rules: RowRules = NO_RULES
    takes_fields: bool = False
    roles: tuple[TableAccess, ...] = ()

    @property
    def each_role(self) -> tuple[TableAccess, ...]:
        return self.roles or (self,)

    def cell_rules(self, columns: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return the columns that are NULL in some rows, with the rules of the rows that show them.

        A cell is seen if one role gives both its row and its column.
        """
        readers = [one for one in self.roles if one.select is not None]
        of_rows = _row_rules(readers)
        found = {}
        for column in columns:
            own = _row_rules(one for one in readers if permitted(one.select, (column,)))
            if own and own != of_rows and NO_RULE not in own:
                found[column] = own
        return found

    def in_columns(self, field_of: Mapping[str, str]) -> TableAccess:
        """Return the same with the database's names; `field_of` has the fields by column.

        A name that means two columns permits neither.
        """
        if self.roles:
            return united(one.in_columns(field_of) for one in self.roles)
        if not self.takes_fields:
            return self
        ambiguous = ambiguous_names(field_of)
        column_of = {field: column for column, field in field_of.items()}
        column_of |= {column: column for column in field_of}

        def named(names: frozenset[str] | None) -> frozenset[str] | None:
            return names and frozenset(column_of.get(name, name) for name in names - ambiguous)

        return replace(
            self, select=named(self.select), insert=named(self.insert), update=named(self.update)
        )

    def within(self, other: TableAccess) -> TableAccess:
        """Return what both permit."""
        return TableAccess(
            _both(self.select, other.select),
            _both(self.insert, other.insert),
            _both(self.update, other.update),
            self.delete and other.delete,
            self.rules.within(other.rules),
            self.takes_fields or other.takes_fields,
        )


@dataclass(frozen=True)
class Access:
    """Per table name (`*` for those not named); hashable, and hashed once: it is part of keys.

    A name that is spelled otherwise than the table's, in its case or with the default schema, was
    meant for it: it limits what `*` permits, and permits nothing by itself. So does a name that
    means two tables: the one that the database calls so, and the one that the API calls so.

    `inherits` are other roles, each alone: what one of them permits is permitted.
    """

    tables: frozenset[tuple[str, TableAccess]]
    inherits: tuple[Access, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.tables, self.inherits))

    def of(
        self, table: str, field: str = "", ambiguous: Collection[str] = frozenset()
    ) -> TableAccess:
        """Return what may be done with a table, which the API calls `field`.

        `ambiguous` are names that mean two tables, where the API's names count as well.
        """
        own = self._of_own(table, field, ambiguous)
        if not self.inherits:
            return own
        return united([own, *(one.of(table, field, ambiguous) for one in self.inherits)])

    def _of_own(self, table: str, field: str, ambiguous: Collection[str]) -> TableAccess:
        by_name = self._by_name
        by_field = by_name.get(field)
        if by_field is not None and not by_field.takes_fields:
            by_field = None
        own = by_name.get(table)
        if own is not None and not (own.takes_fields and table in ambiguous):
            return own
        if by_field is not None and field not in ambiguous:
            return by_field
        found = by_name.get(EVERY, TableAccess())
        for limit in (*self._by_folded_name.get(_folded(table), ()), *filter(None, [by_field])):
            found = found.within(limit)
        return found

    @cached_property
    def has_rules(self) -> bool:
        """Return whether plans need rules: of rows, or of several roles."""
        return bool(self.inherits) or any(one.rules != NO_RULES for _, one in self.tables)

    def without(self, tables: Iterable[str]) -> Access:
        """Return the same with nothing permitted on these tables."""
        refused = frozenset(tables)
        kept = frozenset((name, access) for name, access in self.tables if name not in refused)
        return Access(
            kept | {(name, TableAccess()) for name in refused},
            tuple(one.without(refused) for one in self.inherits),
        )

    @cached_property
    def _by_name(self) -> Mapping[str, TableAccess]:
        return dict(self.tables)

    @cached_property
    def _by_folded_name(self) -> Mapping[str, Sequence[TableAccess]]:
        folded: dict[str, list[TableAccess]] = {}
        for name, access in self.tables:
            folded.setdefault(_folded(name), []).append(access)
        return folded


def united(roles: Iterable[TableAccess]) -> TableAccess:
    """Return what any of several roles permits; each keeps its rules."""
    nothing = (TableAccess(), TableAccess(takes_fields=True))
    each = tuple(dict.fromkeys(one for one in roles if one not in nothing))
    if len(each) < 2:
        return each[0] if each else TableAccess()
    limits = [one.rules.limit for one in each if one.select is not None]
    return TableAccess(
        _any_columns(one.select for one in each),
        _any_columns(one.insert for one in each),
        _any_columns(one.update for one in each),
        any(one.delete for one in each),
        RowRules(
            limit=None if None in limits else max(filter(None, limits), default=None),
            aggregate=any(one.rules.aggregate for one in each if one.select is not None),
        ),
        roles=each,
    )


_ALL = frozenset({EVERY})
FULL_ACCESS = Access(frozenset({(EVERY, TableAccess(_ALL, _ALL, _ALL, delete=True))}))


def ambiguous_names(names: Mapping[str, str]) -> frozenset[str]:
    """Return names of the API that the database has for something else; `names` are by its own."""
    return frozenset(name for own, name in names.items() if name != own and name in names)


def permitted(columns: frozenset[str] | None, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that `columns` permits."""
    if columns is None:
        return frozenset()
    return frozenset(names) if EVERY in columns else columns & frozenset(names)


def _row_rules(roles: Iterable[TableAccess]) -> frozenset[str]:
    return frozenset(one.rules.select_rows for one in roles)


def _any_columns(given: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    found = [columns for columns in given if columns is not None]
    return frozenset().union(*found) if found else None


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return None
    if EVERY in one:
        return other
    return one if EVERY in other else one & other


def _all_of(one: str, other: str) -> str:
    """Return a rule that holds where both do; two different presets make one that is refused."""
    if not one or not other or one == other:
        return one or other
    return f'{{"_and":[{one},{other}]}}'


def _folded(name: str) -> str:
    folded = name.casefold()
    schema = next((one for one in _DEFAULT_SCHEMAS if folded.startswith(one)), "")
    return folded.removeprefix(schema)
