"""What failed tries are counted for: a name at an address, a name, an address, or a device.

A browser that logged in before is a device. Its tries count for the device alone, so strangers who
guess a name don't keep out owners of such a browser, whatever address they come from.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from gateway.login.throttle import Throttle

_IPV6_PREFIX = 64  # what one household or machine gets
_NOT_COUNTED = {"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"}  # controls, accents, spaces


@dataclass(frozen=True)
class Subject:
    """Counted by all its fields; an empty field is no part of it."""

    name: str = ""
    address: str = ""
    device: str = ""

    @property
    def belongs_to_one(self) -> bool:
        """Whether one person's success is reason to forget its failures."""
        return bool(self.device or (self.name and self.address))


@dataclass(frozen=True)
class Limits:
    """Failures without a wait, of each kind of subject, and the longest wait."""

    tries: int  # of a name at an address, and of a device
    address_tries: int
    name_tries: int
    longest_seconds: int

    def throttles(self, name: str, address: str, device: str) -> Mapping[Subject, Throttle]:
        """Return what a try is counted for. `address` is empty where it isn't known."""
        own = Throttle(self.tries, self.longest_seconds)
        if device:
            return {Subject(name=name, device=device): own}
        throttles = {Subject(name=name): Throttle(self.name_tries, self.longest_seconds)}
        if address:
            throttles[Subject(name, address)] = own
            throttles[Subject(address=address)] = Throttle(self.address_tries, self.longest_seconds)
        return throttles


def name_in(tenant: str, username: str) -> str:
    """Return the name that a tenant's person is counted under, as `acme:ann`.

    Databases compare names in many ways: by case, accents, width or trailing spaces, or not. What
    any of them takes for one name is counted as one.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", username).casefold())
    kept = (c for c in plain if unicodedata.category(c) not in _NOT_COUNTED)
    return f"{tenant}:{''.join(kept)}"


def network_of(text: str) -> str:
    """Return the address that tries count for: an IPv6 one as its /64, empty for none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)
