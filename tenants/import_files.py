"""Files of tenants, CSV or JSON lines → records, line by line, with what is wrong of each."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tenants.provisioning import TenantRecord
from tenants.snapshot import DEFAULT_ENVIRONMENT

FIELDS = (
    "slug",
    "name",
    "domains",
    "environment",
    "default_environment",
    "database",
    "connection",
    "active",
    "baseline",
)
_WORDS = {"1": True, "true": True, "yes": True, "": True, "0": False, "false": False, "no": False}


class BadLine(Exception):
    """A line that is no tenant."""


def read_lines(path: Path) -> Iterator[tuple[int, TenantRecord | BadLine]]:
    """Return each line's number and tenant, or its problem. Raises BadLine for the head."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix in (".jsonl", ".ndjson", ".json"):
            rows: Iterator[tuple[int, Any]] = (
                (number, line) for number, line in enumerate(file, 1) if line.strip()
            )
            parse: Callable[[Any], TenantRecord] = _of_json
        else:
            reader = csv.DictReader(file)
            _check_fields(reader.fieldnames or ())
            rows = ((reader.line_num, row) for row in reader)
            parse = _record
        for number, row in rows:
            try:
                yield number, parse(row)
            except BadLine as error:
                yield number, error


def _of_json(line: str) -> TenantRecord:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise BadLine(f"it is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadLine("it is no JSON object")
    _check_fields(tuple(value))
    return _record(value)


def _check_fields(names: Any) -> None:
    unknown = [str(name) for name in names if name not in FIELDS]
    missing = [name for name in ("slug", "connection") if name not in names]
    if unknown or missing:
        what = [f"unknown: {', '.join(unknown)}"] if unknown else []
        what += [f"missing: {', '.join(missing)}"] if missing else []
        raise BadLine(f"{'; '.join(what)}; the fields are {', '.join(FIELDS)}")


def _record(row: Mapping[Any, Any]) -> TenantRecord:
    if None in row or None in row.values():
        raise BadLine("it has more or fewer fields than the head")
    given = {name: value for name, value in row.items() if value not in (None, "")}
    for name in ("slug", "connection"):
        if not isinstance(given.get(name), str):
            raise BadLine(f"{name} is empty or no text")
    domains = given.get("domains", "")
    listed = domains.replace(";", " ").split() if isinstance(domains, str) else domains
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise BadLine("domains is no list of names, nor a text of names with spaces between")
    active = _WORDS.get(str(given.get("active", "")).lower())
    if active is None:
        raise BadLine(f"active: {given['active']!r} is neither 1 nor 0")
    return TenantRecord(
        slug=given["slug"],
        connection=given["connection"],
        name=str(given.get("name", "")),
        domains=tuple(listed),
        environment=str(given.get("environment", DEFAULT_ENVIRONMENT)),
        default_environment=str(given.get("default_environment", "")),
        database=str(given.get("database", "")),
        active=active,
        baseline=str(given.get("baseline", "")),
    )
