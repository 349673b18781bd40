"""The base of every generated model: saving by difference, and the dynamic columns as a mapping."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.core.exceptions import FieldDoesNotExist
from django.db import models, router

from dynamic_databases import diff
from dynamic_databases.aliases import DatabaseAliases
from dynamic_databases.errors import EditConflict, KeylessTable
from dynamic_databases.model_identity import RowModel, RowQuerySet

if TYPE_CHECKING:
    from typing import Self

# Set by the app: an outdated instance → the model that its table has now.
ModelRefresher = Callable[["DynamicSchemaModel"], "type[DynamicSchemaModel]"]


class DynamicManager(models.Manager.from_queryset(RowQuerySet)):  # type: ignore[misc]
    """Leaves the dynamic columns out of SELECT until somebody asks for them."""

    def get_queryset(self) -> models.QuerySet[DynamicSchemaModel]:
        queryset: models.QuerySet[DynamicSchemaModel] = super().get_queryset()
        dynamic = self.model.dynamic_attributes
        return queryset.defer(*dynamic) if dynamic else queryset

    def get_by_natural_key(self, *values: Any) -> DynamicSchemaModel:
        """Return the row of a natural key, as serializers ask for it. Raises DoesNotExist."""
        names = self.model.natural_key_attributes
        row: DynamicSchemaModel = self.get(**dict(zip(names, values, strict=True)))
        return row


class DynamicSchemaModel(RowModel):
    """A row of a table that was unknown when the code was written."""

    table_name: ClassVar[str] = ""
    keyless: ClassVar[bool] = False
    dynamic_attributes: ClassVar[tuple[str, ...]] = ()  # of the columns that the baseline lacks
    attribute_of_column: ClassVar[Mapping[str, str]] = {}
    refresher: ClassVar[ModelRefresher | None] = None

    objects = DynamicManager()
    _rows = models.Manager.from_queryset(RowQuerySet)()  # for Django's own look-ups

    class Meta:
        abstract = True
        base_manager_name = "_rows"

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        # A tenant's name may lead elsewhere later: the row stays that of its database.
        home = DatabaseAliases.meant(db) if db is not None else None
        instance = super().from_db(home, field_names, values)
        instance._remember(instance.get_deferred_fields())
        return instance

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        names = None if fields is None else list(fields)
        if names is not None and set(names) & set(self.dynamic_attributes):
            # One of the dynamic columns is asked for: read all that are still missing, at once.
            missing = self.get_deferred_fields() & set(self.dynamic_attributes)
            names = sorted(missing | set(names))
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        read = self._state_read()
        for name in self._loaded_names() if names is None else [self._attname(n) for n in names]:
            read[name] = _snapshot(self.__dict__.get(name))

    def save(
        self, *args: Any, expect: bool | Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Write only the columns that differ from the state read; nothing where nothing differs.

        `expect=True` also demands, in the UPDATE's WHERE, that every column written still holds
        what was read; a mapping {attribute: value} names the values demanded. Raises
        `EditConflict` where it doesn't, and writes nothing.
        """
        if self.keyless:
            raise KeylessTable(self.table_name)
        fresh = (
            self._state.adding
            or kwargs.get("force_insert")
            or kwargs.get("update_fields") is not None
        )
        if fresh or args:
            super().save(*args, **kwargs)
            self._stay_here()
            self._remember(self.get_deferred_fields())
            return
        self._read_what_was_set_unread()
        patch = self.changes()
        if not patch:
            return
        if expect is None or expect is False:
            kwargs["update_fields"] = [self._name_of_attname(attname) for attname in patch]
            super().save(**kwargs)
            self._stay_here()
        else:
            self._save_expecting(patch, self._expected(patch, expect), kwargs.get("using"))
        self._state_read().update({name: _snapshot(value) for name, value in patch.items()})

    def delete(
        self, using: str | None = None, keep_parents: bool = False
    ) -> tuple[int, dict[str, int]]:
        if self.keyless:
            raise KeylessTable(self.table_name)
        return super().delete(using=using, keep_parents=keep_parents)

    def changes(self) -> diff.Patch:
        """Return {attname: value} of what `save()` would write."""
        now = {name: self.__dict__[name] for name in self._loaded_names()}
        return diff.patch_of(self._state_read(), now)

    def restore(self, attnames: Iterable[str]) -> None:
        """Put back the values that were read, so that `save()` leaves these columns alone."""
        read = self._state_read()
        for attname in attnames:
            if attname in read:
                setattr(self, attname, _snapshot(read[attname]))
            else:
                del self.__dict__[attname]  # it was never read

    @property
    def custom_fields(self) -> CustomFields:
        """The dynamic columns by column name; reading them costs one query, once."""
        return CustomFields(self)

    def sync_dynamic_fields(self, force_refresh: bool = False) -> CustomFields:
        """Load the dynamic columns; with `force_refresh` read the table's columns and values again.

        Values that were set and not saved are kept.
        """
        if force_refresh:
            refresher = type(self).refresher
            if refresher is not None:
                self.__class__ = refresher(self)
            unsaved = self.changes() if not self._state.adding else {}
            if self.dynamic_attributes and not self._state.adding:
                self.refresh_from_db(fields=self.dynamic_attributes)
            for attname, value in unsaved.items():
                setattr(self, attname, value)
        fields = self.custom_fields
        fields.load()
        return fields

    def get_field_value(self, name: str) -> Any:
        """Return the value of an attribute or, failing that, of a column of this name."""
        if name in self.attribute_of_column and not _has_field(type(self), name):
            return getattr(self, self.attribute_of_column[name])
        return getattr(self, self._attname(name))

    def get_attribute_by_column(self, column: str, default: Any = None) -> Any:
        """Return the value of a column, or `default` where the table has no such column."""
        attribute = self.attribute_of_column.get(column)
        return default if attribute is None else getattr(self, attribute)

    @classmethod
    def get_field_db_column_name(cls, name: str) -> str:
        """Return the column of an attribute. Raises FieldDoesNotExist."""
        attname = cls._attname(name)
        for column, attribute in cls.attribute_of_column.items():
            if attribute == attname:
                return column
        raise FieldDoesNotExist(f"{cls.__name__}.{name} is no column")

    @classmethod
    def get_field_name_by_db_column(cls, column: str) -> str:
        """Return the attribute of a column. Raises FieldDoesNotExist."""
        if column not in cls.attribute_of_column:
            raise FieldDoesNotExist(f"{cls.table_name} has no column {column!r}")
        return cls._name_of_attname(cls.attribute_of_column[column])

    @classmethod
    def _attname(cls, name: str) -> str:
        return cast("models.Field[Any, Any]", cls._meta.get_field(name)).attname

    @classmethod
    def _name_of_attname(cls, attname: str) -> str:
        return next(field.name for field in cls._meta.concrete_fields if field.attname == attname)

    def _read_what_was_set_unread(self) -> None:
        """A deferred column that was set without being read may hold the value already."""
        read = self._state_read()
        unread = [name for name in self._loaded_names() if name not in read]
        if unread:
            alias = router.db_for_write(type(self), instance=self)
            current = (
                type(self)._base_manager.using(alias).filter(pk=self.pk).values(*unread).first()
            )
            read.update({name: _snapshot(value) for name, value in (current or {}).items()})

    def _save_expecting(
        self, patch: diff.Patch, expected: Mapping[str, Any], using: str | None
    ) -> None:
        alias = using or router.db_for_write(type(self), instance=self)
        rows = type(self)._base_manager.using(alias).filter(pk=self.pk)
        condition = models.Q()
        for name, value in expected.items():
            condition &= (
                models.Q(**{f"{name}__isnull": True})
                if value is None
                else models.Q(**{name: value})
            )
        if rows.filter(condition).update(**patch) == 0:
            current = rows.values(*expected).first()
            if current is None:
                raise self.DoesNotExist(f"The row of {self.table_name} is gone.")
            raise EditConflict(
                self.table_name,
                {
                    name: (value, current[name])
                    for name, value in expected.items()
                    if not diff.same(value, current[name])
                },
            )

    def _expected(self, patch: diff.Patch, expect: bool | Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(expect, Mapping):
            return {self._attname(name): value for name, value in expect.items()}
        return {name: self._state_read()[name] for name in patch if name in self._state_read()}

    def _stay_here(self) -> None:
        """Belong to the database that was written to, whatever its name means later."""
        if self._state.db is not None:
            self._state.db = DatabaseAliases.meant(self._state.db)

    def _state_read(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.__dict__.setdefault("_read", {}))

    def _remember(self, deferred: Collection[str]) -> None:
        names = (name for name in self._loaded_names() if name not in deferred)
        self.__dict__["_read"] = {name: _snapshot(self.__dict__[name]) for name in names}

    def _loaded_names(self) -> list[str]:
        return [
            field.attname
            for field in self._meta.concrete_fields
            if field.attname in self.__dict__ and not field.generated and not field.primary_key
        ]


class CustomFields(MutableMapping[str, Any]):
    """The dynamic columns of one row, by column name, over the row's own attributes."""

    def __init__(self, row: DynamicSchemaModel) -> None:
        self._row = row
        dynamic = set(row.dynamic_attributes)
        self._attributes = {c: a for c, a in row.attribute_of_column.items() if a in dynamic}

    def load(self) -> None:
        """Read what isn't there yet, with one query."""
        missing = self._row.get_deferred_fields() & set(self._attributes.values())
        if missing and not self._row._state.adding:
            self._row.refresh_from_db(fields=sorted(missing))

    def __getitem__(self, column: str) -> Any:
        self.load()
        return getattr(self._row, self._attributes[column])

    def __setitem__(self, column: str, value: Any) -> None:
        if column not in self._attributes:
            known = ", ".join(self._attributes) or "none"
            raise KeyError(
                f"{self._row.table_name} has no dynamic column {column!r}; it has {known}"
            )
        setattr(self._row, self._attributes[column], value)

    def __delitem__(self, column: str) -> None:
        self[column] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __repr__(self) -> str:
        return repr(dict(self))


def _snapshot(value: Any) -> Any:
    """Mutable values (JSON, arrays) are copied, so that a change in place is a difference."""
    return copy.deepcopy(value) if isinstance(value, dict | list) else value


def _has_field(model: type[models.Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
