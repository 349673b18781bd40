"""Driver exception → our error, a table per vendor: the only place that looks at a driver's codes.

The messages made here reach clients: they hold names of constraints and columns, never SQL, a
host, a path or a value.
"""

from dynamic_databases.outcomes.messages import TOO_DEEP, UNKNOWN
from dynamic_databases.outcomes.translation import (
    DRIVER_ERRORS,
    classify,
    translated,
    understood,
)

__all__ = ["DRIVER_ERRORS", "TOO_DEEP", "UNKNOWN", "classify", "translated", "understood"]
