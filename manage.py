#!/usr/bin/env python
"""Django's command line with the gateway's settings."""

import atexit
import gc
import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import DatabaseError, InterfaceError

from dynamic_databases.control_errors import control_failure

if __name__ == "__main__":
    atexit.register(gc.freeze)  # Python walks its objects as it ends: a fifth of a short command
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    try:
        execute_from_command_line(sys.argv)
    except (DatabaseError, InterfaceError) as error:
        failure = control_failure(error)
        if failure is None or "--traceback" in sys.argv:
            raise
        sys.exit(f"error: {failure}")
