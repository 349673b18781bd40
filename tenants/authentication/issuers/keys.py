"""Keys that check signatures: of a PEM text, a secret, or a set of JSON Web Keys (RFC 7517)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

Key = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | bytes
_SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}  # at least (RFC 7518, §3.2)
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1", "ES256K": "secp256k1"}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_RSA_BITS = range(2048, 16_385)  # RFC 7518, §3.3; longer ones take long
_MOST_KEYS = 100
_LONGEST_KEY_ID = 200
SECRET_ALGORITHMS = tuple(_SECRET_BYTES)
PUBLIC_ALGORITHMS = (*_RSA, *_CURVES, "EdDSA")


class BadKeys(ValueError):
    """A text that holds no usable key; the message never repeats it."""


@dataclass(frozen=True)
class KeySet:
    """The keys of an issuer, each with the algorithms that it may be used with.

    `marks` are digests of the keys: what is missing in a later set was withdrawn.
    """

    named: Mapping[tuple[str, str], Key]  # by key id and algorithm
    alone: Mapping[str, Key]  # by algorithm, where no other key could be meant
    marks: frozenset[str]

    def find(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the key of a token's header. Without ids of our own, those of tokens don't count.

        A token without an id is taken where one key alone fits its algorithm.
        """
        if key_id is None or not self.named:
            return self.alone.get(algorithm)
        return self.named.get((key_id, algorithm))


@dataclass(frozen=True)
class _Usable:
    key_id: str | None
    algorithm: str
    key: Key


def key_set(text: bytes, algorithms: Sequence[str]) -> KeySet:
    """Return the keys of a text: PEM, a JWK or a set of them, or a secret for `HS…`.

    A line's end after a secret is no part of it. Raises BadKeys where no key fits an algorithm.
    """
    usable = list(_usable_keys(text.rstrip(b"\r\n"), algorithms))
    if not usable:
        raise BadKeys(f"it holds no key for {', '.join(algorithms)} that can be used")
    named: dict[tuple[str, str], Key] = {}
    for one in usable:
        if one.key_id is not None:
            named.setdefault((one.key_id, one.algorithm), one.key)
    counts = {name: [one.key for one in usable if one.algorithm == name] for name in algorithms}
    alone = {name: keys[0] for name, keys in counts.items() if len(keys) == 1}
    return KeySet(named, alone, frozenset(_mark(one) for one in usable))


def _usable_keys(text: bytes, algorithms: Sequence[str]) -> Iterator[_Usable]:
    if text.startswith(b"-----BEGIN"):
        key = _pem_key(text)
        yield from (_Usable(None, name, key) for name in algorithms if _fits(name, key))
        return
    jwks = _jwks(text)
    if jwks is not None:
        for one in jwks:
            yield from _of_jwk(one, algorithms)
    elif set(algorithms) <= _SECRET_BYTES.keys():
        longest = max(_SECRET_BYTES[name] for name in algorithms)
        if len(text) < longest:
            raise BadKeys(f"a secret for {', '.join(algorithms)} has at least {longest} bytes")
        _check_secret(text)
        yield from (_Usable(None, name, text) for name in algorithms)
    else:
        raise BadKeys("it is neither PEM (-----BEGIN PUBLIC KEY-----) nor a JSON Web Key")


def _check_secret(text: bytes) -> None:
    """Raise BadKeys for a secret that everybody knows, such as a public key."""
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(text)
    except jwt.InvalidKeyError:
        raise BadKeys(
            "it is a public key: that is no secret, HS… must not be used with it"
        ) from None


def _pem_key(text: bytes) -> Any:
    """Return the public key of a PEM text or a certificate. Raises BadKeys."""
    try:
        if text.startswith(b"-----BEGIN CERTIFICATE-----"):
            return x509.load_pem_x509_certificate(text).public_key()
        return load_pem_public_key(text)
    except ValueError:
        raise BadKeys(
            "it is no public key or certificate in PEM; a private key stays with its issuer"
        ) from None


def _jwks(text: bytes) -> list[Any] | None:
    """Return the members of a set, or a single JWK; None for a text that is no JSON object."""
    if not text.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKeys("it begins like JSON and is none") from None
    keys = found.get("keys", [found])
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise BadKeys(f"its member keys must be a list of at most {_MOST_KEYS} keys")
    return keys


def _of_jwk(jwk: Any, algorithms: Sequence[str]) -> Iterator[_Usable]:
    """Yield a JWK once for each algorithm that it may be used with; nothing where it can't be."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return
    key_id = jwk.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_KEY_ID:
        key_id = None
    for name in algorithms:
        if jwk.get("alg", name) != name:
            continue
        try:
            key = jwt.PyJWK(jwk, name).key
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            continue  # of a kind that isn't known, or for another algorithm
        if _fits(name, key):
            yield _Usable(key_id, name, key)


def _fits(algorithm: str, key: Any) -> bool:
    """Return whether a key is of an algorithm's family, public, and strong enough."""
    match key:
        case bytes():
            return len(key) >= _SECRET_BYTES.get(algorithm, len(key) + 1)
        case RSAPublicKey():
            return algorithm in _RSA and key.key_size in _RSA_BITS
        case EllipticCurvePublicKey():
            return _CURVES.get(algorithm) == key.curve.name
        case Ed25519PublicKey() | Ed448PublicKey():
            return algorithm == "EdDSA"
        case _:
            return False


def _mark(one: _Usable) -> str:
    key = one.key
    if not isinstance(key, bytes):
        key = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(f"{one.key_id}/{one.algorithm}/".encode() + key).hexdigest()
