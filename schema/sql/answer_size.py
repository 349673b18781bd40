"""The bound on an answer's bytes, as statements have it: a value of each request."""

from __future__ import annotations

from dynamic_databases.catalog.types import Kind, SqlType
from schema.answer_size import ANSWER_BYTES
from schema.plan.nodes import Slot, Use
from schema.plan.operands import VariableRef
from schema.sql.statement import value_of

MAX_BYTES = value_of(Slot(VariableRef(ANSWER_BYTES), SqlType(Kind.BIGINT, "bigint"), Use.RAW))
# What PostgreSQL is asked to read as a number, for want of a function that raises an error.
TOO_LARGE = "gateway: the answer has too many bytes: "
