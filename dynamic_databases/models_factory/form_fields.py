"""Fields whose forms keep what a person left alone, and ask the row's own database."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone

from dynamic_databases.catalog.types import SqlType
from dynamic_databases.model_identity import RowModel, RowQuerySet

_LENGTH = re.compile(r"(?:n|var|nvar)?char(?:acter)?(?: varying)?\((\d+)\)", re.IGNORECASE)
_ONE_LINE = 255  # characters


def length_of(sql_type: SqlType) -> int | None:
    """Return the characters that a text may have, None where its type bounds none."""
    found = _LENGTH.match(sql_type.plain)
    return int(found[1]) if found else None


class RowTextField(models.TextField[Any, Any]):
    """A text, of one line in forms where it is short.

    A form shows NULL and an empty text alike, and browsers end lines in their own way: a text that
    only differs so is left as it was.
    """

    is_bounded = True  # a longer text is refused

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.max_length is not None and self.is_bounded:
            self.validators.append(MaxLengthValidator(self.max_length))  # as CharField does

    @property
    def is_short(self) -> bool:
        """Whether a line of a form is enough for it."""
        length: int | None = self.max_length
        return length is not None and length <= _ONE_LINE

    def formfield(
        self, form_class: Any = None, choices_form_class: Any = None, **options: Any
    ) -> Any:
        if not self.choices:
            bound = self.max_length if self.is_bounded else None
            widget = forms.TextInput if self.is_short else forms.Textarea
            options = {"strip": False, "max_length": bound, "widget": widget} | options
        # TextField's own always takes several lines.
        return models.Field.formfield(self, form_class, choices_form_class, **options)

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if _as_shown(getattr(instance, self.attname)) != _as_shown(data):
            super().save_form_data(instance, data)


class LooseTextField(RowTextField):
    """A text of SQLite, which bounds none."""

    is_bounded = False


class RowChoiceField(forms.ModelChoiceField[Any]):
    """A choice among the rows of the database that the form's own row is of."""

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        row, rows = getattr(form, "instance", None), self.queryset
        if isinstance(row, RowModel) and isinstance(rows, RowQuerySet) and rows.is_homeless:
            self.queryset = rows.using(row.home)
        return super().get_bound_field(form, field_name)


class RowForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key whose forms offer the rows of the same database."""

    def formfield(
        self, form_class: Any = None, choices_form_class: Any = None, **options: Any
    ) -> Any:
        return super().formfield(
            form_class=form_class or RowChoiceField,
            choices_form_class=choices_form_class,
            **options,
        )


def as_local(value: Any) -> Any:
    """Return a moment that a form made aware as the person typed it."""
    is_aware = value is not None and timezone.is_aware(value)
    return timezone.make_naive(value) if is_aware else value


def _as_shown(value: Any) -> Any:
    if value is None:
        return ""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value
