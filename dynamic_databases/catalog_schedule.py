"""When each database in use is asked whether its tables changed: one rule for all users."""

from __future__ import annotations

import time
from collections.abc import Callable

from dynamic_databases.aliases import Alias


class CatalogSchedule:
    """The next check of each alias; `is_expired` says of which catalog a change is known."""

    def __init__(self, is_expired: Callable[[Alias], bool]) -> None:
        self._is_expired = is_expired
        self._next_check: dict[Alias, float] = {}

    def is_due(self, alias: Alias, seconds: float) -> bool:
        """Return whether a check is due now; the next one is due after `seconds`.

        The first call finds none due: the catalog is read now, or was a moment ago.
        """
        now = time.monotonic()
        due = self._next_check.get(alias)
        if due is not None and now < due and not self._is_expired(alias):
            return False
        self._next_check[alias] = now + seconds
        return due is not None

    def forget(self, alias: Alias) -> None:
        """The alias is another database's from now on, or gone."""
        self._next_check.pop(alias, None)
