"""Who may state a client's address, scheme and host; headers as real proxies send them."""

from __future__ import annotations

import pytest

from gateway.config_parsers import networks
from gateway.http.proxies import WAS_FORWARDED, Proxies, address_of

PEER = "10.0.0.1"
TRUSTED = networks("10.0.0.0/24,fd00::/64")


def seen(
    headers: list[tuple[str, str]],
    peer: str | None = PEER,
    kind: str = "x-forwarded",
    trusted=TRUSTED,
):
    """Return the client's address, the scheme, the host and the names of all headers."""
    given = [("host", "gateway:8000"), *headers]
    scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 4711) if peer is not None else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given],
    }
    found = Proxies(trusted, kind).client_scope(scope)
    (host,) = (value.decode() for name, value in found["headers"] if name == b"host")
    assert {name for name, _ in found["headers"]} <= {b"host", b"accept"}
    return found["client"] and found["client"][0], found["scheme"], host


XFF, XFP, XFH = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ([], (PEER, "http", "gateway:8000")),
        ([(XFF, "203.0.113.7")], ("203.0.113.7", "http", "gateway:8000")),
        ([(XFP, "https")], (PEER, "https", "gateway:8000")),
        ([(XFP, "HTTPS"), (XFH, "a.example:8443")], (PEER, "https", "a.example:8443")),
        # What the client wrote itself stands left of what the proxy saw.
        ([(XFF, "1.1.1.1, 203.0.113.7")], ("203.0.113.7", "http", "gateway:8000")),
        ([(XFF, "1.1.1.1"), (XFF, "203.0.113.7")], ("203.0.113.7", "http", "gateway:8000")),
        (
            [(XFF, "evil, 203.0.113.7"), (XFP, "https, http")],
            ("203.0.113.7", "http", "gateway:8000"),
        ),
        (
            [(XFF, "1.1.1.1, 203.0.113.7"), (XFH, "evil.example, a.example")],
            ("203.0.113.7", "http", "a.example"),
        ),
        # Two trusted proxies: both append, or the outer one sets.
        (
            [(XFF, "203.0.113.7, 10.0.0.9"), (XFP, "https, http")],
            ("203.0.113.7", "https", "gateway:8000"),
        ),
        (
            [(XFF, "203.0.113.7, 10.0.0.9"), (XFP, "https"), (XFH, "a.example")],
            ("203.0.113.7", "https", "a.example"),
        ),
        ([(XFF, "10.0.0.3, 10.0.0.9")], ("10.0.0.3", "http", "gateway:8000")),
        # Ports and IPv6, as the big clouds write them.
        ([(XFF, "203.0.113.7:51000")], ("203.0.113.7", "http", "gateway:8000")),
        ([(XFF, "2001:db8::7, fd00::9")], ("2001:db8::7", "http", "gateway:8000")),
        (
            [(XFF, "[2001:db8::7]:51000"), (XFH, "[2001:db8::1]:443")],
            ("2001:db8::7", "http", "[2001:db8::1]:443"),
        ),
        ([(XFF, "203.0.113.7, ::ffff:10.0.0.9")], ("203.0.113.7", "http", "gateway:8000")),
        # What isn't well formed counts for nothing.
        (
            [(XFF, "203.0.113.7, unknown"), (XFP, "gopher"), (XFH, "a b")],
            (PEER, "http", "gateway:8000"),
        ),
        ([(XFF, "203.0.113.7, nobody, 10.0.0.9")], ("10.0.0.9", "http", "gateway:8000")),
        ([(XFF, ""), (XFP, ","), (XFH, "a.example/../x")], (PEER, "http", "gateway:8000")),
        ([(XFF, "999.1.1.1"), (XFF, "²"), (XFH, "é.example")], (PEER, "http", "gateway:8000")),
        ([(XFH, "a" * 300)], (PEER, "http", "gateway:8000")),
        # The other kind, and vendors' own, aren't asked.
        (
            [
                ("Forwarded", "for=203.0.113.7;proto=https"),
                ("X-Real-IP", "1.1.1.1"),
                ("Via", "1.1 x"),
            ],
            (PEER, "http", "gateway:8000"),
        ),
    ],
)
def test_x_forwarded(headers, wanted) -> None:
    assert seen(headers) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["for=203.0.113.7;proto=https;host=a.example"], ("203.0.113.7", "https", "a.example")),
        (["For=1.1.1.1, FOR = 2.2.2.2"], (PEER, "http", "gateway:8000")),  # no space may be there
        (["for=1.1.1.1, For=203.0.113.7;By=10.0.0.1"], ("203.0.113.7", "http", "gateway:8000")),
        (
            ["for=203.0.113.7;proto=https", "for=10.0.0.9;proto=http"],
            ("203.0.113.7", "https", "gateway:8000"),
        ),
        (
            ['for="[2001:db8::7]:4711"; host="a.example:8443"'],
            ("2001:db8::7", "http", "a.example:8443"),
        ),
        (['for="203.0.113\\.7"'], ("203.0.113.7", "http", "gateway:8000")),
        ([" , for=203.0.113.7 ,, "], ("203.0.113.7", "http", "gateway:8000")),
        (["for=1.1.1.1;proto=http, for=_hidden;proto=https"], (PEER, "https", "gateway:8000")),
        (["for=1.1.1.1, for=unknown"], (PEER, "http", "gateway:8000")),
        (['for="x, for=203.0.113.7'], (PEER, "http", "gateway:8000")),
        (["for=203.0.113.7;for=1.1.1.1"], (PEER, "http", "gateway:8000")),
        (["for"], (PEER, "http", "gateway:8000")),
        (["=x"], (PEER, "http", "gateway:8000")),
        ([""], (PEER, "http", "gateway:8000")),
    ],
)
def test_forwarded(values: list[str], wanted) -> None:
    given = [*(("Forwarded", value) for value in values), (XFF, "9.9.9.9"), (XFP, "https")]

    assert seen(given, kind="forwarded") == wanted


