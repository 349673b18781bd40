"""Proxies in front of the gateway: whose word is taken for a client's address, scheme and host.

A forwarding header counts only where the peer of the connection is a trusted proxy. Each trusted
proxy says of the request it received where it came from; the first address that is no trusted
proxy's is the client (RFC 7239, §7.4). No header of this kind reaches the rest of the gateway.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.config_parsers import Network, networks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Headers = Sequence[tuple[bytes, bytes]]

WAS_FORWARDED = "gateway.forwarded"  # the scope's key: True where a proxy passed the request on
LOOPBACK = networks("127.0.0.1,::1")
_FORWARDING = {
    *(b"cf-connecting-ip", b"client-ip", b"fastly-client-ip", b"forwarded", b"true-client-ip"),
    *(b"via", b"x-client-ip", b"x-cluster-client-ip", b"x-envoy-external-address"),
    *(b"x-original-forwarded-for", b"x-original-host", b"x-real-ip"),
}
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ADDRESS = re.compile(
    r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+)(?::[0-9]{1,5})?|([0-9A-Fa-f:.]+)"
)
_ADDRESS_CHARACTERS = 64  # what is longer is none, and not worth remembering
# One `name=value` of `Forwarded`, which may be missing, and what ends it.
_PAIR = re.compile(
    r"""\s*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+)))?\s*([;,]|$)"""
)


@dataclass(frozen=True)
class Hop:
    """What one proxy states about the request it received; empty texts where it states nothing."""

    client: str = ""
    scheme: str = ""
    host: str = ""


class Proxies:
    """The trusted proxies, and which headers of theirs are read.

    `trusted` is None where the operator named none: then this machine's loopback is trusted.
    A peer without an address came through a Unix socket and is trusted.
    """

    def __init__(self, trusted: Sequence[Network] | None, headers: str) -> None:
        self._networks = LOOPBACK if trusted is None else tuple(trusted)
        self._are_named = trusted is not None
        self._hops = _READERS[headers]

    def trusts(self, address: str) -> bool:
        """Return whether the peer of a connection is a trusted proxy; "" is a Unix socket's."""
        return not address or self._contains(address_of(address))

    def client_scope(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return an ASGI scope as the client made the request, without forwarding headers."""
        headers: Headers = scope["headers"]
        kept = [
            pair
            for pair in headers
            if pair[0] not in _FORWARDING and not pair[0].startswith(b"x-forwarded-")
        ]
        peer = scope["client"][0] if scope.get("client") else ""
        if len(kept) == len(headers):
            is_proxy = self._are_named and self.trusts(peer)
            return {**scope, WAS_FORWARDED: is_proxy}
        found = {**scope, "headers": kept, WAS_FORWARDED: True}
        return self._as_received(found, self._hops(headers)) if self.trusts(peer) else found

    def _as_received(self, scope: dict[str, Any], hops: Iterator[Hop]) -> dict[str, Any]:
        """Walk from the nearest proxy to the client; what isn't well formed is passed over."""
        for hop in hops:
            if hop.scheme.lower() in ("http", "https"):
                scope["scheme"] = hop.scheme.lower()
            if _HOST.fullmatch(hop.host):
                scope["headers"] = _with_host(scope["headers"], hop.host.encode())
            address = address_of(hop.client)
            if address is None:
                break
            scope["client"] = (str(address), 0)
            if not self._contains(address):
                break
        return scope

    def _contains(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def address_of(text: str) -> Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`.

    None for anything else. An IPv4 address that is mapped to IPv6 is returned as IPv4.
    """
    return _parse_address(text) if len(text) <= _ADDRESS_CHARACTERS else None


@lru_cache(maxsize=4096)
def _parse_address(text: str) -> Address | None:
    match = _ADDRESS.fullmatch(text)
    try:
        address = ipaddress.ip_address(match[1] or match[2] or match[3]) if match else None
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _x_forwarded(headers: Headers) -> Iterator[Hop]:
    """Read `X-Forwarded-For`, `-Proto` and `-Host`, the nearest proxy's first.

    A proxy appends to the first. The others it appends to, or sets: a lone value holds for all.
    """
    clients, schemes, hosts = (
        _values(headers, name)
        for name in (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
    )
    for index in range(max(len(clients), 1)):
        yield Hop(*(_from_right(values, index) for values in (clients, schemes, hosts)))


def _forwarded(headers: Headers) -> Iterator[Hop]:
    """Read `Forwarded` (RFC 7239), the nearest proxy's first; nothing where it is malformed."""
    text = ",".join(value.decode("latin-1") for name, value in headers if name == b"forwarded")
    elements: list[dict[str, str]] = [{}]
    end = 0
    while end < len(text):
        match = _PAIR.match(text, end)
        if match is None:
            return
        name, quoted, plain, mark = match.groups()
        if name is not None:
            value = re.sub(r"\\(.)", r"\1", quoted) if plain is None else plain
            if name.lower() in elements[-1]:
                return  # a parameter came twice
            elements[-1][name.lower()] = value
        if mark == ",":
            elements.append({})
        end = match.end()
    for element in reversed(elements):
        if element:
            yield Hop(element.get("for", ""), element.get("proto", ""), element.get("host", ""))


_READERS: Mapping[str, Callable[[Headers], Iterator[Hop]]] = {
    "x-forwarded": _x_forwarded,
    "forwarded": _forwarded,
}


def _values(headers: Headers, name: bytes) -> list[str]:
    """Return the members of a header that is a list, in order, those of all its lines."""
    text = ",".join(value.decode("latin-1") for given, value in headers if given == name)
    return [value.strip() for value in text.split(",") if value.strip()]


def _from_right(values: Sequence[str], index: int) -> str:
    """Return the value at `index` from the right, the leftmost where there are fewer."""
    return values[max(len(values) - 1 - index, 0)] if values else ""


def _with_host(headers: Headers, host: bytes) -> list[tuple[bytes, bytes]]:
    """Return headers with another `Host`; one that came twice stays twice, and is refused later."""
    found = [(name, host if name == b"host" else value) for name, value in headers]
    has_host = any(name == b"host" for name, _ in found)
    return found if has_host else [*found, (b"host", host)]
