"""Which hosts a database may be on: its name when it is registered, its addresses when it is connected to.

Names are not trusted to mean the same twice: what is checked last is the address that is connected to.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dynamic_databases.errors import InvalidConfig

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class HostRules:
    """What is allowed (names, `*.names`, addresses and networks; nothing: everything), and denied networks.

    An address that is allowed expressly is not denied.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[Network, ...] = ()

    def check_host(self, host: str) -> None:
        """Look at the HOST of a configuration, without asking for its addresses. Raises InvalidConfig."""
        name = host_name(host)
        literal = _address(name)
        if literal is not None:
            self.check_address(name, str(literal))
        elif self.allowed and not self._names(name) and not self._networks():
            raise self._refusal(name)

    def check_address(self, host: str, address: str) -> None:
        """Look at an address that `host` stands for. Raises InvalidConfig."""
        found = _address(address)
        if found is None:
            raise InvalidConfig("HOST", f"{address} is no address")
        name = host_name(host)
        if any(
            found.version == network.version and found in network for network in self._networks()
        ):
            return
        if any(found.version == network.version and found in network for network in self.denied):
            raise InvalidConfig(
                "HOST",
                f"{name} is at an address where no database may be (the setting GATEWAY_DENIED_NETWORKS); "
                "allow it in GATEWAY_ALLOWED_HOSTS if it is one all the same",
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


def _address(text: str) -> Address | None:
    """Return the address that is meant in the end: one IPv4 address has several spellings in IPv6."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
