"""What a row is for others: whose it is, how it is shown, compared, validated and pickled.

A row belongs to the database that it was read from or that its model is bound to. Rows of two
databases are never equal, whatever their keys are.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.base import ModelBase

from dynamic_databases.active import use_database
from dynamic_databases.aliases import Alias, DatabaseAliases, primary_of
from dynamic_databases.bound_query import are_apart


class RowQuerySet(models.QuerySet[Any]):
    """Rows of a bound model stay in its database."""

    def using(self, alias: Any) -> RowQuerySet:
        """Go to `alias`; from a bound model never to a database of the settings.

        Django's generic relations name the database of the row that they start from.
        """
        bound: Alias | None = getattr(self.model, "database_alias", None)
        if bound is not None and (alias is None or _is_static(alias)):
            alias = bound
        return super().using(alias)

    def contains(self, obj: Any) -> bool:
        return not are_apart(self.model, type(obj)) and super().contains(obj)

    def bulk_update(self, objs: Iterable[Any], *args: Any, **options: Any) -> int:
        """Raises ValueError for rows of another database than the query's."""
        rows = tuple(objs)
        for row in rows:
            if are_apart(self.model, type(row)):
                raise ValueError(f'Cannot update "{row}": it is of {row.home}.')
        return super().bulk_update(rows, *args, **options)

    def _combinator_query(self, combinator: str, *others: Any, **options: Any) -> Any:
        """Django's own step of `union`, `intersection` and `difference`."""
        if any(are_apart(self.model, other.model) for other in others):
            raise ValueError("Rows of different databases can't be combined by one query.")
        return super()._combinator_query(combinator, *others, **options)  # type: ignore[misc]

    @property
    def is_homeless(self) -> bool:
        """Whether nothing but the active database says where the rows are."""
        db: str | None = self._db  # type: ignore[attr-defined]  # the stubs lack it
        return db is None and getattr(self.model, "database_alias", None) is None


class RowModelBase(ModelBase):
    """The class of generated models: each is pickled by its app label and its name."""


class RowModel(models.Model, metaclass=RowModelBase):
    """A row that knows its database."""

    database_alias: ClassVar[Alias | None] = None  # of a bound model
    natural_key_attributes: ClassVar[tuple[str, ...]] = ()  # of a unique key, where there is one
    title_attribute: ClassVar[str | None] = None  # of the column that names a row to people

    class Meta:
        abstract = True

    @property
    def home(self) -> Alias | None:
        """The alias of the database that the row is of; None while nothing says so."""
        name = self._state.db or self.database_alias
        return primary_of(DatabaseAliases.meant(name)) if name is not None else None

    def __str__(self) -> str:
        """Return the first text that names the row, else its key; neither costs a query."""
        title = self.__dict__.get(self.title_attribute) if self.title_attribute else None
        if title:
            return str(title)
        if not self._is_pk_set():  # type: ignore[attr-defined]  # the stubs lack it
            return super().__str__()
        return ", ".join(map(str, self.pk)) if isinstance(self.pk, tuple) else str(self.pk)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RowModel) and self.home != other.home:
            return False
        return super().__eq__(other)

    __hash__ = models.Model.__hash__

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        """Validate as Django does; what is asked of the database is asked of the row's own."""
        with self._at_home():
            super().full_clean(*args, **kwargs)

    def validate_unique(self, *args: Any, **kwargs: Any) -> None:
        with self._at_home():
            super().validate_unique(*args, **kwargs)

    def _at_home(self) -> AbstractContextManager[None]:
        """Have shared models be asked in the row's database; where it has none, in the active."""
        return nullcontext() if self.home is None else use_database(self.home)

    def __reduce__(self) -> Any:
        """Name the model by the row's database: `(DYNAMIC_DATABASE_7, Author)`."""
        reduced: Any = super().__reduce__()
        if self.home is None or not is_generated(type(self)):
            return reduced
        make, _, state = reduced
        return make, ((self.home, self._meta.object_name),), state


def is_generated(model: type[models.Model]) -> bool:
    """Return whether a model was made of a catalog: no app of the project holds it."""
    return model._meta.apps is not apps


def _is_static(name: str) -> bool:
    databases: object = settings.DATABASES
    return not isinstance(databases, DatabaseAliases) or databases.has_static(name)


def _reduced(model: type[models.Model]) -> Any:
    if not is_generated(model):
        return model.__qualname__  # found in its module, as other classes are
    return _model_named, (model._meta.app_label, model._meta.object_name)


def _model_named(app_label: str, name: str) -> type[models.Model]:
    return apps.get_model(app_label, name)


copyreg.pickle(RowModelBase, _reduced)  # type: ignore[arg-type]  # a class of classes
