"""The secrets of a configuration: encrypted at rest, or references, and never shown.

A stored secret is `{"$encrypted": token}` (Fernet: AES-128-CBC with HMAC-SHA256),
`{"$env": "NAME"}` or `{"$file": "path"}`. Each database's secrets have keys of their own, derived
from the gateway's (HKDF, RFC 5869): what was encrypted for one can't be opened as another's. The
first key encrypts, all of them decrypt, so that keys can be rotated.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dynamic_databases.config.allowed import destination_of
from dynamic_databases.config.values import text
from dynamic_databases.errors import InvalidConfig

SECRET_KEYS = frozenset({"PASSWORD"})
HIDDEN = "••••••••"
_NOTHING: Mapping[str, Any] = {}
_LONGEST_PATH = 1024
_LONGEST_SECRET = 8192
# PGPASSWORD is the control database's; the folders are where clusters mount a pod's own tokens.
_OWN_VARIABLES = ("GATEWAY_", "PGPASSWORD")
_POD_TOKENS = frozenset({"kubernetes.io", "eks.amazonaws.com", "pods.eks.amazonaws.com"})
_ENCRYPTED, _ENV, _FILE = "$encrypted", "$env", "$file"


@dataclass(frozen=True)
class ReferenceRules:
    """Which variables and files a configuration may refer to; by default none.

    `env_names` are patterns (`DB_*`), `files` patterns of paths below `files_root` (`crm/*`), where
    `*` matches no slash. `own_folder` holds the gateway's own files, which no pattern opens.
    """

    files_root: Path
    env_names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    own_folder: Path | None = None

    def check_variable(self, key: str, name: str) -> None:
        """Raise InvalidConfig where `$env` may not name this variable."""
        is_name = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        if not is_name or name.startswith(_OWN_VARIABLES):
            reason = "$env must name an environment variable that isn't the gateway's own"
            raise InvalidConfig(key, reason)
        if not any(fnmatchcase(name, pattern) for pattern in self.env_names):
            allowed = ", ".join(self.env_names) or "none"
            reason = f"$env must name a variable that GATEWAY_SECRET_ENV lists; it lists {allowed}"
            raise InvalidConfig(key, reason)

    def secret_file(self, key: str, content: str) -> Path:
        """Return the file that `$file` names, links followed. Raises InvalidConfig."""
        if "\0" in content or len(content) > _LONGEST_PATH:
            raise InvalidConfig(key, "$file must name a file")
        name = PurePosixPath(os.path.normpath(content))
        root = self.files_root.resolve()
        path = (root / name).resolve()
        if name.is_absolute() or not path.is_relative_to(root):
            reason = "$file must be a relative path below GATEWAY_SECRET_FILES_ROOT"
            raise InvalidConfig(key, reason)
        if self._is_own(name, path):
            raise InvalidConfig(key, "$file must not name a file of the gateway's own")
        if not any(_matches(name, pattern) for pattern in self.files):
            allowed = ", ".join(self.files) or "none"
            reason = f"$file must name a file that GATEWAY_SECRET_FILES lists; it lists {allowed}"
            raise InvalidConfig(key, reason)
        return path

    def _is_own(self, name: PurePosixPath, path: Path) -> bool:
        """Return whether a file is the gateway's: its keys, or the tokens of its pod."""
        if self.own_folder is not None and path.is_relative_to(self.own_folder.resolve()):
            return True
        return not _POD_TOKENS.isdisjoint((*name.parts, *path.parts))


