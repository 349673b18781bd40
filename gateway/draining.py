"""Where the server and the application share that the process is about to end.

The application puts a `threading.Event` into the lifespan's state (ASGI, "Lifespan State") under
this key; the server sets it with the first signal.
"""

from __future__ import annotations

DRAINING = "gateway.draining"
