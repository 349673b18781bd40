"""The numbered changes of the control tables, by which processes follow one another.

Each change takes the next number and leaves a line under it, in the transaction that makes it. Whoever
knows the tables as of one number reads the rows that later lines name, and not all of them again.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.dispatch import Signal

CATALOG = "catalog"  # what changed: the tables of the database that the key is of
_KEPT = 10_000  # lines
_DROPPED_EACH = 1_000  # changes
revision_bumped = Signal()  # after the commit; whoever pushes changes to other processes listens


class Revision(models.Model):
    """One row: a number that grows with every change of a control table."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class Change(models.Model):
    """What one revision changed: a model's label and the key of its row, or `CATALOG` and a database's."""

    revision = models.BigIntegerField(primary_key=True)
    what = models.CharField(max_length=100)
    key = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.revision}: {self.what} {self.key}"


class Followed(models.Model):
    """A table whose rows every process follows: a row is stored together with the line that tells of it."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)  # its signals write the line


def bump_revision(what: str, key: int) -> Change:
    """Tell every process what changed, once the transaction that changes it commits.

    Nobody else gets a number before that, so that lines appear in the order of their numbers.
    """
    row = Revision.objects.filter(pk=1)
    with transaction.atomic(savepoint=False):
        if not row.update(value=models.F("value") + 1):
            Revision.objects.get_or_create(pk=1)
            row.update(value=models.F("value") + 1)
        value = row.values_list("value", flat=True).get()
        change = Change.objects.create(revision=value, what=what, key=key)
        if value % _DROPPED_EACH == 0:
            Change.objects.filter(revision__lte=value - _KEPT).delete()
        transaction.on_commit(lambda: revision_bumped.send(sender=Revision))
    return change


def newest_revision() -> int:
    """Return the number of the last change."""
    return Revision.objects.filter(pk=1).values_list("value", flat=True).first() or 0


def changes_since(revision: int | None) -> tuple[int, list[Change] | None]:
    """Return the newest revision, and the changes after `revision`; None where not all their lines are there.

    That is so at first (`revision` is None), for a process that slept long, and after the control database
    was put back to an earlier state.
    """
    newest = newest_revision()
    if revision is None or newest == revision:
        return newest, None if revision is None else []
    changes = list(Change.objects.filter(revision__gt=revision).order_by("revision"))
    if changes:
        newest = changes[-1].revision  # one more may have come since
    return newest, changes if len(changes) == newest - revision else None
