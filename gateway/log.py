"""One JSON line per event on standard error; values of requests and secrets are never in it."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from dynamic_databases.bounded_texts import bounded, bounded_message


class JsonFormatter(logging.Formatter):
    """Writes a record, and what `extra={"event": {…}}` gives, as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": bounded_message(record.getMessage()),
            **{name: _bounded(value) for name, value in getattr(record, "event", {}).items()},
        }
        if record.exc_info:
            lines = self.formatException(record.exc_info).splitlines()
            event["traceback"] = "\n".join(map(bounded_message, lines))
        return json.dumps(event, default=str, ensure_ascii=True)


def _bounded(value: Any) -> Any:
    return bounded_message(value) if isinstance(value, str) else bounded(value)


def set_up_logging(level: str = "INFO") -> None:
    """Send every logger's lines through the formatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
