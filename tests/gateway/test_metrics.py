"""Metrics: each gauge has a name with its unit, and the documentation names all of them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import httpx

from gateway.metrics import Metrics, ProcessState

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"
TYPE_LINE = re.compile(r"^# TYPE (gateway_\w+) (\w+)$", re.MULTILINE)


def test_each_field_of_the_state_is_a_gauge() -> None:
    metrics = Metrics()
    numbers = {one.name: position for position, one in enumerate(fields(ProcessState), start=1)}

    metrics.set_state(ProcessState(**numbers))

    lines = metrics.text().decode().splitlines()
    for name, number in numbers.items():
        assert f"gateway_{name} {number}.0" in lines


def test_the_documentation_names_every_metric_with_its_type() -> None:
    metrics = Metrics()
    metrics.count("OK", 0.1)
    metrics.count_field_error("CONFLICT")
    metrics.count_replica_read("answered")

    exposed = dict(TYPE_LINE.findall(metrics.text().decode()))

    rows = re.findall(
        r"^\| `(gateway_\w+)(?:{\w+})?` \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE
    )
    documented = dict(rows)
    created = {name for name in exposed if name.endswith("_created")}
    assert documented == {n: kind for n, kind in exposed.items() if n not in created}


def test_each_worker_answers_for_all(gateway_with) -> None:
    gateway = gateway_with(workers=2)
    for _ in range(10):
        gateway.ask("/t/nobody/graphql", "{ __typename }", gateway.operator)

    headers = {"Authorization": f"Bearer {gateway.operator}"}
    text = httpx.get(f"{gateway.url}/metrics", headers=headers).text

    assert 'gateway_requests_total{code="TENANT_NOT_FOUND"} 10.0' in text
