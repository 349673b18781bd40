#!/usr/bin/env python
"""Django's command line with the gateway's settings."""

import atexit
import gc
import os
import sys

from django.core.management import execute_from_command_line

from dynamic_databases.control_errors import UNREACHABLE, why_unavailable

if __name__ == "__main__":
    atexit.register(gc.freeze)  # Python walks its objects as it ends: a fifth of a short command
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    try:
        execute_from_command_line(sys.argv)
    except UNREACHABLE as error:
        if "--traceback" in sys.argv:
            raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        why = why_unavailable(error)
        sys.exit(f"error: the control database can't be used: it {why} ({reason})")
