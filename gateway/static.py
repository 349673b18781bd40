"""The static files of the installed packages (admin, GraphiQL), by whitenoise, without Django's middleware."""

from __future__ import annotations

from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise import WhiteNoise

from gateway.requests import HttpRequest
from gateway.responses import Response

_YEAR_SECONDS = 31_536_000


class StaticFiles:
    """Finds the files once, at start."""

    def __init__(self) -> None:
        self._files = WhiteNoise(None, max_age=_YEAR_SECONDS if not settings.DEBUG else 0)
        for finder in get_finders():
            for path, storage in finder.list([]):
                prefix = getattr(storage, "prefix", None)
                name = f"{prefix}/{path}" if prefix else path
                self._files.add_file_to_dictionary(
                    f"{settings.STATIC_URL}{name}", storage.path(path)
                )

    def respond(self, http: HttpRequest) -> Response | None:
        """Return the file of the path, or None where there is none."""
        file = self._files.files.get(http.path)
        if file is None:
            return None
        environment = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in http.headers.items()
        }
        answer = file.get_response(http.method, environment)
        headers = Headers(list(answer.headers))
        media_type = headers.get("Content-Type", "application/octet-stream")
        del headers["Content-Type"], headers["Content-Length"]
        if answer.file is None:
            return Response(int(answer.status), b"", media_type, dict(headers.items()))
        with answer.file:
            return Response(
                int(answer.status), answer.file.read(), media_type, dict(headers.items())
            )
