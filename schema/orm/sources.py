"""What querysets read rows from: tables, or in their place what a role sees of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.db.models.sql.datastructures import BaseTable

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.types import Table
from dynamic_databases.models_factory.factory import ModelSet
from schema.orm.pieces import bound
from schema.plan.nodes import MaskedTable
from schema.sql.compile_reads import dialect_of
from schema.sql.where import source_to_sql


class _Subquery(BaseTable):
    """A subquery in place of a table: its SQL and values."""

    def __init__(
        self, table_name: str, table_alias: str | None, *, text: str, values: Sequence[Any]
    ) -> None:
        super().__init__(table_name, table_alias)
        self._text, self._values = text, values

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # noqa: ARG002
        alias = compiler.quote_name_unless_alias(self.table_alias)
        return f"{self._text} {alias}", list(self._values)

    def relabeled_clone(self, change_map: dict[str | None, str]) -> _Subquery:
        alias = change_map.get(self.table_alias, self.table_alias)
        return type(self)(self.table_name, alias, text=self._text, values=self._values)


def rows_of(
    table: Table, models: ModelSet, alias: Alias, variables: Mapping[str, Any]
) -> QuerySet[Any]:
    """Return all rows of a table, as the role sees them."""
    rows: QuerySet[Any] = models.models[table.name]._base_manager.using(alias)
    if isinstance(table, MaskedTable):
        vendor = models.catalog.vendor
        piece = source_to_sql(table, dialect_of(vendor))
        text, values = bound(piece, variables, vendor)
        # Django asks it for the table at the start of FROM, which the subquery takes the place of.
        source = partial(_Subquery, text=text, values=values)
        rows.query.base_table_class = source  # type: ignore[assignment]  # it is called alike
    return rows


def rows_like(query: QuerySet[Any]) -> QuerySet[Any]:
    """Return all rows of what a queryset reads from."""
    rows: QuerySet[Any] = query.model._base_manager.using(query.db)
    rows.query.base_table_class = query.query.base_table_class
    return rows
