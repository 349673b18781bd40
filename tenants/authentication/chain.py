"""The order in which authenticators are asked: one answer or one error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from tenants.principals import Principal
from tenants.snapshot import Snapshot


class Authenticator(Protocol):
    """One way of authenticating a caller.

    `keys_version` changes where what was proven before must be proven again.
    """

    @property
    def keys_version(self) -> int: ...

    def authenticate(
        self, headers: Mapping[str, str], snapshot: Snapshot, now: dt.datetime
    ) -> Principal | None:
        """Return the principal; None without such a credential. Raises Unauthenticated."""
        ...


def authenticate(
    chain: Sequence[Authenticator], headers: Mapping[str, str], snapshot: Snapshot, now: dt.datetime
) -> Principal | None:
    """Return the first answer of the chain, None without credentials. Raises Unauthenticated."""
    for authenticator in chain:
        principal = authenticator.authenticate(headers, snapshot, now)
        if principal is not None:
            return principal
    return None
