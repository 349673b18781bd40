"""Order values and cursors in ORM execution: the same texts of the dialect, inside Django's.

Both executions give and take the same cursors, so they spell them by the same SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import BooleanField, F, Field, Func

from dynamic_databases.dynamic_model import DynamicSchemaModel
from schema.orm.expressions import Condition
from schema.orm.pieces import bound
from schema.plan.nodes import Beyond, OrderTerm
from schema.sql.compile_reads import dialect_of
from schema.sql.statement import Sql, sql
from schema.sql.where import Aliases, beyond_to_sql, order_to_sql, order_type

_ALIASES = "g"  # Django's own aliases don't begin so


class OrderValueOf(Func):
    """What a row is ordered by, as a cursor keeps it; `attribute` is any of the row's table."""

    def __init__(
        self, attribute: str, term: OrderTerm, variables: Mapping[str, Any], vendor: str
    ) -> None:
        super().__init__(F(attribute), output_field=Field())
        self._term = term
        self._variables = variables
        self._vendor = vendor

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._term!r})"

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        dialect = dialect_of(self._vendor)
        own = order_to_sql(self._term, _table(self, compiler), dialect, Aliases(prefix=_ALIASES))
        template = dialect.key_in_json("{0}", order_type(self._term, dialect))
        piece = Sql(template.replace("{0}", own.text), own.slots * template.count("{0}"))
        return bound(piece, self._variables, self._vendor)


class BeyondCursor(Condition):
    """The condition of the rows beyond a cursor, whose order values are in the variables."""

    def __init__(
        self, attribute: str, where: Beyond, variables: Mapping[str, Any], vendor: str
    ) -> None:
        super().__init__(F(attribute), output_field=BooleanField())
        self._where = where
        self._variables = variables
        self._vendor = vendor

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        table, aliases = _table(self, compiler), Aliases(prefix=_ALIASES)
        piece = beyond_to_sql(self._where, table, dialect_of(self._vendor), aliases)
        return bound(sql("({})", piece), self._variables, self._vendor)


def any_attribute(model: type[DynamicSchemaModel]) -> str:
    """Return an attribute of a model, by which its table is found in a statement."""
    return next(iter(model.attribute_of_column.values()))


def _table(expression: Func, compiler: Any) -> str:
    """Return the quoted alias of the table that the expression's attribute is of."""
    (column,) = expression.get_source_expressions()
    quoted: str = compiler.quote_name_unless_alias(column.alias)
    return quoted
