"""The files for several machines: they parse, and name only settings and files that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from gateway.config import load_config

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "examples" / "helm" / "tenant-graphql-gateway"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DEPLOYMENT = (CHART / "templates" / "deployment.yaml").read_text()
SETTINGS = set(re.findall(r'"(GATEWAY_[A-Z_]+)"', (ROOT / "gateway" / "config.py").read_text()))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())


def names_of(requirements: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / requirements).read_text(), re.MULTILINE))


def test_compose_starts_two_gateways_behind_a_proxy() -> None:
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = found["services"]

    assert services["gateway"]["deploy"]["replicas"] == 2
    environment = services["gateway"]["environment"]
    assert {name for name in environment if name.startswith("GATEWAY_")} <= SETTINGS
    (network,) = found["networks"]["default"]["ipam"]["config"]
    assert environment["GATEWAY_TRUSTED_PROXIES"] == network["subnet"]
    for service in services.values():
        for wanted in service.get("depends_on", {}):
            assert wanted in services
    assert "manage.py migrate" in services["migrate"]["command"]


def test_the_image_holds_what_serving_needs_alone() -> None:
    copied = re.findall(r"requirements[a-z-]*\.txt", DOCKERFILE)
    serving = names_of("requirements.txt")

    assert set(copied) == {"requirements.txt", "requirements-mysql.txt"}
    assert {"django", "psycopg", "uvicorn", "mssql-django"} <= serving
    assert not serving & {"pytest", "mypy", "ruff", "hypothesis", "playwright", "import-linter"}
    assert serving < names_of("requirements-develop.txt")


def test_the_image_is_pinned_labelled_and_checked() -> None:
    assert re.search(r"^ARG BASE=python:3\.11\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert "org.opencontainers.image.version" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE
    assert re.search(r"^USER 999$", DOCKERFILE, re.MULTILINE)
    assert "migrate" not in DOCKERFILE.split("CMD [", 1)[1]


def test_the_images_user_is_the_charts() -> None:
    (uid,) = re.findall(r"--uid (\d+)", DOCKERFILE)

    assert f"runAsUser: {uid}" in (CHART / "templates" / "_names.tpl").read_text()


def test_the_chart_names_settings_that_there_are() -> None:
    templates = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())

    assert set(re.findall(r"GATEWAY_[A-Z_]+", templates)) <= SETTINGS
    for name in set(re.findall(r"\.Values\.([a-zA-Z]+)", templates)):
        assert name in VALUES
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["name"] == CHART.name


def test_the_charts_values_fit_their_schema() -> None:
    jsonschema.validate(VALUES, SCHEMA)
    assert VALUES.keys() <= SCHEMA["properties"].keys()


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 0},
        {"replicas": "2"},
        {"settings": {"PATH": "/"}},
        {"trustedProxies": ["ingress-nginx"]},
        {"controlDatabase": {"url": "postgresql://gateway:secret@db/gateway"}},
        {"secretSettings": [{"name": "CRM_PASSWORD", "value": "secret"}]},
        {"unknown": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_wrong_value_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**VALUES, **wrong}, SCHEMA)


def test_secrets_come_from_secrets_alone() -> None:
    environment = (CHART / "templates" / "_names.tpl").read_text()

    for name in ("GATEWAY_CONTROL_DATABASE_URL", "GATEWAY_SECRET_KEYS", "GATEWAY_REDIS_URL"):
        assert re.search(rf"- name: {name}\n  valueFrom: {{secretKeyRef: ", environment)


@pytest.mark.parametrize(
    "line",
    [
        "automountServiceAccountToken: false",
        "startupProbe:",
        "livenessProbe:",
        "readinessProbe:",
        "preStop:",
        "maxUnavailable: 0",
    ],
)
def test_a_pod_is_started_watched_and_ended_with_care(line: str) -> None:
    assert line in DEPLOYMENT


@pytest.mark.parametrize(
    "line",
    ["seccompProfile: {type: RuntimeDefault}", "readOnlyRootFilesystem: true", "drop: [ALL]"],
)
def test_a_pod_has_no_more_rights_than_it_needs(line: str) -> None:
    assert line in (CHART / "templates" / "_names.tpl").read_text()


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm isn't installed")
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--set", "redis.existingSecret=r,secretFiles.existingSecret=s,data.existingClaim=c"],
        ["--set", "overrides.existingConfigMap=o,ingress.enabled=true,ingress.hosts={a.example}"],
    ],
)
def test_helm_renders_the_chart(options: list[str]) -> None:
    done = subprocess.run(
        ["helm", "template", "demo", str(CHART), *options],
        capture_output=True,
        check=True,
        text=True,
    )
    kinds = {one["kind"] for one in yaml.safe_load_all(done.stdout)}
    assert {"Deployment", "Job", "Service", "PodDisruptionBudget", "NetworkPolicy"} <= kinds


def test_the_charts_memory_holds_full_workers(tmp_path) -> None:
    """By the rule of docs/deployment.md, "Sizing"."""
    limit, unit = re.fullmatch(r"(\d+)(Gi)", VALUES["resources"]["limits"]["memory"]).groups()
    permitted = int(limit) * {"Gi": 2**30}[unit]
    config = load_config({"GATEWAY_DATA_DIR": str(tmp_path)})
    worker = (
        110_000_000
        + config.schema_cache_bytes
        + config.operation_cache_bytes
        + 4 * config.answer_limit_bytes
    )

    assert VALUES["workers"] * worker <= permitted
