"""The base of every model of a registered database: saving by difference, columns by their names.

Generated models derive from it, and classes of a project that declare some columns of a table. Such
a class is used with many databases: what its table has beyond them, and lacks, is that of the
database in use.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from django.db import models, router

from dynamic_databases import diff
from dynamic_databases.aliases import DatabaseAliases
from dynamic_databases.column_names import ColumnsByName, has_field
from dynamic_databases.custom_fields import CustomFields
from dynamic_databases.dynamic_query import DynamicManager, RowManager
from dynamic_databases.errors import EditConflict, KeylessTable
from dynamic_databases.table_columns import columns_of, registered_alias, table_model

if TYPE_CHECKING:
    from typing import Self


class DynamicSchemaModel(ColumnsByName):
    """A row of a table that was unknown, wholly or in part, when the code was written."""

    objects = DynamicManager()
    _rows = RowManager()

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
        columns = self._columns()
        dynamic = set(columns.dynamic.values())
        if names is None:
            for name in self.__dict__.pop("_custom", ()):  # read again when they are used
                self._state_read().pop(name, None)
        elif dynamic & set(names):
            # One of the dynamic columns is asked for: read all that are still missing, at once.
            names = sorted((dynamic - self._held().keys()) | set(names))
        for name in names or ():
            columns.check(name)
        if names is not None and not self.table_name:
            self._read_dynamic([name for name in names if name in dynamic], using)
            names = [name for name in names if name not in dynamic]
            if not names:
                return
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        read = self._state_read()
        for name in self._now() if names is None else [self._attname(n) for n in names]:
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
            or self._goes_elsewhere(kwargs.get("using"))
        )
        if fresh or args:
            self._save_wholly(*args, **kwargs)
            self._stay_here()
            self._remember(self.get_deferred_fields(), kwargs.get("update_fields"))
            return
        self._read_what_was_set_unread()
        patch = self.changes()
        if not patch:
            return
        if expect is None or expect is False:
            self._update(patch, kwargs)
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
        return diff.patch_of(self._state_read(), self._now())

    def restore(self, attnames: Iterable[str]) -> None:
        """Put back the values that were read, so that `save()` leaves these columns alone."""
        read = self._state_read()
        for attname in attnames:
            custom = self.__dict__.get("_custom", {})
            if attname not in read:
                del (custom if attname in custom else self.__dict__)[attname]  # it was never read
            elif attname in custom:
                custom[attname] = _snapshot(read[attname])
            else:
                setattr(self, attname, _snapshot(read[attname]))

    def sync_dynamic_fields(self, force_refresh: bool = False) -> CustomFields:
        """Load the dynamic columns; with `force_refresh` read the table's columns and values again.

        Values that were set and not saved are kept.
        """
        if force_refresh:
            refresher = type(self).refresher
            if refresher is not None:
                self.__class__ = refresher(self)
            unsaved = self.changes() if not self._state.adding else {}
            dynamic = self._columns().dynamic.values()
            if dynamic and not self._state.adding:
                self.refresh_from_db(fields=dynamic)
            for attname, value in unsaved.items():
                if attname in dynamic:
                    self._hold(attname, value)
                else:
                    setattr(self, attname, value)
        fields = self.custom_fields
        fields.load()
        return fields

    def _read_dynamic(self, names: Sequence[str], using: str | None) -> None:
        """Read dynamic columns of a project's class, with one query."""
        alias = using or router.db_for_read(type(self), instance=self)
        model = table_model(type(self), alias)
        if not names or model is None:
            return
        row = model._base_manager.using(alias).filter(pk=self.pk).values(*names).first()
        if row is None:
            raise self.DoesNotExist(f"The row of {model.table_name} is gone.")
        self._held_apart().update(row)
        self._state_read().update({name: _snapshot(value) for name, value in row.items()})

    def _read_what_was_set_unread(self) -> None:
        """A deferred column that was set without being read may hold the value already."""
        read = self._state_read()
        unread = [name for name in self._now() if name not in read]
        for name in unread:
            self._columns().check(name)
        if unread:
            rows, names = self._own_row(None)
            current = rows.values(*(names[name] for name in unread)).first() or {}
            known = {name: current[names[name]] for name in unread if names[name] in current}
            read.update({name: _snapshot(value) for name, value in known.items()})

    def _own_row(self, using: str | None) -> tuple[models.QuerySet[Any], Mapping[str, str]]:
        """Return the query of this row that knows all columns, and its names of our attributes."""
        alias = using or router.db_for_write(type(self), instance=self)
        model = table_model(type(self), alias) or type(self)
        theirs = columns_of(model, alias).attributes
        mine = columns_of(type(self), alias).attributes
        names = {name: theirs[column] for column, name in mine.items()}
        return model._base_manager.using(alias).filter(pk=self.pk), names

    def _save_wholly(self, *args: Any, **kwargs: Any) -> None:
        """Save as Django does, with the dynamic columns that were set."""
        if not self.table_name and kwargs.get("update_fields") is None:
            self.__dict__["_written"] = dict(self._held_apart())
        try:
            super().save(*args, **kwargs)
        finally:
            self.__dict__.pop("_written", None)
        for name in self._columns().absent.values():
            self.__dict__.pop(name, None)  # as if it had been read from this database

    def _update(self, patch: diff.Patch, options: dict[str, Any]) -> None:
        names = [self._name_of_attname(name) for name in patch if has_field(type(self), name)]
        if len(names) == len(patch):
            super().save(**options, update_fields=names)
            return
        using = options.get("using") or router.db_for_write(type(self), instance=self)
        self._prepare_related_fields_for_save("save")  # type: ignore[attr-defined]
        self.__dict__["_written"] = {n: v for n, v in patch.items() if n in self._held_apart()}
        try:
            # Django's own way from here on: `save` stops where no declared field is written.
            fields = frozenset(names or [cast("Any", self._meta.pk).name])
            self.save_base(using=using, update_fields=fields, force_update=True)
        finally:
            self.__dict__.pop("_written", None)

    def _do_update(  # type: ignore[override]  # what it passes on is Django's affair
        self, base_qs: Any, using: str, pk_val: Any, values: Any, *rest: Any
    ) -> bool:
        """Django's own step of a save: here with the dynamic columns of a project's class."""
        dynamic = [(field, None, value) for field, value in self._written_fields(using)]
        return bool(super()._do_update(base_qs, using, pk_val, [*values, *dynamic], *rest))

    def _do_insert(
        self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool
    ) -> Any:
        """Django's own step of a save: here with the dynamic columns of a project's class."""
        written = list(self._written_fields(using))
        before = dict(self.__dict__)
        self.__dict__.update({field.attname: value for field, value in written})
        try:
            dynamic = [field for field, _ in written]
            rest = ([*fields, *dynamic], returning_fields, raw)
            return super()._do_insert(manager, using, *rest)  # type: ignore[misc]
        finally:
            for field, _ in written:
                self.__dict__.pop(field.attname)
            self.__dict__.update(before)

    def _written_fields(self, using: str) -> list[tuple[Any, Any]]:
        """Return the fields and values of the dynamic columns that this save writes."""
        written = self.__dict__.get("_written", {})
        model = table_model(type(self), using) if written else None
        return [(model._meta.get_field(name), written[name]) for name in written] if model else []

    def _save_expecting(
        self, patch: diff.Patch, expected: Mapping[str, Any], using: str | None
    ) -> None:
        rows, names = self._own_row(using)
        condition = models.Q()
        for name, value in expected.items():
            column = names[name]
            condition &= (
                models.Q(**{f"{column}__isnull": True})
                if value is None
                else models.Q(**{column: value})
            )
        if rows.filter(condition).update(**{names[name]: v for name, v in patch.items()}) == 0:
            current = rows.values(*(names[name] for name in expected)).first()
            if current is None:
                raise self.DoesNotExist(f"The row of {self._columns().table} is gone.")
            raise EditConflict(
                self._columns().table,
                {
                    name: (value, current[names[name]])
                    for name, value in expected.items()
                    if not diff.same(value, current[names[name]])
                },
            )

    def _expected(self, patch: diff.Patch, expect: bool | Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(expect, Mapping):
            return {self._attribute(name): value for name, value in expect.items()}
        return {name: self._state_read()[name] for name in patch if name in self._state_read()}

    def _goes_elsewhere(self, using: str | None) -> bool:
        """Return whether a save goes to another registered database, which gets all of the row.

        Raises UnknownColumn where a dynamic column of a project's class would be lost there.
        """
        target = registered_alias(using)
        if target is None or self.home in (None, target):
            return False
        if not self.table_name:
            there = columns_of(type(self), target)
            for column in dict(self.custom_fields):
                there.column(column)
        return True

    def _stay_here(self) -> None:
        """Belong to the database that was written to, whatever its name means later."""
        if self._state.db is not None:
            self._state.db = DatabaseAliases.meant(self._state.db)

    def _state_read(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.__dict__.setdefault("_read", {}))

    def _remember(self, deferred: Collection[str], written: Collection[str] | None = None) -> None:
        """Note the state of the row in the database; of the fields `written` alone, if given."""
        now = self._now().items()
        found = {name: _snapshot(value) for name, value in now if name not in deferred}
        if written is None:
            self.__dict__["_read"] = found
            return
        attributes = {self._attname(name) for name in written}
        self._state_read().update({n: value for n, value in found.items() if n in attributes})

    def _now(self) -> dict[str, Any]:
        """Return the values of the columns that are loaded and can be written, by attribute."""
        declared = {
            field.attname: self.__dict__[field.attname]
            for field in self._meta.concrete_fields
            if field.attname in self.__dict__ and not field.generated and not field.primary_key
        }
        return {**declared, **self.__dict__.get("_custom", {})}


def _snapshot(value: Any) -> Any:
    """Mutable values (JSON, arrays) are copied, so that a change in place is a difference."""
    return copy.deepcopy(value) if isinstance(value, dict | list) else value
