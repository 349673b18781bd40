"""A running gateway whose hashes are counted, and browsers at addresses of their own."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import psycopg
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.fixtures.processes import Gateway
from tests.gateway.login.counting_hasher import CountingHasher

PASSWORD = "a long password"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Browser:
    """Keeps cookies; comes from `address`, one of this machine's."""

    def __init__(self, url: str, address: str) -> None:
        self._client = httpx.Client(
            base_url=url, transport=httpx.HTTPTransport(local_address=address), timeout=30
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Fill in the form of a page."""
        if "csrftoken" not in self.cookies:
            self._client.get(path)
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
        return self._client.post(path, data=fields | token)

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.send("/admin/login/", username=name, password=password, next="/admin/")

    def log_out(self) -> None:
        assert self.send("/admin/logout/").status_code == 200

    def change_password(self, old: str, new: str) -> httpx.Response:
        return self.send(
            "/admin/password_change/", old_password=old, new_password1=new, new_password2=new
        )


@dataclass
class Guarded:
    """Two workers over one control database."""

    gateway: Gateway
    database_url: str  # empty for SQLite in the gateway's folder
    hashes_file: Path

    def add_person(self, name: str) -> None:
        """Store a superuser; a command would take half a second."""
        hasher = CountingHasher()
        encoded = PBKDF2PasswordHasher().encode(PASSWORD, hasher.salt(), hasher.iterations)
        self.write(
            "INSERT INTO auth_user (username, password, first_name, last_name, email, "
            "is_superuser, is_staff, is_active, date_joined) "
            f"VALUES ('{name}', '{encoded}', '', '', '', TRUE, TRUE, TRUE, CURRENT_TIMESTAMP)"
        )

    def browser(self, address: str) -> Browser:
        return Browser(self.gateway.url, address)

    def hashes(self) -> list[tuple[int, int]]:
        """Return (process, niceness) of each hash that the servers made.

        Their niceness is what they add to that of the tests.
        """
        lines = self.hashes_file.read_text().splitlines() if self.hashes_file.exists() else []
        found = [tuple(map(int, line.split())) for line in lines]
        own = os.nice(0)
        return [(process, nice - own) for process, nice in found if nice > own]

    def have_failed(self, failures: int, *, address: str) -> None:
        """Make it so many failures at an address, as if they had just been."""
        self.write(
            f"UPDATE gateway_login_trycount SET failures = {failures} WHERE address = '{address}'"
        )

    def write(self, sql: str) -> None:
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as server:
                server.execute(sql)
        else:
            with closing(sqlite3.connect(self.gateway.folder / "control.sqlite3")) as file:
                file.execute(sql)
                file.commit()


def shown(page: httpx.Response, name: str) -> str:
    """Return a page without what differs with each answer: its token and the name."""
    text = _TOKEN.sub("", page.text).replace(name, "NAME")
    return re.sub(r'nonce="[^"]*"', "", text)
