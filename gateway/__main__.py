"""`python -m gateway [--host H] [--port P] [--workers N] [--log-level L]`: the server."""

from __future__ import annotations

import argparse
import gc
import sys

from gateway.config import InvalidSetting, load_config
from gateway.log import set_up_logging
from gateway.server import serve


def main() -> int:
    """Serve; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Serves the gateway.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument(
        "--log-level", default="info", choices=["info", "warning"], help="of the server's own lines"
    )
    given = parser.parse_args()
    try:
        config = load_config()
    except InvalidSetting as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    set_up_logging()
    serve(config, given.host, given.port, given.workers, given.log_level)
    gc.freeze()  # Python walks its objects as it ends, all for nothing: a fifth of a short run
    return 0


if __name__ == "__main__":
    sys.exit(main())
