"""What tenants read of failures that concern their operators."""

from __future__ import annotations

UNAVAILABLE_TEXT = "This tenant's database can't be served now."  # the log says why
