"""Which hosts are allowed: the name at registration, the addresses at each connection.

Names are not trusted to mean the same twice: what is checked last is the address that is connected
to.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dynamic_databases.errors import InvalidConfig

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Where clouds keep the credentials of their machines, and what no host has as its address.
NEVER_A_DATABASE = (
    "0.0.0.0/8,169.254.0.0/16,224.0.0.0/4,240.0.0.0/4,::/128,fe80::/10,ff00::/8,fd00:ec2::254/128"
)
# Prefixes whose addresses end with an IPv4 address: compatible (RFC 4291, 2.5.5.1), mapped
# (2.5.5.2), translated (RFC 2765) and NAT64 (RFC 6052, 2.1).
_ENDS_WITH_IPV4 = tuple(
    ipaddress.IPv6Network(prefix)
    for prefix in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")  # of any length (RFC 8215)
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
_ISATAP = (0x5EFE, 0x2005EFE)  # the middle of an ISATAP interface identifier (RFC 5214, 6.1)
_LOOPBACK = ipaddress.IPv6Address("::1")
_UNSPECIFIED = ipaddress.IPv6Address("::")


@dataclass(frozen=True)
class HostRules:
    """Allowed names, `*.names`, addresses and networks (none: all), and denied networks.

    An address that is allowed expressly is not denied.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[Network, ...] = ()

    def check_host(self, host: str) -> None:
        """Check a configuration's HOST without resolving it. Raises InvalidConfig."""
        name = host_name(host)
        literal = _address(name)
        if literal is not None:
            self.check_address(name, str(literal))
        elif self.allowed and not self._names(name) and not self._networks():
            raise self._refusal(name)

    def check_address(self, host: str, address: str) -> None:
        """Look at an address that `host` stands for. Raises InvalidConfig.

        An IPv6 address that embeds IPv4 addresses must pass as each of them, too.
        """
        literal = _address(address)
        if literal is None:
            raise InvalidConfig("HOST", f"{address} is no address")
        name, embedded, allowed = host_name(host), embedded_ipv4(literal), self._networks()
        meant = (literal, *embedded)
        if _is_in(literal, allowed) or (embedded and all(_is_in(one, allowed) for one in embedded)):
            return
        if any(_is_in(one, self.denied) and not _is_in(one, allowed) for one in meant):
            raise InvalidConfig(
                "HOST",
                f"{name} is at an address where no database may be"
                " (the setting GATEWAY_DENIED_NETWORKS);"
                " allow it in GATEWAY_ALLOWED_HOSTS if it is one all the same",
            )
        if self.allowed and not self._names(name):
            raise self._refusal(name)

    def _names(self, name: str) -> bool:
        lowered = name.lower().rstrip(".")
        return any(fnmatchcase(lowered, pattern.lower()) for pattern in self.allowed)

    def _networks(self) -> tuple[Network, ...]:
        return tuple(found for entry in self.allowed if (found := _network(entry)) is not None)

    def _refusal(self, name: str) -> InvalidConfig:
        return InvalidConfig(
            "HOST",
            f"{name} is none of the hosts that are allowed (the setting GATEWAY_ALLOWED_HOSTS)",
        )


def host_name(host: str) -> str:
    r"""Return the name or address in a HOST: `db1\SALES` → `db1`, `[::1]` → `::1`."""
    return host.partition("\\")[0].strip("[]")


def embedded_ipv4(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address embeds.

    A router or tunnel may deliver to them: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056),
    Teredo (RFC 4380: its server and its client) and ISATAP (RFC 5214).
    """
    if not isinstance(address, ipaddress.IPv6Address) or address in (_LOOPBACK, _UNSPECIFIED):
        return ()
    number = int(address)
    if address in _NAT64_LOCAL:
        return (ipaddress.IPv4Address(number & 0xFFFFFFFF), *_shorter_nat64(number))
    is_isatap = number >> 32 & 0xFFFFFFFF in _ISATAP
    if is_isatap or any(address in network for network in _ENDS_WITH_IPV4):
        return (ipaddress.IPv4Address(number & 0xFFFFFFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


def _shorter_nat64(number: int) -> tuple[ipaddress.IPv4Address, ...]:
    """Return what prefixes of 48, 56 and 64 bits embed, without bits 64 to 71 (RFC 6052, 2.2)."""
    without_u = number >> 64 << 56 | number & (1 << 56) - 1
    found = (
        ipaddress.IPv4Address(without_u >> 120 - length - 32 & 0xFFFFFFFF)
        for length in (48, 56, 64)
    )
    return tuple(one for one in found if one not in _THIS_NETWORK)  # zeros embed no address


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == net.version and address in net for net in networks)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(_address(text) or text, strict=False)
    except ValueError:
        return None
