"""Secrets of a configuration: sealed, referred to, hidden and put back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from dynamic_databases.config.secrets import HIDDEN, ReferenceRules, Secrets, redact, restore
from dynamic_databases.errors import InvalidConfig

pytestmark = pytest.mark.pure

PG = {"ENGINE": "django.db.backends.postgresql", "NAME": "crm", "HOST": "db"}


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    rules = ReferenceRules(tmp_path, ("*",), ("*",))
    return Secrets([Fernet.generate_key().decode()], "one", rules)


def test_a_password_is_encrypted_and_opened(secrets: Secrets) -> None:
    sealed = secrets.seal({**PG, "PASSWORD": "hunter2"})

    assert "hunter2" not in str(sealed)
    assert secrets.open(sealed)["PASSWORD"] == "hunter2"
    assert secrets.seal(sealed) == sealed


def test_references_are_followed_and_never_stored(
    secrets: Secrets, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "word").write_text("from file\n")
    monkeypatch.setenv("CRM_PASSWORD", "from env")

    assert secrets.open(secrets.seal({"PASSWORD": {"$env": "CRM_PASSWORD"}})) == {
        "PASSWORD": "from env"
    }
    assert secrets.open(secrets.seal({"PASSWORD": {"$file": "word"}})) == {"PASSWORD": "from file"}


@pytest.mark.parametrize(
    "value",
    [
        {"$env": "GATEWAY_SECRET_KEYS"},
        {"$env": "a b"},
        {"$file": "../x"},
        {"$file": "/etc/passwd"},
        {"$exec": "x"},
        5,
        [],
    ],
)
def test_references_that_lead_elsewhere_are_refused(secrets: Secrets, value: object) -> None:
    with pytest.raises(InvalidConfig, match="PASSWORD"):
        secrets.seal({"PASSWORD": value})


def test_the_variables_that_may_be_named_can_be_listed(
    secrets: Secrets, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("DB_ONE", "one")
    rules = ReferenceRules(tmp_path, ("DB_*", "CRM"))
    narrow = Secrets([Fernet.generate_key().decode()], "one", rules)

    assert narrow.open(narrow.seal({"PASSWORD": {"$env": "DB_ONE"}})) == {"PASSWORD": "one"}
    for name in ("AWS_SECRET_ACCESS_KEY", "CRM_2", "db_one", "GATEWAY_SECRET_KEYS"):
        with pytest.raises(InvalidConfig, match=r"\$env must name"):
            narrow.seal({"PASSWORD": {"$env": name}})
    stored_before = secrets.seal({"PASSWORD": {"$env": "HOME"}})
    with pytest.raises(InvalidConfig, match=r"GATEWAY_SECRET_ENV lists; it lists DB_\*, CRM"):
        narrow.open(stored_before)


@pytest.mark.parametrize("name", ["PGPASSWORD", "GATEWAY_SECRET_KEYS", "A\0", "A B", ""])
def test_no_pattern_opens_a_variable_of_the_gateways_own(secrets: Secrets, name: str) -> None:
    with pytest.raises(InvalidConfig, match=r"PASSWORD: \$env must name"):
        secrets.seal({"PASSWORD": {"$env": name}})


FILES = ReferenceRules(Path(), ("*",), ("crm", "shops/*", "kubernetes.io/*/*", "*", "data/*"))


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("crm", True),
        ("./crm", True),
        ("shops/a", True),
        ("shops/x/../a", True),
        ("shops/a/b", False),
        ("other/crm", False),
        ("../crm", False),
        ("/etc/passwd", False),
        ("kubernetes.io/serviceaccount/token", False),
        ("data/secret.key", False),
        ("innocent", False),
        ("crm\0", False),
        ("x" * 2000, False),
    ],
)
def test_the_files_that_may_be_named_are_listed(tmp_path: Path, name: str, allowed: bool) -> None:
    pod = tmp_path / "kubernetes.io" / "serviceaccount"
    pod.mkdir(parents=True)
    (pod / "token").write_text("of the pod")
    (tmp_path / "innocent").symlink_to(pod / "token")
    rules = replace(FILES, files_root=tmp_path, own_folder=tmp_path / "data")

    if allowed:
        assert rules.secret_file("PASSWORD", name).parent.is_relative_to(tmp_path)
        with pytest.raises(InvalidConfig, match="GATEWAY_SECRET_FILES lists; it lists none"):
            replace(rules, files=()).secret_file("PASSWORD", name)
    else:
        with pytest.raises(InvalidConfig, match="PASSWORD"):
            rules.secret_file("PASSWORD", name)


def test_a_file_that_is_no_text_is_refused(secrets: Secrets, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfig, match="can't be read as text"):
        secrets.open({"PASSWORD": {"$file": "binary"}})


def test_keys_can_be_rotated(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    rules = ReferenceRules(tmp_path)
    sealed = Secrets([old], "one", rules).seal({"PASSWORD": "x"})

    assert Secrets([new, old], "one", rules).open(sealed) == {"PASSWORD": "x"}
    with pytest.raises(InvalidConfig, match="GATEWAY_SECRET_KEYS"):
        Secrets([new], "one", rules).open(sealed)


def test_what_is_shown_holds_no_secret_and_can_be_sent_back(secrets: Secrets) -> None:
    sealed = secrets.seal({**PG, "PASSWORD": "hunter2"})
    shown = redact(sealed)

    assert shown["PASSWORD"] == HIDDEN
    assert restore(shown, sealed) == sealed
    assert redact({"PASSWORD": {"$env": "X"}}) == {"PASSWORD": {"$env": "X"}}
