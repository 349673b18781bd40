"""Counts failed tries in the control database.

A try is counted as failed before its password is checked, and given back afterwards: so any number
of tries at the same moment, in any number of processes, get through no more often than one by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from gateway.login.errors import TooManyTries
from gateway.login.models import TryCount
from gateway.login.subjects import Subject, network_of
from gateway.login.throttle import Throttle

Throttles = Mapping[Subject, Throttle]

_KEPT = dt.timedelta(days=1)  # of a row that nothing was counted in
_MAX_ROWS = 100_000  # the oldest go first


@dataclass(frozen=True)
class _Row:
    """A row as it was before a try was counted in it."""

    key: str
    failures: int
    failed_at: dt.datetime
    belongs_to_one: bool


@dataclass(frozen=True)
class CountedTry:
    """A try that was counted at a time, and the rows as they were."""

    at: dt.datetime
    rows: tuple[_Row, ...]


def refuse_waiting(throttles: Throttles, now: dt.datetime) -> None:
    """Ask without a lock and without writing. Raises TooManyTries while one of them has to wait."""
    by_key = {_key(subject): throttle for subject, throttle in throttles.items()}
    _refuse(by_key, TryCount.objects.filter(pk__in=by_key), now)


def count_try(throttles: Throttles, now: dt.datetime) -> CountedTry:
    """Count a failure for each. Raises TooManyTries, and counts none, while one has to wait."""
    by_key = {_key(subject): (subject, throttles[subject]) for subject in throttles}
    keys = sorted(by_key)  # every transaction locks in this order
    with transaction.atomic():
        TryCount.objects.bulk_create(
            [_new(key, by_key[key][0], now) for key in keys], ignore_conflicts=True
        )
        rows = list(TryCount.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
        _refuse({key: throttle for key, (_, throttle) in by_key.items()}, rows, now)
        before = tuple(
            _Row(row.pk, row.failures, row.failed_at, by_key[row.pk][0].belongs_to_one)
            for row in rows
        )
        for row in rows:
            left = by_key[row.pk][1].unforgiven(row.failures, _age(row.failed_at, now))
            row.failures, row.failed_at = left + 1, now
        TryCount.objects.bulk_update(rows, ["failures", "failed_at"])
    drop_old(now)
    return CountedTry(now, before)


def give_back(counted: CountedTry) -> None:
    """Take back a try whose password wasn't checked."""
    with transaction.atomic():
        for row in counted.rows:
            _restore(row, counted.at)


def forget(counted: CountedTry) -> None:
    """Take back a try that succeeded, with all failures of the device, or of the name there."""
    with transaction.atomic():
        for row in counted.rows:
            if row.belongs_to_one:
                TryCount.objects.filter(pk=row.key).update(failures=0)
            else:
                _restore(row, counted.at)


def unlock(name_or_address: str) -> int:
    """Forget what is counted for a name or for an address; return how many counts there were."""
    rows = Q(name=digest_of(name_or_address))
    if network := network_of(name_or_address):
        rows |= Q(address=network)
    deleted, _ = TryCount.objects.filter(rows).delete()
    return deleted


def drop_old(now: dt.datetime, max_rows: int = _MAX_ROWS) -> None:
    """Drop the counts that are forgiven, and the oldest of too many."""
    TryCount.objects.filter(failed_at__lt=now - _KEPT).delete()
    newest_first = TryCount.objects.order_by("-failed_at").values_list("failed_at", flat=True)
    if too_old := newest_first[max_rows : max_rows + 1].first():
        TryCount.objects.filter(failed_at__lte=too_old).delete()


def digest_of(text: str) -> str:
    """Return a keyed digest: 64 hexadecimal digits."""
    return salted_hmac("gateway.login", text, algorithm="sha256").hexdigest()


def _key(subject: Subject) -> str:
    return digest_of(repr((subject.name, subject.address, subject.device)))


def _new(key: str, subject: Subject, now: dt.datetime) -> TryCount:
    return TryCount(
        key=key,
        name=digest_of(subject.name) if subject.name else "",
        address=subject.address,
        device=subject.device,
        failures=0,
        failed_at=now,
    )


def _refuse(by_key: Mapping[str, Throttle], rows: Iterable[TryCount], now: dt.datetime) -> None:
    waits = (by_key[row.pk].wait_seconds(row.failures, _age(row.failed_at, now)) for row in rows)
    if wait := max(waits, default=0.0):
        raise TooManyTries(wait)


def _restore(row: _Row, counted_at: dt.datetime) -> None:
    """Put a row back as it was; where another try was counted since, take this one off alone."""
    now = TryCount.objects.filter(pk=row.key)
    if not now.filter(failed_at=counted_at).update(failures=row.failures, failed_at=row.failed_at):
        now.filter(failures__gt=0).update(failures=F("failures") - 1)


def _age(then: dt.datetime, now: dt.datetime) -> float:
    return (now - then).total_seconds()
