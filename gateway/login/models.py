"""What log-ins leave in the control database: shared by processes, kept by a restart."""

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


class LoginSession(models.Model):
    """A person of a tenant's user table who is logged in: one refresh token is valid at a time.

    A refresh token has two parts, stored as digests: `handle` stays, `secret` is another after
    each use. The row is deleted where the session ends.
    """

    handle = models.CharField(max_length=64, unique=True)
    secret = models.CharField(max_length=64)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=63)
    username = models.TextField()  # as the tenant's database holds it
    person = models.CharField(max_length=64, db_index=True)  # digest of the three before
    state = models.CharField(max_length=64)  # `Person.state`: the session ends where it changes
    began_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"session of {self.tenant} {self.environment}"
