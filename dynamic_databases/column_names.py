"""The columns of a row by their names in the database: the base of `DynamicSchemaModel`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from dynamic_databases.active import active_alias
from dynamic_databases.aliases import Alias
from dynamic_databases.custom_fields import CustomFields
from dynamic_databases.errors import NoActiveDatabase
from dynamic_databases.model_identity import RowModel
from dynamic_databases.table_columns import TableColumns, columns_of

# Set by the app: an outdated instance → the model that its table has now.
ModelRefresher = Callable[[Any], type[Any]]
# Set by the app: a database and a table → the generated model. Raises UnknownTable.
ModelFinder = Callable[[Alias, str], type[Any]]


class ColumnsByName(RowModel):
    """A row whose columns are found by their names, in any case."""

    table_name: ClassVar[str] = ""
    keyless: ClassVar[bool] = False
    dynamic_attributes: ClassVar[tuple[str, ...]] = ()  # of the columns that the baseline lacks
    attribute_of_column: ClassVar[Mapping[str, str]] = {}
    refresher: ClassVar[ModelRefresher | None] = None
    _find_model: ClassVar[ModelFinder | None] = None

    class Meta:
        abstract = True

    @property
    def custom_fields(self) -> CustomFields:
        """The dynamic columns by column name; reading them costs one query, once.

        Raises NoActiveDatabase where nothing says which database the row is of.
        """
        if self.home is None and active_alias() is None:
            raise NoActiveDatabase(type(self).__name__)
        return CustomFields(self)

    def get_field_value(self, name: str) -> Any:
        """Return the value of an attribute or, failing that, of a column of this name, in any case.

        Raises UnknownColumn.
        """
        if has_field(type(self), name):
            return getattr(self, self._attname(name))
        return self._value_of_column(self._columns().column(name))

    def get_attribute_by_column(self, column: str, default: Any = None) -> Any:
        """Return the value of a column, or `default` where the table has no such column."""
        found = self._columns().find(column)
        return default if found is None else self._value_of_column(found)

    @classmethod
    def get_field_db_column_name(cls, name: str) -> str:
        """Return the column of an attribute. Raises UnknownColumn, which is a FieldDoesNotExist."""
        columns = columns_of(cls, cls.database_alias or active_alias())
        attname = cls._attname(name) if has_field(cls, name) else name
        columns.check(attname)
        for column, attribute in columns.attributes.items():
            if attribute == attname:
                return column
        raise FieldDoesNotExist(f"{cls.__name__}.{name} is no column")

    @classmethod
    def get_field_name_by_db_column(cls, column: str) -> str:
        """Return the attribute of a column in any case. Raises UnknownColumn."""
        columns = columns_of(cls, cls.database_alias or active_alias())
        attribute = columns.attributes[columns.column(column)]
        return cls._name_of_attname(attribute)

    @classmethod
    def _attname(cls, name: str) -> str:
        return cast("models.Field[Any, Any]", cls._meta.get_field(name)).attname

    @classmethod
    def _name_of_attname(cls, attname: str) -> str:
        names = (field.name for field in cls._meta.concrete_fields if field.attname == attname)
        return next(names, attname)

    def _columns(self) -> TableColumns:
        return columns_of(type(self), self.database_alias or self._state.db or active_alias())

    def _held(self) -> dict[str, Any]:
        """Return what the row holds of its dynamic columns, by attribute."""
        return self.__dict__ if self.table_name else self._held_apart()

    def _held_apart(self) -> dict[str, Any]:
        """Return the same of a project's class, whose attributes may have such names."""
        return cast("dict[str, Any]", self.__dict__.setdefault("_custom", {}))

    def _hold(self, attribute: str, value: Any) -> None:
        if self.table_name:
            setattr(self, attribute, value)
        else:
            self._held_apart()[attribute] = value

    def _value_of_column(self, column: str) -> Any:
        columns = self._columns()
        if column in columns.dynamic:
            return self.custom_fields[column]
        return getattr(self, columns.attributes[column])

    def _attribute(self, name: str) -> str:
        """Return the attribute of a field's name or a column's. Raises UnknownColumn."""
        columns = self._columns()
        attribute = self._attname(name) if has_field(type(self), name) else None
        columns.check(attribute or "")
        return attribute or columns.attributes[columns.column(name)]


def has_field(model: type[models.Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
