"""The texts of settings → values; each raises ValueError, which says what would be right."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HTTP_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_CONTROLLER = {"database", "table", "id", "connection"}
_CONTROLLER_OPTIONAL = {"domain", "active", "name", "environment", "template"}


def directory(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is no folder")
    path.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds keys and secrets
    return path


def optional_file(text: str) -> Path | None:
    """A file, which need not be there; None for `off`."""
    return None if text == "off" else Path(text).expanduser().resolve()


def control_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValueError("it must start with sqlite:/// or postgresql://")
    return text


def redis_url(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("it must start with redis://, rediss:// or unix://")
    return text


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < 86_400:
        raise ValueError(f"{text!r} is no number of seconds above 0 and below 86400")
    return seconds


def optional_seconds(text: str) -> float | None:
    """Seconds, 0 as well; None where nothing is given."""
    return 0.0 if text == "0" else seconds(text) if text else None


def flag(text: str) -> bool:
    if text.lower() not in {"0", "1", "true", "false", "yes", "no"}:
        raise ValueError(f"{text!r} is neither 1 nor 0")
    return text.lower() in {"1", "true", "yes"}


def encodings(text: str) -> tuple[str, ...]:
    """`zstd,br,gzip`, the preferred first; `off` for none."""
    found = () if text == "off" else words(text)
    for encoding in found:
        if encoding not in ("zstd", "br", "gzip"):
            raise ValueError(f"{encoding!r} is none of zstd, br, gzip; 'off' stands alone")
    return found


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def word(text: str) -> str:
    if not text.isidentifier():
        raise ValueError(f"{text!r} may hold letters, digits and _ only")
    return text


def controller(text: str) -> dict[str, Any] | None:
    """A JSON object that says where the table of customers is; see `tenants.controller`."""
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    names = value.keys() if isinstance(value, dict) else set()
    is_object = isinstance(value, dict) and isinstance(value.get("template", {}), dict)
    if not is_object or names - _CONTROLLER - _CONTROLLER_OPTIONAL or not names >= _CONTROLLER:
        needed, optional = ", ".join(sorted(_CONTROLLER)), ", ".join(sorted(_CONTROLLER_OPTIONAL))
        raise ValueError(
            f"it must be a JSON object of {needed}; it may hold {optional} (template: an object)"
        )
    found: dict[str, Any] = value
    return found


def names(text: str) -> dict[str, str]:
    """`table=name,table.column=name`: names that an operator gives instead of the folded ones."""
    names: dict[str, str] = {}
    for pair in words(text):
        source, equals, name = pair.partition("=")
        if not equals or not (name.isidentifier() and name.isascii()) or name.startswith("__"):
            raise ValueError(f"{pair!r} is not table=name or table.column=name with a GraphQL name")
        names[source] = name
    return names


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is none of {', '.join(choices)}")
        return text

    return parse


def networks(text: str) -> tuple[Network, ...]:
    """`10.0.0.0/8,fd00::/8`; `none` for no network at all."""
    given = words(text)
    return () if given == ("none",) else tuple(ipaddress.ip_network(word) for word in given)


def proxies(text: str) -> tuple[Network, ...] | None:
    """`10.0.0.7,10.1.0.0/16`, `none` for none at all; None where nothing is given."""
    if not text:
        return None
    try:
        return networks(text)
    except ValueError as error:
        raise ValueError(
            f"{error}; list the proxies' addresses or networks, such as 10.0.0.7,10.1.0.0/16,"
            " or 'none'"
        ) from None


def http_hosts(text: str) -> tuple[str, ...]:
    """`gateway.example.com,.example.com,[::1]`: names as browsers show them, no scheme or port."""
    found = words(text)
    for host in found:
        if not _HTTP_HOST.fullmatch(host):
            raise ValueError(
                f"{host!r} is no host name such as gateway.example.com, .example.com (with its"
                " subdomains) or [::1]; leave scheme, port and path out"
            )
    return found


def domain(text: str) -> str:
    """`gw.example.com`: a domain below which each tenant has a host; in lower case."""
    name = text.strip().lower().removesuffix(".")
    if name and not (_DOMAIN.fullmatch(name) and "." in name):
        raise ValueError(
            f"{text!r} is no domain name such as gw.example.com;"
            " leave scheme, port, path and a leading dot out"
        )
    return name


def origins(text: str) -> tuple[str, ...]:
    """`https://app.example.com,https://*.example.com`: what a browser sends as Origin."""
    found = words(text.lower())
    for origin in found:
        parts = urlsplit(origin)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or origin.endswith("/")
            or parts.path
        ):
            raise ValueError(f"{origin!r} is no origin such as https://app.example.com")
    return found
