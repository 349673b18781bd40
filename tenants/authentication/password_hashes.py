"""Formats in which tables hold hashes of passwords, all read by Django's hashers.

django          what Django stores: `pbkdf2_sha256$…`, `argon2$…`, `bcrypt_sha256$…`, `scrypt$…`
bcrypt          `$2a$…`, `$2b$…` or `$2y$…`, as bcrypt itself writes it
argon2          `$argon2id$v=19$…`, as argon2 itself writes it
a dotted path   a class with Django's hasher interface, which GATEWAY_USER_HASHERS lists
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth import hashers
from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.module_loading import import_string

_LONGEST = 1000  # characters of a hash
_BCRYPT_BYTES = 72  # of a password; bcrypt has no place for more
# What a stored hash may cost: a table belongs to its tenant, the processor to everybody.
_HIGHEST: Mapping[str, int] = {
    "iterations": 5_000_000,
    "memory_cost": 262_144,  # KiB
    "time_cost": 16,
    "parallelism": 64,
    "block_size": 16,
}
_HIGHEST_WORK_FACTOR: Mapping[str, int] = {"scrypt": 1 << 15}
_HIGHEST_BCRYPT_FACTOR = 15
# What Django's hashers read out of a hash, and where they keep what new ones get.
_COSTS = (
    ("iterations", "iterations"),
    ("memory_cost", "memory_cost"),
    ("time_cost", "time_cost"),
    ("work_factor", "rounds"),
    ("work_factor", "work_factor"),
)


class UnreadableHash(ValueError):
    """A stored hash that isn't of its format, or costs more than may be; the text says which."""


class BCryptHasher(hashers.BCryptPasswordHasher):
    """Django's, for the hashes of other programs: they drop what is beyond bcrypt's 72 bytes.

    The library refuses longer passwords from version 5 on.
    """

    def encode(self, password: str, salt: bytes) -> str:  # type: ignore[override]  # as Django's
        bcrypt = self._load_library()  # type: ignore[attr-defined]  # the stubs lack it
        data: bytes = bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], salt)
        return f"{self.algorithm}${data.decode('ascii')}"


@dataclass(frozen=True)
class HashFormat:
    """Hashers that read a format; Django puts `prefix` before what the table holds."""

    hashers: tuple[BasePasswordHasher, ...]  # the first makes new hashes
    prefix: str = ""
    shape: str = ".*"  # a regular expression that each hash fits

    def matches(self, stored: str) -> bool:
        """Return whether a stored text looks like a hash of this format."""
        return re.match(self.shape, stored) is not None

    def read(self, stored: str) -> tuple[BasePasswordHasher, str]:
        """Return the hasher of a stored hash, and the hash as Django spells it.

        Raises UnreadableHash.
        """
        if not self.matches(stored) or len(stored) > _LONGEST:
            raise UnreadableHash("it is not a hash of this format")
        encoded = self.prefix + stored
        hasher = self._hasher(encoded)
        try:
            decoded = hasher.decode(encoded)
        except NotImplementedError:
            return hasher, encoded  # a hasher of the project's own need not take it apart
        except (ValueError, AssertionError, LookupError) as error:
            raise UnreadableHash(f"its parts can't be read ({type(error).__name__})") from error
        _check_cost(encoded, decoded)
        return hasher, encoded

    def make(self, password: str) -> str:
        """Return a new hash of a password, as the table holds it."""
        hasher = self.hashers[0]
        return hasher.encode(password, hasher.salt()).removeprefix(self.prefix)

    def is_outdated(self, stored: str) -> bool:
        """Return whether a hash costs a guesser less than a new one of its algorithm would."""
        hasher, encoded = self.read(stored)
        try:
            decoded = hasher.decode(encoded)
        except NotImplementedError:
            return False
        costs = [
            (decoded[name], getattr(hasher, attribute))
            for name, attribute in _COSTS
            if name in decoded and hasattr(hasher, attribute)
        ]
        return any(now < new for now, new in costs) and all(now <= new for now, new in costs)

    def _hasher(self, encoded: str) -> BasePasswordHasher:
        if len(self.hashers) == 1:
            return self.hashers[0]
        algorithm = encoded.partition("$")[0]  # one of them: the hash fits `shape`
        return next(hasher for hasher in self.hashers if hasher.algorithm == algorithm)


_DJANGOS_HASHERS: tuple[BasePasswordHasher, ...] = (
    hashers.PBKDF2PasswordHasher(),
    hashers.PBKDF2SHA1PasswordHasher(),
    hashers.Argon2PasswordHasher(),
    hashers.BCryptSHA256PasswordHasher(),
    BCryptHasher(),
    hashers.ScryptPasswordHasher(),  # type: ignore[attr-defined]  # the stubs lack it
)
_ALGORITHMS = "|".join(str(hasher.algorithm) for hasher in _DJANGOS_HASHERS)
_FORMATS: Mapping[str, HashFormat] = {
    "django": HashFormat(_DJANGOS_HASHERS, shape=rf"({_ALGORITHMS})\$."),
    "bcrypt": HashFormat((BCryptHasher(),), "bcrypt$", r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$"),
    "argon2": HashFormat((hashers.Argon2PasswordHasher(),), "argon2", r"\$argon2(id|i|d)\$."),
}


def check_format(name: str, listed: Collection[str]) -> None:
    """Raise ValueError where a format is neither one of ours nor a listed path."""
    if name not in _FORMATS and name not in listed:
        raise ValueError(
            f"{name!r} is no format of hashes; there are {', '.join((*_FORMATS, *listed))}. "
            "Name a class of your own in GATEWAY_USER_HASHERS first"
        )


@cache
def format_of(name: str) -> HashFormat:
    """Return a format whose name was checked; a path is imported. Raises ImportError."""
    known = _FORMATS.get(name)
    return known if known is not None else HashFormat((import_string(name)(),))


def dummy_of(stored: str) -> str:
    """Return a hash that costs what `stored` costs, and that fits no password.

    Its last part, the digest, is random; algorithm, costs and salt stay as they are.
    """
    bcrypt = re.fullmatch(r"((?:.*\$)?\$2[aby]\$\d\d\$.{22})(.{31})", stored)
    if bcrypt is not None:  # salt and digest are one text
        return bcrypt[1] + _random_like(bcrypt[2])
    head, mark, digest = stored.rpartition("$")
    return head + mark + _random_like(digest)


def _random_like(digest: str) -> str:
    """Return a random text of the same length, in hexadecimal or base64 as the given one is."""
    if re.fullmatch(r"[0-9a-f]+", digest):
        return secrets.token_hex(len(digest))[: len(digest)]
    plain = digest.rstrip("=")
    text = b64encode(secrets.token_bytes(len(plain) * 6 // 8)).decode().rstrip("=")
    text = text.replace("+", "/").ljust(len(plain), "A")[: len(plain)]
    return text + digest[len(plain) :]


def _check_cost(encoded: str, decoded: Mapping[str, Any]) -> None:
    """Raise UnreadableHash where checking a password would take too long."""
    factor = _HIGHEST_WORK_FACTOR.get(encoded.partition("$")[0], _HIGHEST_BCRYPT_FACTOR)
    highest = {**_HIGHEST, "work_factor": factor}
    for name, most in highest.items():
        if (cost := decoded.get(name)) is not None and not 0 < cost <= most:
            raise UnreadableHash(f"its {name} of {cost} is above {most}, what may be spent on it")
