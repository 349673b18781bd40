"""The one directory of this process, which the app sets when Django is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_databases.process import OnePerProcess

if TYPE_CHECKING:
    from tenants.directory import Directory

_directory: OnePerProcess[Directory] = OnePerProcess("No directory yet: call django.setup() first.")
set_directory = _directory.set
process_directory = _directory.get
