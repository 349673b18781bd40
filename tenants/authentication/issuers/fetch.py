"""A key set from an address that the operator named: bounded in time and bytes, not redirected."""

from __future__ import annotations

import http.client
import os
import socket
import time
import urllib.request
from contextlib import closing, suppress
from functools import partial
from typing import Any

from dynamic_databases.concurrency.timer import Timer

FETCH_SECONDS = 3.0  # below the deadline of the requests that wait for it
_MOST_BYTES = 500_000
_PIECE_BYTES = 65_536
_timer = Timer("issuer keys")


def fetch(url: str) -> bytes:
    """Return what an address of http or https answers. Proxies of the environment are used.

    Raises OSError (URLError, TimeoutError), HTTPException and ValueError.
    """
    until = time.monotonic() + FETCH_SECONDS
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - settings take http and https alone
    found = b""
    with _opener.open(request, timeout=FETCH_SECONDS) as response:
        while piece := response.read1(_PIECE_BYTES):
            found += piece
            if len(found) > _MOST_BYTES:
                raise ValueError(f"the answer is above {_MOST_BYTES} bytes")
    if time.monotonic() >= until:  # the end may be the timer's
        raise TimeoutError(f"the answer took more than {FETCH_SECONDS:g} s")
    return found


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The address that the operator named is asked, and no other."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Let a redirect be an error."""


class _Connection(http.client.HTTPConnection):
    """A connection that ends with its time: a socket's own time limit is for each single read."""

    def connect(self) -> None:
        super().connect()
        _end_in_time(self.sock)


class _TlsConnection(http.client.HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        super().connect()
        _end_in_time(self.sock)


class _Handler(urllib.request.HTTPHandler):
    """Opens http."""

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, request)


class _TlsHandler(urllib.request.HTTPSHandler):
    """Opens https with the system's certificates."""

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_TlsConnection, request)


def _end_in_time(connected: socket.socket) -> None:
    """Shut a connection down when its time is over, by a descriptor that nobody else closes."""
    _timer.after(
        FETCH_SECONDS, partial(_shut_down, socket.socket(fileno=os.dup(connected.fileno())))
    )


def _shut_down(connected: socket.socket) -> None:
    with closing(connected), suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


_opener = urllib.request.build_opener(_NoRedirects(), _Handler(), _TlsHandler())
