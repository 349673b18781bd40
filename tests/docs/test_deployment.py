"""The files for several machines: they parse, and name only settings and files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "examples" / "helm" / "tenant-graphql-gateway"
SETTINGS = set(re.findall(r'"(GATEWAY_[A-Z_]+)"', (ROOT / "gateway" / "conf.py").read_text()))


def test_compose_starts_two_gateways_behind_a_proxy() -> None:
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = found["services"]

    assert services["gateway"]["deploy"]["replicas"] == 2
    assert {name for name in services["gateway"]["environment"] if name.startswith("GATEWAY_")} <= SETTINGS  # fmt: skip
    for service in services.values():
        for wanted in service.get("depends_on", {}):
            assert wanted in services
    assert "manage.py migrate" in services["migrate"]["command"]


def test_the_chart_names_settings_that_there_are() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    templates = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())

    assert set(re.findall(r"GATEWAY_[A-Z_]+", templates)) <= SETTINGS
    for name in set(re.findall(r"\.Values\.([a-zA-Z]+)", templates)):
        assert name in values
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["name"] == CHART.name


def test_the_images_user_is_the_charts() -> None:
    (uid,) = re.findall(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())

    assert f"runAsUser: {uid}" in (CHART / "templates" / "deployment.yaml").read_text()
