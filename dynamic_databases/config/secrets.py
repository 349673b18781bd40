"""The secrets of a configuration: encrypted at rest, or references, and never shown.

A stored secret is `{"$encrypted": token}` (Fernet: AES-128-CBC with HMAC-SHA256),
`{"$env": "NAME"}` or `{"$file": "path"}`. Each database's secrets have keys of their own, derived from
the gateway's (HKDF, RFC 5869): what was encrypted for one can't be opened as another's. The first key
encrypts, all of them decrypt, so that keys can be rotated.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dynamic_databases.errors import InvalidConfig

SECRET_KEYS = frozenset({"PASSWORD"})
HIDDEN = "••••••••"
_NOTHING: Mapping[str, Any] = {}
_ENCRYPTED, _ENV, _FILE = "$encrypted", "$env", "$file"


class Secrets:
    """Seals and opens the secrets of one owner's configuration; `owner` never changes and is never reused.

    `$env` may name the variables that one of `env_names` matches (`DB_*`), those of the gateway never.
    """

    def __init__(
        self, keys: Sequence[str], files_root: Path, owner: str, env_names: Sequence[str] = ("*",)
    ) -> None:
        self._env_names = tuple(env_names)
        self._fernets = [Fernet(_derived(key, owner)) for key in keys]
        self._fernet = MultiFernet(self._fernets)
        self._files_root = files_root

    def seal(
        self, config: Mapping[str, Any], stored: Mapping[str, Any] = _NOTHING
    ) -> dict[str, Any]:
        """Return `config` with every plain secret encrypted, every reference and every token checked.

        What is as it is `stored` stays, even where no key opens it any more.
        """
        return {
            key: self._sealed(key, value)
            if key in SECRET_KEYS and (key not in stored or stored[key] != value)
            else value
            for key, value in config.items()
        }

    def open(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return `config` with every secret in plain text, for the driver alone."""
        return {
            key: self._opened(key, value) if key in SECRET_KEYS else value
            for key, value in config.items()
        }

    def rotate(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return `config` with every encrypted secret under the first key; equal where it is already.

        Raises InvalidConfig where no key opens one.
        """
        return {
            key: self._rotated(key, value) if key in SECRET_KEYS else value
            for key, value in config.items()
        }

    def _rotated(self, key: str, value: Any) -> Any:
        kind, content = _reference(key, value)
        if kind != _ENCRYPTED:
            return value
        try:
            self._fernets[0].decrypt(content.encode())
        except InvalidToken:
            return self._sealed(key, self._opened(key, value))
        return value

    def _sealed(self, key: str, value: Any) -> dict[str, str]:
        if isinstance(value, str):
            return {_ENCRYPTED: self._fernet.encrypt(value.encode()).decode()}
        kind, content = _reference(key, value)
        if kind == _ENV:
            self._check_variable(key, content)
        if kind == _FILE:
            self._secret_file(key, content)
        if kind == _ENCRYPTED:
            self._opened(key, value)
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
                    key,
                    "it was encrypted for another database, or with a key that GATEWAY_SECRET_KEYS lacks",
                ) from None
        if kind == _ENV:
            self._check_variable(key, content)  # the names that may be may have changed
            if content not in os.environ:
                raise InvalidConfig(key, f"the environment variable {content} is not set")
            return os.environ[content]
        try:
            return self._secret_file(key, content).read_text().rstrip("\r\n")
        except OSError:
            raise InvalidConfig(key, f"the file {content} can't be read") from None

    def _check_variable(self, key: str, name: str) -> None:
        is_name = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        if not is_name or name.startswith("GATEWAY_"):
            text = "$env must name an environment variable that isn't one of GATEWAY_…"
            raise InvalidConfig(key, text)
        if not any(fnmatchcase(name, pattern) for pattern in self._env_names):
            allowed = ", ".join(self._env_names)
            text = f"$env must name one of {allowed or 'none'} (GATEWAY_SECRET_ENV)"
            raise InvalidConfig(key, text)

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


def _derived(key: str, owner: str) -> bytes:
    derive = HKDF(SHA256(), 32, salt=None, info=f"database secrets:{owner}".encode())
    return urlsafe_b64encode(derive.derive(urlsafe_b64decode(key)))


def _hidden(value: Any) -> Any:
    return value if isinstance(value, Mapping) and value.keys() <= {_ENV, _FILE} else HIDDEN


def _reference(key: str, value: Any) -> tuple[str, str]:
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, content),) = value.items()
        if kind in (_ENCRYPTED, _ENV, _FILE) and isinstance(content, str):
            return kind, content
    raise InvalidConfig(key, 'it must be text, {"$env": "NAME"} or {"$file": "path"}')
