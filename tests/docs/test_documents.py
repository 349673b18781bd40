"""What the documents show is what happens; what there is, they name."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from dynamic_databases.control_tables import WRITING_COMMANDS
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
        set(
            re.findall(r'"((?:GATEWAY|DYNAMIC)_[A-Z_]+)"', (ROOT / "gateway/config.py").read_text())
        )
    ),
)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in OPERATING


@pytest.mark.parametrize(
    "command",
    sorted(
        p.stem
        for package in ("dynamic_databases", "tenants", "gateway")
        for p in (ROOT / package / "management/commands").glob("[a-z]*.py")
    ),
)
def test_every_command_is_documented(command: str) -> None:
    if command in WRITING_COMMANDS:  # Django's own, which refuse customers' databases
        assert f"`{command}`" in (ROOT / "docs/databases.md").read_text()
    else:
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


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_prose_is_wrapped_at_100_columns(page: Path) -> None:
    """Tables and code are as wide as they are; a name that is wider stands alone."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`\n]+`", lambda code: "x" * len(code[0]), prose)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", "    "))]

    assert [line for line in lines if len(line) > 100 and len(line.split()) > 1] == []


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
WALKS = re.findall(r"(?ms)^\*\*([^*]+)\*\*: (.*?)\.\n\n", ARCHITECTURE)


@pytest.mark.parametrize(("value", "walk"), WALKS, ids=[value for value, _ in WALKS])
def test_a_walk_names_files_that_there_are_each_once(value: str, walk: str) -> None:
    files = re.findall(r"`([\w/]+\.py)`", walk)

    assert len(files) > 5, value
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert len(set(files)) == len(files)


def test_there_are_six_walks() -> None:
    assert len(WALKS) == 6