class Secrets:
    """Seals and opens the secrets of one owner's configuration.

    `owner` never changes and is never reused. `references` says what `$env` and `$file` may name.
    """

    def __init__(self, keys: Sequence[str], owner: str, references: ReferenceRules) -> None:
        self._references = references
        self._fernets = fernets_for(keys, f"database secrets:{owner}")
        self._fernet = MultiFernet(self._fernets)

    def seal(
        self, config: Mapping[str, Any], stored: Mapping[str, Any] = _NOTHING
    ) -> dict[str, Any]:
        """Return `config` with plain secrets encrypted, references and tokens checked.

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

    def check_references(self, config: Mapping[str, Any]) -> None:
        """Check that every reference is allowed, without following it. Raises InvalidConfig."""
        for key in SECRET_KEYS & config.keys():
            if isinstance(config[key], Mapping):
                self._check_reference(key, *_reference(key, config[key]))

    def rotate(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return `config` with every encrypted secret under the first key; equal if it is already.

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
        self._check_reference(key, kind, content)
        if kind == _ENCRYPTED:
            self._opened(key, value)
        return {kind: content}

    def _check_reference(self, key: str, kind: str, content: str) -> None:
        if kind == _ENV:
            self._references.check_variable(key, content)
        if kind == _FILE:
            self._references.secret_file(key, content)

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
                    (
                        "it was encrypted for another database, "
                        "or with a key that GATEWAY_SECRET_KEYS lacks"
                    ),
                ) from None
        if kind == _ENV:
            self._references.check_variable(key, content)  # the setting may have changed
            if content not in os.environ:
                raise InvalidConfig(key, f"the environment variable {content} is not set")
            return text(f"{key}, the variable {content}", os.environ[content], _LONGEST_SECRET)
        try:
            found = self._references.secret_file(key, content).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise InvalidConfig(key, f"the file {content} can't be read as text") from None
        return text(f"{key}, the file {content}", found, _LONGEST_SECRET)


def redact(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` as it may be shown: encrypted secrets hidden, references as they are."""
    return {key: _hidden(value) if key in SECRET_KEYS else value for key, value in config.items()}


def hide(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` for editing: secrets and references are hidden, so that they can be kept."""
    return {key: HIDDEN if key in SECRET_KEYS else value for key, value in config.items()}


def is_given(config: Mapping[str, Any]) -> bool:
    """Return whether an edited `config` gives new secrets: none comes back hidden."""
    return all(config[key] != HIDDEN for key in SECRET_KEYS & config.keys())


def restore(config: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return an edited `config` whose hidden secrets are those of `stored` again."""
    return {
        key: stored[key] if value == HIDDEN and key in stored else value
        for key, value in config.items()
    }


def _matches(name: PurePosixPath, pattern: str) -> bool:
    """Return whether a path fits a pattern part by part: `crm/*` has no `crm/a/b`."""
    parts = PurePosixPath(pattern).parts
    return len(parts) == len(name.parts) and all(map(fnmatchcase, name.parts, parts))


def check_destination(
    config: Mapping[str, Any], stored: Mapping[str, Any], *, given: bool = False
) -> None:
    """Raise InvalidConfig where a stored secret would go elsewhere than before.

    Both are checked configurations. A reference that is given again equals the stored one: `given`
    says that it was.
    """
    kept = [
        key
        for key in SECRET_KEYS
        if key in stored
        and config.get(key) == stored[key]
        and (_is_sealed(stored[key]) or not given)
    ]
    before, after = destination_of(stored), destination_of(config)
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    if kept and changed:
        reason = f"{', '.join(changed)} changed: enter it again, the stored one stays where it was"
        raise InvalidConfig(kept[0], reason)


def _is_sealed(value: Any) -> bool:
    return isinstance(value, Mapping) and _ENCRYPTED in value


def fernets_for(keys: Sequence[str], purpose: str) -> list[Fernet]:
    """Return the cipher of each key, for one purpose: no other purpose opens its texts."""
    return [Fernet(_derived(key, purpose)) for key in keys]


def _derived(key: str, purpose: str) -> bytes:
    derive = HKDF(SHA256(), 32, salt=None, info=purpose.encode())
    return urlsafe_b64encode(derive.derive(urlsafe_b64decode(key)))


def _hidden(value: Any) -> Any:
    return value if isinstance(value, Mapping) and value.keys() <= {_ENV, _FILE} else HIDDEN


def _reference(key: str, value: Any) -> tuple[str, str]:
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, content),) = value.items()
        if kind in (_ENCRYPTED, _ENV, _FILE) and isinstance(content, str):
            return kind, content
    raise InvalidConfig(key, 'it must be text, {"$env": "NAME"} or {"$file": "path"}')
