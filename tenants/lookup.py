"""Tenants by name outside of a request: models, schemas and connections that Python code asks for.

A name is what requests may use: a slug, an id, a domain name or a controller's id.
"""

from __future__ import annotations

from collections.abc import Callable

from dynamic_databases.aliases import Alias
from dynamic_databases.invalidation import Invalidator
from tenants.controller import Controller
from tenants.directory import Directory
from tenants.snapshot import DirectoryEntry, Snapshot


class TenantLookup:
    """Finds tenants in this process's directory, and asks elsewhere for names that it lacks."""

    def __init__(
        self,
        directory: Directory,
        invalidator: Invalidator,
        controller: Callable[[], Controller | None],
    ) -> None:
        self._directory = directory
        self._invalidator = invalidator
        self._controller = controller

    def snapshot(self) -> Snapshot:
        """Return the tenants as of a moment ago (GATEWAY_POLL_SECONDS)."""
        self._invalidator.poll_if_due()
        return self._directory.current()

    def tenant(self, name: str) -> DirectoryEntry | None:
        """Return the active tenant of a name, or None.

        A name that isn't known here may be in the control database since a moment, or in the
        controller's table. Raises DatabaseProblem where that can't be read.
        """
        controller = self._controller()
        own_ids = controller is None  # else a number is a customer's id of the controller's
        found = self.snapshot().tenant(name, own_ids=own_ids)
        if found is None and self._directory.may_ask_again():
            self._invalidator.poll_now()
            found = self._directory.current().tenant(name, own_ids=own_ids)
        if found is None and controller is not None and controller.look_up(name):
            found = self.snapshot().tenant(name, own_ids=own_ids)
        return found

    def alias(self, name: str) -> Alias | None:
        """Return the alias of `tenant` or `tenant/environment`; None where nothing is in service.

        Without an environment it is the tenant's default one; no other takes its place.
        """
        tenant, slash, environment = name.rpartition("/") if "/" in name else (name, "", "")
        if not tenant or (slash and not environment):
            return None
        entry = self.tenant(tenant)
        if entry is None:
            return None
        return entry.environments.get(environment or entry.default_environment)
