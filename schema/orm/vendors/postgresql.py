"""PostgreSQL in ORM execution."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, TextField, Value
from django.db.models.functions import Cast

from schema.orm.expressions import Binary
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import Op
from schema.sql import postgresql_values

_KEYS = {Op.HAS_KEY: "?", Op.HAS_KEYS_ANY: "?|", Op.HAS_KEYS_ALL: "?&"}


class PostgresqlOrm(OrmVendor):
    """Operators of its own for JSON documents."""

    float_functions = postgresql_values.OF_FLOATS
    json_casts = postgresql_values.JSON_CASTS

    def has_keys(self, subject: Any, op: Op, value: Any) -> Func:
        texts: Any = ArrayField(TextField())
        is_one = op is Op.HAS_KEY
        operand = Value(value) if is_one else Cast(Value(value, output_field=texts), texts)
        # psycopg's own placeholder is %s; a bare question mark is PostgreSQL's operator.
        return Binary(subject, _KEYS[op], operand)
