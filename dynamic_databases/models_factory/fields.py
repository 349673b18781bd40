"""Column → Django field, one table by the family of its SQL type."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import Expression
from django.utils.dateparse import parse_datetime

from dynamic_databases.catalog.code_pages import first_lost, refusal
from dynamic_databases.catalog.types import Column, Kind, SqlType
from dynamic_databases.errors import BadValue
from dynamic_databases.identifiers import quote_for_orm
from dynamic_databases.models_factory.form_fields import (
    LooseTextField,
    RowTextField,
    as_local,
    length_of,
)

_UTC = dt.UTC


class CatalogExpression(Expression):
    """A default or generation expression as the database itself spells it."""

    allowed_default = True

    def __init__(self, sql: str) -> None:
        super().__init__()
        self._sql = sql

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # noqa: ARG002 - Django's signature
        return f"({self._sql.replace('%', '%%')})", []


class LocalDateTimeField(models.DateTimeField[Any, Any]):
    """A date and time without a zone; an aware value is stored as UTC says it."""

    def get_internal_type(self) -> str:
        return "TextField"  # keeps Django's conversions to aware values away

    def get_prep_value(self, value: Any) -> Any:
        value = self.to_python(value)
        return _naive(value)

    def to_python(self, value: Any) -> Any:
        return _naive(parse_datetime(value)) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: ARG002
        return value if prepared else self.get_prep_value(value)

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return self.to_python(value)

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Keep what was typed: forms take it as a time of the current zone."""
        super().save_form_data(instance, as_local(data))


class SqliteLocalDateTimeField(LocalDateTimeField):
    """The same on SQLite, which keeps it as a text."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else value.isoformat(sep=" ")


class BitField(models.BooleanField[Any, Any]):
    """MySQL's BIT(1), which the driver gives as a byte."""

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return bool(value[0]) if isinstance(value, bytes) else value


class LooseDecimalField(models.DecimalField[Any, Any]):
    """A decimal on SQLite, which keeps it as an integer, a float or a text."""

    def get_internal_type(self) -> str:
        return "TextField"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: ARG002
        return None if value is None else format(decimal.Decimal(str(value)), "f")

    def from_db_value(self, value: Any, *_: Any) -> decimal.Decimal | None:
        if value is None:
            return None
        try:
            number = decimal.Decimal(str(value))
        except decimal.InvalidOperation:
            return None
        places: int | None = self.decimal_places
        return number if places is None or not number.is_finite() else round(number, places)


class CodePageField(RowTextField):
    """A text of SQL Server that isn't Unicode: what it can't hold is refused."""

    def __init__(self, sql_type: SqlType, **options: Any) -> None:
        super().__init__(**options)
        self._sql_type = sql_type

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        return name, path, [self._sql_type, *arguments], options

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Raise BadValue."""
        name, code_page = self._sql_type.name, self._sql_type.code_page
        lost = first_lost(value, code_page) if isinstance(value, str) else None
        if lost is not None:
            raise BadValue(refusal(name, code_page, lost))
        return super().get_db_prep_save(value, connection)


class MoneyField(models.DecimalField[Any, Any]):
    """PostgreSQL's money, which is read as a number: its text depends on lc_monetary."""

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:  # noqa: ARG002
        return f"({sql})::numeric", params


def field_for(
    column: Column, vendor: str, attribute: str, *, primary_key: bool, unique: bool
) -> models.Field[Any, Any]:
    """Return an unattached field for `column` of a database of `vendor`."""
    options: dict[str, Any] = {
        "db_column": quote_for_orm(column.name, vendor),
        "verbose_name": column.name,
    }
    if primary_key and column.identity and column.type.kind in (Kind.INTEGER, Kind.BIGINT):
        auto = models.BigAutoField if column.type.kind is Kind.BIGINT else models.AutoField
        return auto(primary_key=True, **options)
    options |= {"null": column.nullable and not primary_key, "blank": column.nullable}
    options |= {"primary_key": primary_key, "unique": unique and not primary_key}
    if column.generated:
        inner = _plain_field(column.type, vendor, {"null": column.nullable})
        return models.GeneratedField(
            expression=CatalogExpression("NULL"),  # the database alone computes it
            output_field=inner,
            db_persist=True,
            serialize=False,
            db_column=options["db_column"],
        )
    if column.default is not None and not primary_key:
        options["db_default"] = CatalogExpression(column.default)
    if column.type.kind is Kind.ENUM and column.type.labels:
        options["choices"] = [(label, label) for label in column.type.labels]
    options["serialize"] = not column.is_version  # a fixture can't set it
    field = _plain_field(column.type, vendor, options)
    field.help_text = f"{attribute}: {column.type.name}"
    return field


def _plain_field(sql_type: SqlType, vendor: str, options: dict[str, Any]) -> models.Field[Any, Any]:
    if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
        return ArrayField(_plain_field(sql_type.element, vendor, {"null": True}), **options)
    by_name = _BY_NAME.get((vendor, sql_type.plain))
    if by_name is not None:
        return by_name(**options)
    if sql_type.kind is Kind.TEXT:
        options = {**options, "max_length": length_of(sql_type)}
    if sql_type.code_page:
        return CodePageField(sql_type, **options)
    if sql_type.kind is Kind.DECIMAL:
        options = {**options, "max_digits": sql_type.precision, "decimal_places": sql_type.scale}
    make = _OF_VENDOR.get((vendor, sql_type.kind)) or _FIELDS[sql_type.kind]
    return make(**options)


_FIELDS: dict[Kind, Callable[..., models.Field[Any, Any]]] = {
    Kind.BOOLEAN: models.BooleanField,
    Kind.INTEGER: models.IntegerField,
    Kind.BIGINT: models.BigIntegerField,
    Kind.DECIMAL: models.DecimalField,
    Kind.FLOAT: models.FloatField,
    Kind.TEXT: RowTextField,
    Kind.BINARY: models.BinaryField,
    Kind.DATE: models.DateField,
    Kind.TIME: models.TimeField,
    Kind.LOCAL_DATETIME: LocalDateTimeField,
    Kind.DATETIME: models.DateTimeField,
    Kind.DURATION: models.DurationField,
    Kind.UUID: models.UUIDField,
    Kind.JSON: models.JSONField,
    Kind.ENUM: RowTextField,
    Kind.OTHER: RowTextField,
}
_OF_VENDOR: dict[tuple[str, Kind], Callable[..., models.Field[Any, Any]]] = {
    ("sqlite", Kind.DECIMAL): LooseDecimalField,
    ("sqlite", Kind.LOCAL_DATETIME): SqliteLocalDateTimeField,
    ("sqlite", Kind.TEXT): LooseTextField,
    ("sqlite", Kind.UUID): models.TextField,  # as it was written, dashes or not
}
_BY_NAME: dict[tuple[str, str], Callable[..., models.Field[Any, Any]]] = {
    ("mysql", "bit(1)"): BitField,
    ("postgresql", "money"): MoneyField,
}


def _naive(value: object) -> Any:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(_UTC).replace(tzinfo=None)
    return value
