"""The largest or smallest text of a column on SQLite, read by the key of its row.

SQLite holds three copies of such a text while it finds it: the text itself is read afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Max, Min, QuerySet

from dynamic_databases.catalog.types import Kind, SqlType
from schema.answer_size import AnswerMeter
from schema.orm.expressions import ungrouped
from schema.orm.rows import rows_with_keys
from schema.orm.sizes import Sizes
from schema.orm.texts import as_bytes, text_of


def is_extreme(value: Any, sql_type: SqlType) -> bool:
    """Return whether an aggregate is one that `read_extreme` reads."""
    return isinstance(value, Max | Min) and sql_type.kind is Kind.TEXT


def find_extreme(
    query: QuerySet[Any], value: Max | Min, key: Mapping[str, SqlType], sizes: Sizes
) -> QuerySet[Any]:
    """Return the query of the largest or smallest text's bytes, once it is known where that is.

    `key` has the attributes of the table's key. Raises AnswerTooLarge.
    """
    # In a query with max() or min() a column has its value of the row that was found
    # (https://sqlite.org/lang_select.html#bareagg).
    own = {f"gateway_key_{i}": F(attribute) for i, attribute in enumerate(key)}
    size = sizes.of(ungrouped(value))
    (row,) = query.order_by().annotate(gateway_size=size, **own).values(*own, "gateway_size")
    sizes.meter.add(row["gateway_size"])
    (attribute,) = value.get_source_expressions()[:1]
    chosen = rows_with_keys(query, tuple(key), [tuple(row[name] for name in own)])
    texts = chosen.annotate(gateway_text=as_bytes(attribute))
    found: QuerySet[Any] = texts.values_list("gateway_text", flat=True)
    return found


def read_extreme(found: QuerySet[Any], made: AnswerMeter) -> Any:
    """Return the text for orjson, its JSON counted. Raises AnswerTooLarge."""
    data = found.first()
    return None if data is None else text_of(data, made)
