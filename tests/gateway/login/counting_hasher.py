"""Django's default hasher, cheaper, that writes a line for each hash into $LOGIN_HASHES.

While the file $LOGIN_HASHES.hold exists no hash of a server comes to its end.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.fixtures.waiting import wait_for


class CountingHasher(PBKDF2PasswordHasher):
    iterations = 1000

    def encode(self, password, salt, iterations=None):
        lines = Path(os.environ["LOGIN_HASHES"])
        with lines.open("a") as file:
            file.write(f"{os.getpid()} {os.nice(0)}\n")
        wait_for(lambda: not lines.with_suffix(".hold").exists(), seconds=90)
        return super().encode(password, salt, iterations)
