"""The static files of the installed packages (admin, GraphiQL), by whitenoise without a middleware.

After `collectstatic` they are served from `GATEWAY_STATIC_ROOT`: hashed names, which browsers keep
for ever, and files compressed beforehand. Otherwise they come from the packages, and browsers ask
again.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any
from wsgiref.headers import Headers

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

from gateway.http.asgi_messages import Send
from gateway.http.compression import accepted_encodings
from gateway.http.request import HttpRequest

_CHUNK = 262_144  # bytes that one read in a thread gives


class _Compressor(Compressor):  # type: ignore[misc]  # no types
    """Brotli's best takes 15 s for GraphiQL, for a tenth less than what takes one second."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=9))


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types
    """Hashed and compressed files; names stay as they are where nothing was collected."""

    manifest_strict = False

    def create_compressor(self, **options: Any) -> Compressor:
        return _Compressor(**options)

    def stored_name(self, name: str) -> str:
        return str(self.hashed_files.get(self.hash_key(self.clean_name(name)), name))


class StaticFiles:
    """Finds the files once, at start; reads them in threads."""

    def __init__(self) -> None:
        hashed = set(getattr(staticfiles_storage, "hashed_files", {}).values())
        prefix = len(settings.STATIC_URL)
        self._files = WhiteNoise(
            None, max_age=0, immutable_file_test=lambda _path, url: url[prefix:] in hashed
        )
        if hashed and not settings.DEBUG:
            self._files.add_files(settings.STATIC_ROOT, settings.STATIC_URL)
        else:
            self._files.files.update(_files_of_packages(settings.STATIC_URL))

    def has(self, path: str) -> bool:
        return path in self._files.files

    async def respond(self, http: HttpRequest, send: Send) -> None:
        """Send the file of a path that `has` knows. Raises TimeoutError for a client too slow."""
        file = self._files.files[http.path]
        answer = await asyncio.to_thread(file.get_response, http.method, _environment(http))
        headers = Headers(list(answer.headers))
        headers["X-Content-Type-Options"] = "nosniff"
        if answer.file is None and http.method != "HEAD" and answer.status != 304:
            headers["Content-Length"] = "0"
        pairs = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": int(answer.status), "headers": pairs})
        if answer.file is not None:
            with answer.file as opened:
                while chunk := await asyncio.to_thread(opened.read, _CHUNK):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@cache
def _files_of_packages(static_url: str) -> dict[str, Any]:
    """Return the packages' files by URL: they don't change while a process runs."""
    found = WhiteNoise(None, max_age=0)
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            found.add_file_to_dictionary(f"{static_url}{name}", storage.path(path))
    return dict(found.files)


def _environment(http: HttpRequest) -> dict[str, Any]:
    """Return the headers as whitenoise takes them; it knows no weights of encodings."""
    names = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in http.headers.items()
    }
    accepted = accepted_encodings(http.headers.get("accept-encoding"), ("br", "gzip"))
    return names | {"HTTP_ACCEPT_ENCODING": ", ".join(accepted)}
