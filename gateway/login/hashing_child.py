"""The process that hashes: `python -m gateway.login.hashing_child DESCRIPTOR HASHERS`.

It reads one request after the other from the socket `DESCRIPTOR` and ends when the other end is
closed, as happens whenever its parent ends. `HASHERS` is Django's PASSWORD_HASHERS as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from multiprocessing.connection import Connection

from django.conf import settings
from django.contrib.auth.hashers import make_password, verify_password

_NICER = 10  # requests of tenants go before


def main() -> None:
    """Answer requests until the parent is gone."""
    descriptor, hashers = sys.argv[1:]
    os.nice(_NICER)
    settings.configure(PASSWORD_HASHERS=json.loads(hashers))
    with Connection(int(descriptor)) as parent:
        while True:
            try:
                request = json.loads(parent.recv_bytes())
            except (EOFError, OSError):
                return
            parent.send_bytes(json.dumps(_answer(**request)).encode())


def _answer(password: str, encoded: str) -> dict[str, str | bool]:
    """Verify one password; `new_hash` is set where the stored one is out of date.

    A stored hash that its hasher can't read fits no password: the process goes on for others.
    """
    try:
        is_right, is_old = verify_password(password, encoded)
    except (ValueError, AssertionError) as error:
        print(f"A stored hash can't be read: {type(error).__name__}.", file=sys.stderr)  # noqa: T201 - it has no log
        return {"is_right": False, "new_hash": ""}
    new_hash = make_password(password) if is_right and is_old else ""
    return {"is_right": is_right, "new_hash": new_hash}


if __name__ == "__main__":
    main()
