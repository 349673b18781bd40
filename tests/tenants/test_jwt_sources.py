"""Where keys come from: a file and an address on loopback, which fail in every way."""

from __future__ import annotations

import logging
import time

import pytest

from tenants.authentication.issuers.settings import read_issuers
from tenants.authentication.issuers.sources import IssuerKeys, KeysUnreadable
from tests.fixtures.http_proxy import self_signed
from tests.fixtures.issuers import jwk_of, jwks_of, rsa_key, setting

ONE, TWO = jwk_of(rsa_key(), "one"), jwk_of(rsa_key(1), "two")


class Clock:
    """Seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def keys_at(clock: Clock | None = None, **place: str) -> IssuerKeys:
    (config,) = read_issuers(setting(**place))
    return IssuerKeys(config, clock or Clock())


def kids(keys: IssuerKeys) -> set[str]:
    return {kid for kid in ("one", "two", "three") if keys.find(kid, "RS256") is not None}


def test_an_address_is_asked_for_its_keys(key_server) -> None:
    keys = keys_at(jwks_url=key_server.url)
    assert not keys.are_known
    keys.refresh()
    assert kids(keys) == {"one"}

    key_server.body = jwks_of(ONE, TWO)
    keys.refresh()
    assert (kids(keys), keys.version) == ({"one", "two"}, 0)
    key_server.body = jwks_of(TWO)
    keys.refresh()
    assert (kids(keys), keys.version) == ({"two"}, 1)


def _status(status: int, **headers: str):
    def answer(handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def _body(body: bytes):
    def answer(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def _endless(handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b" " * 65_536)


def _slow(handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def _slow_headers(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def _hangs_up(handler) -> None:
    handler.connection.close()


FAILURES = {
    "error": (_status(500), "status 500"),
    "not found": (_status(404), "status 404"),
    "redirect": (_status(302, Location="/other"), r"status 302 \(a redirect\)"),
    "redirect to a file": (_status(301, Location="file:///etc/passwd"), r"301 \(a redirect\)"),
    "a page": (_body(b"<html>"), "neither PEM"),
    "no keys": (_body(b"{}"), "no key for RS256"),
    "nested": (_body(b'{"keys": ' + b"[" * 5000), "begins like JSON"),
    "cut off": (_body(jwks_of(ONE)[:-1]), "begins like JSON"),
    "empty": (_body(b""), "neither PEM"),
    "endless": (_endless, "above 500000 bytes"),
    "slow": (_slow, "took more than 3 s"),
    "slow headers": (_slow_headers, "took more than 3 s"),
    "hangs up": (_hangs_up, r"Remote end closed|reset"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_issuer_that_fails_keeps_its_last_keys(key_server, failure) -> None:
    answer, words = FAILURES[failure]
    keys = keys_at(jwks_url=key_server.url)
    keys.refresh()
    key_server.answer = answer
    with pytest.raises(KeysUnreadable, match=words):
        keys.refresh()

    assert (kids(keys), keys.version) == ({"one"}, 0)
    assert key_server.paths == ["/jwks.json"] * 2  # no redirect was followed
    key_server.answer = None
    keys.refresh()


def test_only_certificates_that_the_system_trusts_are_taken(
    key_server, tmp_path, monkeypatch
) -> None:
    certificate = self_signed(tmp_path)
    key_server.use_tls(certificate)
    keys = keys_at(jwks_url=key_server.url.replace("http:", "https:"))
    with pytest.raises(KeysUnreadable, match="CERTIFICATE_VERIFY_FAILED"):
        keys.refresh()

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    keys.refresh()
    assert kids(keys) == {"one"}


def test_an_issuer_that_is_down_keeps_its_last_keys(key_server) -> None:
    keys = keys_at(jwks_url=key_server.url)
    keys.refresh()
    key_server.stop()
    with pytest.raises(KeysUnreadable, match="refused"):
        keys.refresh()
    assert kids(keys) == {"one"}


def test_unknown_keys_are_asked_for_once_in_ten_seconds(key_server, caplog) -> None:
    clock = Clock()
    keys = keys_at(clock, jwks_url=key_server.url)
    for _ in range(5):
        keys.ask()
    assert (key_server.asked, keys.may_ask()) == (1, False)

    clock.now += 9.9
    assert not keys.may_ask()
    clock.now += 0.1
    key_server.answer = _status(503)
    assert keys.may_ask()
    with caplog.at_level(logging.WARNING, "tenants.authentication.issuers"):
        keys.ask()
    assert key_server.asked == 2
    assert "status 503" in caplog.text
    assert kids(keys) == {"one"}


def test_a_file_is_read_again(tmp_path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(jwks_of(ONE))
    keys = keys_at(key_file=str(file))
    keys.refresh()
    file.write_bytes(jwks_of(TWO))
    keys.refresh()
    assert (kids(keys), keys.version) == ({"two"}, 1)

    file.write_bytes(b"half a")
    with pytest.raises(KeysUnreadable, match="can't be used"):
        keys.refresh()
    file.unlink()
    with pytest.raises(KeysUnreadable, match="No such file"):
        keys.refresh()
    assert kids(keys) == {"two"}


def test_keys_in_the_settings_are_known_at_once_and_never_read() -> None:
    keys = keys_at(key=ONE)
    assert (keys.are_known, keys.change, keys.may_ask()) == (True, False, False)
