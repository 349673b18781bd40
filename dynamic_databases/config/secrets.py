"""The secrets of a configuration: encrypted at rest, or references, and never shown.

A stored secret is `{"$encrypted": token}` (Fernet: AES-128-CBC with HMAC-SHA256),
`{"$env": "NAME"}` or `{"$file": "path"}`. The first key encrypts, all of them decrypt, so that keys
can be rotated.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dynamic_databases.errors import InvalidConfig

SECRET_KEYS = frozenset({"PASSWORD"})
HIDDEN = "••••••••"
_ENCRYPTED, _ENV, _FILE = "$encrypted", "$env", "$file"


class Secrets:
    """Seals and opens the secrets of configurations; one per process, made from the settings."""

    def __init__(self, keys: Sequence[str], files_root: Path) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._files_root = files_root

    def seal(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return `config` with every plain secret encrypted and every reference checked."""
        return {
            key: self._sealed(key, value) if key in SECRET_KEYS else value
            for key, value in config.items()
        }

    def open(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return `config` with every secret in plain text, for the driver alone."""
        return {
            key: self._opened(key, value) if key in SECRET_KEYS else value
            for key, value in config.items()
        }

    def _sealed(self, key: str, value: Any) -> dict[str, str]:
        if isinstance(value, str):
            return {_ENCRYPTED: self._fernet.encrypt(value.encode()).decode()}
        kind, content = _reference(key, value)
        if kind == _ENV and (
            not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", content) or content.startswith("GATEWAY_")
        ):
            raise InvalidConfig(
                key, "$env must name an environment variable that isn't one of GATEWAY_…"
            )
        if kind == _FILE:
            self._secret_file(key, content)
        return {kind: content}

    def _opened(self, key: str, value: Any) -> str:
        if isinstance(value, str):
            raise InvalidConfig(key, "it is stored in plain text; save the database again")
        kind, content = _reference(key, value)
        if kind == _ENCRYPTED:
            try:
                return self._fernet.decrypt(content.encode()).decode()
            except InvalidToken:
                raise InvalidConfig(
                    key, "it was encrypted with a key that GATEWAY_SECRET_KEYS lacks"
                ) from None
        if kind == _ENV:
            if content not in os.environ:
                raise InvalidConfig(key, f"the environment variable {content} is not set")
            return os.environ[content]
        try:
            return self._secret_file(key, content).read_text().rstrip("\r\n")
        except OSError:
            raise InvalidConfig(key, f"the file {content} can't be read") from None

    def _secret_file(self, key: str, content: str) -> Path:
        path = (self._files_root / content).resolve()
        if not path.is_relative_to(self._files_root.resolve()):
            raise InvalidConfig(
                key, f"$file must lie in {self._files_root} (GATEWAY_SECRET_FILES_ROOT)"
            )
        return path


def redact(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` as it may be shown: encrypted secrets hidden, references as they are."""
    return {key: _hidden(value) if key in SECRET_KEYS else value for key, value in config.items()}


def restore(config: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return an edited `config` whose hidden secrets are those of `stored` again."""
    return {
        key: stored[key] if value == HIDDEN and key in stored else value
        for key, value in config.items()
    }


def _hidden(value: Any) -> Any:
    return value if isinstance(value, Mapping) and value.keys() <= {_ENV, _FILE} else HIDDEN


def _reference(key: str, value: Any) -> tuple[str, str]:
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, content),) = value.items()
        if kind in (_ENCRYPTED, _ENV, _FILE) and isinstance(content, str):
            return kind, content
    raise InvalidConfig(key, 'it must be text, {"$env": "NAME"} or {"$file": "path"}')
