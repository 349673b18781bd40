"""What the documents show is what happens; what there is, they name."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.fixtures.processes import ROOT, Demo

README = (ROOT / "README.md").read_text()
OPERATING = (ROOT / "docs" / "operating.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()


def test_the_first_query_answers_as_shown(tmp_path: Path) -> None:
    block = next(b for b in re.findall(r"```console\n(.*?)```", README, re.DOTALL) if "curl" in b)
    command, shown = block.split("\n{", 1)
    words = shlex.split(command.removeprefix("$ ").replace("\\\n", " "))
    demo = Demo(tmp_path)
    try:
        path = next(word for word in words if word.startswith("http")).removeprefix(
            "http://127.0.0.1:8000"
        )
        answer = demo.ask(path, json.loads(words[words.index("-d") + 1])["query"])
    finally:
        demo.stop()

    assert answer == json.loads("{" + shown)


@pytest.mark.parametrize(
    "name",
    sorted(
        set(re.findall(r'"((?:GATEWAY|DYNAMIC)_[A-Z_]+)"', (ROOT / "gateway/conf.py").read_text()))
    ),
)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in OPERATING


@pytest.mark.parametrize("command", sorted(p.stem for package in ("dynamic_databases", "tenants", "gateway")
                                           for p in (ROOT / package / "management/commands").glob("[a-z]*.py")))  # fmt: skip
def test_every_command_is_documented(command: str) -> None:
    assert f"manage.py {command}" in OPERATING


CODE = re.compile(r'(?:code = |"code": |_PARSED, _VALID = )"([A-Z_]{6,})"')


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            code
            for p in ROOT.glob("*/**/*.py")
            if p.parts[len(ROOT.parts)] in ("gateway", "schema", "tenants", "dynamic_databases")
            for code in CODE.findall(p.read_text())
        }
    ),
)
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in API


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path}: {target}"
