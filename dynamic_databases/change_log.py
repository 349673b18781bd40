"""The numbered changes of the control tables, by which processes follow one another.

Each change takes the next number and leaves a line under it, in the transaction that makes it.
A process that knows the tables as of one number reads only the rows that later lines name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import models, transaction
from django.dispatch import Signal

CATALOG = "catalog"  # what changed: the tables of the database that the key is of
_KEPT = 10_000  # lines
_DROPPED_EACH = 1_000  # changes
Row = TypeVar("Row", bound=models.Model)
revision_bumped = Signal()  # after the commit; for what pushes changes to other processes
# Many of a model, its sender, were changed without a signal of each; `keys` are theirs, None where
# unknown.
rows_changed = Signal()


class Revision(models.Model):
    """One row: a number that grows with every change of a control table."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class Change(models.Model):
    """One revision's change: a model's label and a row's key, or `CATALOG` and a database's."""

    revision = models.BigIntegerField(primary_key=True)
    what = models.CharField(max_length=100)
    key = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.revision}: {self.what} {self.key}"


class TrackedQuerySet(models.QuerySet[Row]):
    """Changes many rows of a followed table at once, together with the lines that tell of them."""

    def update(self, **values: Any) -> int:
        with transaction.atomic(savepoint=False):
            keys = list(self.order_by().values_list("pk", flat=True))
            changed = super().update(**values)
            if changed:
                # A row that somebody stored in between was not among the keys.
                rows_changed.send(self.model, keys=keys if changed == len(keys) else None)
        return changed

    def bulk_create(self, objs: Iterable[Row], *args: Any, **options: Any) -> list[Row]:
        with transaction.atomic(savepoint=False):
            made = super().bulk_create(objs, *args, **options)
            # Where rows that are there are passed over or updated, the vendor may not tell their
            # keys.
            by_conflict = options.get("update_conflicts") or options.get("ignore_conflicts")
            is_known = not by_conflict and all(row.pk is not None for row in made)
            keys = [row.pk for row in made] if is_known else None
            if made:
                rows_changed.send(self.model, keys=keys)
        return made


class TrackedManager(models.Manager[Row]):
    """Gives the rows of a followed table."""

    def get_queryset(self) -> TrackedQuerySet[Row]:
        return TrackedQuerySet(self.model, using=self._db)


class Tracked(models.Model):
    """A table whose rows every process follows: each row is stored with its change line."""

    objects = TrackedManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)  # its signals write the line


def record_change(what: str, key: int) -> Change:
    """Tell every process what changed, once the transaction that changes it commits."""
    return record_changes(what, [key])[0]


def record_changes(what: str, keys: Sequence[int]) -> list[Change]:
    """Tell every process of several changes of a kind, as `record_change` does of one."""
    with transaction.atomic(savepoint=False):
        numbers = _next_revisions(len(keys))
        lines = [
            Change(revision=number, what=what, key=key)
            for number, key in zip(numbers, keys, strict=True)
        ]
        Change.objects.bulk_create(lines)
    return lines


def skip_revision() -> None:
    """Make every process reread everything after the commit: a number without a line."""
    with transaction.atomic(savepoint=False):
        _next_revisions(1)


def newest_revision() -> int:
    """Return the number of the last change."""
    return Revision.objects.filter(pk=1).values_list("value", flat=True).first() or 0


def changes_since(revision: int | None) -> tuple[int, list[Change] | None]:
    """Return the newest revision and the changes after `revision`; None if lines are missing.

    That is so at first (`revision` is None), for a process that slept long, and after the control
    database was put back to an earlier state.
    """
    newest = newest_revision()
    if revision is None or newest == revision:
        return newest, None if revision is None else []
    changes = list(Change.objects.filter(revision__gt=revision).order_by("revision"))
    if changes:
        # One more may have come since, and the last numbers may have no line.
        newest = max(newest, changes[-1].revision)
    return newest, changes if len(changes) == newest - revision else None


def _next_revisions(count: int) -> range:
    """Take so many numbers, inside a transaction.

    No other process gets one before that commits: lines appear in the order of their numbers.
    """
    row = Revision.objects.filter(pk=1)
    if not row.update(value=models.F("value") + count):
        Revision.objects.get_or_create(pk=1)
        row.update(value=models.F("value") + count)
    end = row.values_list("value", flat=True).get() + 1
    if (end - 1) // _DROPPED_EACH > (end - 1 - count) // _DROPPED_EACH:
        Change.objects.filter(revision__lt=end - _KEPT).delete()
    transaction.on_commit(lambda: revision_bumped.send(sender=Revision))
    return range(end - count, end)
