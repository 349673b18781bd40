"""Queries of bound models take nothing of another database than their own."""

from __future__ import annotations

from typing import Any, cast

from django.db.models.sql import Query

_OTHER_DATABASE = (
    "Subqueries aren't allowed across different databases. Force the inner query to be evaluated "
    "using `list(inner_query)`."
)


class BoundQuery(Query):
    """Of a bound model, which says the database where no `using` does."""

    def resolve_expression(self, query: Query, *args: Any, **options: Any) -> Any:  # type: ignore[override]  # the rest is Django's affair
        """Become a part of another query. Raises ValueError where that is of another database."""
        if are_apart(query.model, self.model):
            raise ValueError(_OTHER_DATABASE)
        return super().resolve_expression(query, *args, **options)

    def check_query_object_type(self, value: Any, opts: Any, field: Any) -> None:
        """Raises ValueError for a row of another database: its key means another row here."""
        super().check_query_object_type(value, opts, field)
        if are_apart(self.model, type(value)):
            raise ValueError(
                f'Cannot query "{value}": it is of {type(value).database_alias}, and the query of '
                f"{cast('Any', self.model).database_alias}."
            )


def are_apart(one: Any, other: Any) -> bool:
    """Return whether two models are bound to different databases."""
    first, second = (getattr(model, "database_alias", None) for model in (one, other))
    return first is not None and second is not None and first != second
