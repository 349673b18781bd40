"""The one directory of this process and its look-up, which the app sets when Django is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_databases.process import OnePerProcess

if TYPE_CHECKING:
    from tenants.directory import Directory
    from tenants.lookup import TenantLookup

_directory: OnePerProcess[Directory] = OnePerProcess("No directory yet: call django.setup() first.")
set_directory = _directory.set
process_directory = _directory.get
_lookup: OnePerProcess[TenantLookup] = OnePerProcess(
    "No tenants yet: call django.setup() first, and run the checks."
)
set_lookup = _lookup.set
process_lookup = _lookup.get
