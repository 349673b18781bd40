"""docs/permissions.md, from its first block to its last: what it shows is what happens."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tenants.authentication.issuers.claims import Identity
from tenants.authentication.issuers.settings import read_issuers
from tenants.roles import _KEYS
from tests.fixtures.commands import run
from tests.fixtures.processes import ROOT
from tests.fixtures.vendors import SQLITE

TEXT = (ROOT / "docs/permissions.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def block(language: str) -> str:
    return next(text for kind, text in BLOCKS if kind == language)


@pytest.fixture
def shop(new_database, tenant_of, tmp_path, monkeypatch):
    database = new_database(SQLITE, block("sql"), "shop")
    tenant_of("shop", production=database)
    for text in (text for kind, text in BLOCKS if kind == "yaml"):
        name = re.findall(r"The file `(\w+\.yaml)`", TEXT.split(text)[0])[-1]
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


def test_the_tutorial(shop, door) -> None:
    token, answer = "", {}
    for language, text in BLOCKS:
        if language == "console":
            for one in text.split("$ python manage.py ")[1:]:
                command, _, shown = one.partition("\n")
                printed = run(*shlex.split(command))
                assert printed == shown or not shown
                if command.startswith("token create"):
                    token = printed.splitlines()[-1]
        elif language == "graphql":
            is_anybody = "A token without the variable" in TEXT.split(text)[0][-120:]
            sent = other_token() if is_anybody else token
            reply = door.query("/t/shop/graphql", text, authorization=f"Bearer {sent}").json
            answer = reply.get("data") or {
                "code": reply["errors"][0]["extensions"]["code"],
                "message": reply["errors"][0]["message"],
            }
        elif language == "json":
            assert answer == json.loads(text)


def other_token() -> str:
    return run("token", "create", "shop", "--role", "support").splitlines()[-1]


def test_the_issuer_of_the_page_is_taken() -> None:
    (issuer,) = read_issuers(block("sh").partition("'")[2].rstrip("'\n"))
    claims = {
        "organization": "shop",
        "realm_access": {"roles": ["support", "editor"]},
        "employee_id": 3,
    }
    assert issuer.claims.identity(claims) == Identity(
        "support",
        frozenset({"support", "editor"}),
        ("shop",),
        None,
        (("x-gateway-user-id", "3"),),
    )


def test_every_key_of_a_file_is_documented() -> None:
    table = TEXT.split("## All that a file can say")[1].split("## ")[0]
    for operation, keys in _KEYS.items():
        assert all(f"`{name}`" in table for name in (operation, *keys))
