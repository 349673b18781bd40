"""The domain names that a tenant may have."""

from __future__ import annotations

_LONGEST = 253  # of a domain name (RFC 1035, 2.3.4)


def check_domains(domains: object) -> None:
    """Raise ValueError unless `domains` is a list of names of hosts.

    A text is no list: each of its characters would be a name. A number is a tenant's id.
    """
    if not isinstance(domains, list | tuple):
        raise ValueError('domains must be a list, such as ["acme.example.com"]')  # noqa: TRY004 - one kind for whatever is typed
    for name in domains:
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST:
            raise ValueError(f"a domain name is text of 1 to {_LONGEST} characters")
        if name.isdecimal():
            raise ValueError(
                f"{name} is a number, which stands for a tenant's id; domain names have letters"
            )
