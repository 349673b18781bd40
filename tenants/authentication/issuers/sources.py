"""Where an issuer's keys come from, and how they follow it: a text, a file or an address.

They are read by a thread of the gateway. A request waits for them only where its token's key isn't
known, and one such reading is made in ten seconds. What was read last counts until it is replaced.
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable
from urllib.error import HTTPError, URLError

from tenants.authentication.issuers.fetch import fetch
from tenants.authentication.issuers.keys import BadKeys, Key, key_set
from tenants.authentication.issuers.settings import IssuerConfig

_ASK_SECONDS = 10.0  # between readings for keys that aren't known
_FILE_SECONDS, _URL_SECONDS = 5.0, 300.0  # between readings in the background
_log = logging.getLogger("tenants.authentication.issuers")


class KeysUnreadable(Exception):
    """An issuer's keys can't be read now; the text is for the operator."""


class IssuerKeys:
    """The keys of one issuer; safe for threads. `clock`: seconds that only rise."""

    def __init__(self, config: IssuerConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = config.issuer
        self._config = config
        self._clock = clock
        self._reading = threading.Lock()
        self._text = config.key
        self._keys = key_set(config.key, config.algorithms) if config.key else None
        self._asked_at = -_ASK_SECONDS
        self.version = 0  # rises when a key was withdrawn

    @property
    def change(self) -> bool:
        """Whether they are to be read again and again: keys in the settings stay as they are."""
        return not self._config.key

    @property
    def seconds(self) -> float:
        """How often they are to be read in the background."""
        return _FILE_SECONDS if self._config.key_file is not None else _URL_SECONDS

    @property
    def are_known(self) -> bool:
        return self._keys is not None

    def find(self, key_id: str | None, algorithm: str) -> Key | None:
        return None if self._keys is None else self._keys.find(key_id, algorithm)

    def may_ask(self) -> bool:
        """Return whether a request may have them read, as it has a key that isn't known."""
        return self.change and self._clock() - self._asked_at >= _ASK_SECONDS

    def ask(self) -> None:
        """Read them for requests that wait, unless that was done just now; a failure is logged."""
        if not self.may_ask():
            return
        self._asked_at = self._clock()
        try:
            self.refresh()
        except KeysUnreadable as error:
            _log.warning("a token has a key that isn't known, and %s", error)

    def refresh(self) -> None:
        """Read them in this thread. Raises KeysUnreadable; the last ones then stay."""
        with self._reading:
            text = self._read()
            if text == self._text:
                return
            try:
                keys = key_set(text, self._config.algorithms)
            except BadKeys as error:
                raise KeysUnreadable(f"the keys of {self.issuer} can't be used: {error}") from error
            before, self._text, self._keys = self._keys, text, keys
            if before is not None and before.marks - keys.marks:
                self.version += 1

    def _read(self) -> bytes:
        config = self._config
        try:
            if config.key_file is not None:
                return config.key_file.read_bytes()
            return fetch(config.jwks_url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = f"the keys of {self.issuer} can't be read: {_reason(error)}"
            raise KeysUnreadable(why) from error


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        error.close()
        return f"status {error.code}" + (" (a redirect)" if 300 <= error.code < 400 else "")
    if isinstance(error, URLError):
        return str(error.reason)
    return str(error) or type(error).__name__