ALL = [(XFF, "203.0.113.7"), (XFP, "https"), (XFH, "a.example")]
BELIEVED = ("203.0.113.7", "https", "a.example")


@pytest.mark.parametrize(
    ("peer", "trusted", "is_believed"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("::ffff:127.0.0.1", None, True),
        ("127.0.0.2", None, False),
        (PEER, None, False),
        (PEER, TRUSTED, True),
        ("::ffff:10.0.0.1", TRUSTED, True),
        ("fd00::5", TRUSTED, True),
        ("10.0.1.1", TRUSTED, False),
        ("127.0.0.1", TRUSTED, False),
        ("127.0.0.1", (), False),
        ("", (), True),
        (None, (), True),  # a Unix socket
    ],
)
def test_only_trusted_peers_are_believed(peer, trusted, is_believed: bool) -> None:
    found = seen(ALL, peer, trusted=trusted)

    assert found == (BELIEVED if is_believed else (peer, "http", "gateway:8000"))


@pytest.mark.parametrize(
    ("headers", "trusted", "was_forwarded"),
    [
        ([], None, False),
        ([("accept", "*/*")], None, False),
        ([], networks("127.0.0.1"), True),  # it is named as a proxy: it speaks for others
        ([], networks("127.0.0.9"), False),
        ([("via", "1.1 x")], (), True),
        ([("x-forwarded-prefix", "/")], None, True),
        ([("cf-connecting-ip", "x")], None, True),
    ],
)
def test_what_a_proxy_passed_on(headers, trusted, was_forwarded: bool) -> None:
    scope = {
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": [(n.encode(), v.encode()) for n, v in headers],
    }

    assert Proxies(trusted, "x-forwarded").client_scope(scope)[WAS_FORWARDED] is was_forwarded


def test_a_host_is_added_where_there_is_none_and_two_stay_two() -> None:
    def hosts(count: int) -> list[bytes]:
        given = [(b"host", b"gateway")] * count + [(b"x-forwarded-host", b"a.example")]
        scope = {"scheme": "http", "client": (PEER, 1), "headers": given}
        found = Proxies(TRUSTED, "x-forwarded").client_scope(scope)["headers"]
        return [value for name, value in found if name == b"host"]

    assert hosts(0) == hosts(1) == [b"a.example"]
    assert hosts(2) == [b"a.example"] * 2  # the gateway refuses them


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "1.2.3",
        "[::1",
        "::1]",
        "1.2.3.4:x",
        "::1%lo",
        "1.2.3.4:123456",
        "1" * 100_000,
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert address_of(text) is None
