"""Counts of failed tries in the control database: shared by processes, kept by a restart."""

from __future__ import annotations

from django.db import models


class TryCount(models.Model):
    """The failed tries of one `Subject`.

    Names are stored as keyed digests only: people type passwords into the wrong field.
    """

    key = models.CharField(max_length=64, primary_key=True)  # digest of the subject
    name = models.CharField(max_length=64, blank=True)  # digest; empty where it is for any name
    address = models.CharField(max_length=64, blank=True)  # address or /64 network
    device = models.CharField(max_length=64, blank=True)
    failures = models.PositiveIntegerField()
    failed_at = models.DateTimeField(db_index=True)  # the last of them

    def __str__(self) -> str:
        return f"{self.failures} failures"
