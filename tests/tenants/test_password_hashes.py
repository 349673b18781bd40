"""Formats of hashes: which is which, what is too costly, and dummies that cost the same."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, PBKDF2PasswordHasher

from tenants.authentication.password_hashes import (
    UnreadableHash,
    check_format,
    dummy_of,
    format_of,
)

pytestmark = pytest.mark.pure
SALT, DIGEST = "N9qo8uLOickgx2ZMRZoMye", "IjZAgcfl7p92ldGxad68LJZdL17lhWy"
BCRYPT = f"$2b$12${SALT}{DIGEST}"
ARGON2 = (
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"
)
PBKDF2 = PBKDF2PasswordHasher().encode("a", "salt" * 6, 1000)
MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("django", PBKDF2),
        ("django", f"bcrypt{BCRYPT}".replace("bcrypt", "bcrypt_sha256$", 1)),
        ("django", f"argon2{ARGON2}"),
        ("bcrypt", BCRYPT),
        ("bcrypt", BCRYPT.replace("2b", "2y")),
        ("argon2", ARGON2),
        (MD5, MD5PasswordHasher().encode("a", "salt")),
    ],
)
def test_hashes_are_of_one_format(name, stored) -> None:
    matching = {one for one in ("django", "bcrypt", "argon2") if format_of(one).matches(stored)}
    assert matching == ({name} if name != MD5 else set())
    assert format_of(name).matches(stored)


@pytest.mark.parametrize(
    ("name", "stored", "says"),
    [
        ("django", "", "not a hash of this format"),
        ("django", BCRYPT, "not a hash of this format"),
        ("django", "md5$salt$hash", "not a hash of this format"),
        ("django", "pbkdf2_sha256$many$salt$hash", "parts can't be read"),
        ("django", "pbkdf2_sha256$1000", "parts can't be read"),
        ("django", "pbkdf2_sha256$5000001$salt$hash", "iterations of 5000001"),
        ("django", "pbkdf2_sha256$-1$salt$hash", "iterations of -1"),
        ("django", f"pbkdf2_sha256$1$s${'x' * 1000}", "not a hash of this format"),
        ("django", "scrypt$1048576$salt$8$5$hash", "work_factor of 1048576"),
        ("bcrypt", BCRYPT.replace("12", "31"), "work_factor of 31"),
        ("bcrypt", BCRYPT[:-1], "not a hash of this format"),
    ],
)
def test_what_is_not_read(name, stored, says) -> None:
    with pytest.raises(UnreadableHash, match=says):
        format_of(name).read(stored)


@pytest.mark.parametrize(
    "stored", [PBKDF2, BCRYPT, f"bcrypt${BCRYPT}", ARGON2, "md5$salt$" + "0f" * 16]
)
def test_a_dummy_differs_in_its_digest_alone(stored) -> None:
    dummy = dummy_of(stored)
    assert len(dummy) == len(stored)
    assert dummy != stored
    assert dummy != dummy_of(stored)
    kept = stored[: -len(DIGEST)] if "$2b$" in stored else stored.rpartition("$")[0]
    assert dummy.startswith(kept)


def test_a_dummy_is_read_and_fits_no_password() -> None:
    hasher, encoded = format_of("django").read(dummy_of(PBKDF2))
    assert hasher.decode(encoded)["iterations"] == 1000
    assert not hasher.verify("a", encoded)
    assert hasher.verify("a", PBKDF2)


def test_weak_hashes_are_outdated_and_stronger_ones_are_not() -> None:
    django = format_of("django")
    assert django.is_outdated(PBKDF2)
    now = PBKDF2PasswordHasher.iterations
    assert not django.is_outdated(f"pbkdf2_sha256${now}$salt$hash")
    assert not django.is_outdated(f"pbkdf2_sha256${now * 2}$salt$hash")
    assert format_of("bcrypt").is_outdated(BCRYPT.replace("12", "04"))
    assert not format_of("bcrypt").is_outdated(BCRYPT.replace("12", "14"))
    assert not format_of(MD5).is_outdated("md5$salt$hash")


@pytest.mark.parametrize("name", ["os.system", MD5, "", "Django"])
def test_a_path_that_is_not_listed_is_refused(name) -> None:
    with pytest.raises(ValueError, match="GATEWAY_USER_HASHERS"):
        check_format(name, ())
    check_format(name, (name,))
