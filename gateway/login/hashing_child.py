"""The process that hashes: `python -m gateway.login.hashing_child DESCRIPTOR HASHERS`.

It reads one request after the other from the socket `DESCRIPTOR` and ends when the other end is
closed, as happens whenever its parent ends. `HASHERS` is Django's PASSWORD_HASHERS as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from django.conf import settings
from django.contrib.auth.hashers import make_password, verify_password

from tenants.authentication.password_hashes import HashFormat, UnreadableHash, format_of

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
            answer = _person(**request) if "formats" in request else _staff(**request)
            parent.send_bytes(json.dumps(answer).encode())


def _staff(password: str, encoded: str) -> dict[str, str | bool]:
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


def _person(
    password: str, stored: str, formats: Sequence[str], dummies: Sequence[str], rehash: str
) -> dict[str, str | bool]:
    """Verify a password against `stored`, or against dummies where it is of no format.

    Each format is computed once, whatever is stored: nobody learns by the time which one it is,
    or whether there is such a person. `new_hash` is set where `rehash` names a format to store.
    """
    own, is_right = "", False
    for name, dummy in zip(formats, dummies, strict=True):
        hash_format = format_of(name)
        is_own = bool(stored) and not own and hash_format.matches(stored)
        try:
            if is_own:
                own, is_right = name, _fits(hash_format, password, stored)
            else:
                _fits(hash_format, password, dummy)
        except UnreadableHash as error:
            print(f"A stored hash can't be read: {error}.", file=sys.stderr)  # noqa: T201 - it has no log
    new_hash = ""
    if rehash and is_right and (own != rehash or format_of(own).is_outdated(stored)):
        new_hash = format_of(rehash).make(password)
    return {"is_right": is_right, "new_hash": new_hash}


def _fits(hash_format: HashFormat, password: str, stored: str) -> bool:
    """Raises UnreadableHash."""
    hasher, encoded = hash_format.read(stored)
    try:
        return bool(hasher.verify(password, encoded))
    except Exception as error:
        raise UnreadableHash(type(error).__name__) from error


if __name__ == "__main__":
    main()
