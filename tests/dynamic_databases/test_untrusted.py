"""Untrusted configurations are refused before anything is imported, resolved or opened."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Database
from tests.dynamic_databases.test_config import LITE, MSSQL, MYSQL, PG
from tests.dynamic_databases.test_config import REFUSED as REFUSED_BY_KEY

WATCHED = (
    "import",
    "open",
    "socket.",
    "subprocess.",
    "os.system",
    "exec",
    "sqlite3.connect",
    "ctypes.",
)


_seen: list[str] | None = None


def _hook(event: str, arguments: tuple) -> None:
    if _seen is not None and event.startswith(WATCHED):
        _seen.append(f"{event} {arguments[:1]}")


sys.addaudithook(_hook)


@contextmanager
def watching():
    """Yield the list of what is imported, opened, resolved or connected to meanwhile."""
    global _seen  # noqa: PLW0603 - an audit hook stays for ever: it is switched on and off
    _seen = []
    try:
        yield _seen
    finally:
        _seen = None


MORE: list[tuple[Any, str]] = [
    (None, "config"),
    ([], "config"),
    ("postgresql://x", "config"),
    ({}, "ENGINE"),
    ({**PG, "ENGINE": "antigravity"}, "ENGINE"),
    ({**PG, "ENGINE": ["mssql"]}, "ENGINE"),
    ({**PG, "ENGINE": "mssql.base"}, "ENGINE"),
    ({**PG, "ENGINE": "django.db.backends.postgresql\n"}, "ENGINE"),
    ({**PG, "ENGINE": "django.db.backends.oracle"}, "ENGINE"),
    ({**PG, "HOST": "@/abstract"}, "HOST"),
    ({**PG, "HOST": "db/../x"}, "HOST"),
    ({**PG, "HOST": "db\x00"}, "HOST"),
    ({**PG, "HOST": "db;x"}, "HOST"),
    ({**PG, "HOST": "db evil"}, "HOST"),
    ({**PG, "HOST": {"x": 1}}, "HOST"),
    ({**PG, "HOST": "a" * 2000}, "HOST"),
    ({**PG, "HOST": "db\\INST"}, "HOST"),
    ({**PG, "HOST": "169.254.169.254"}, "HOST"),
    ({**PG, "HOST": "[::ffff:169.254.169.254]"}, "HOST"),
    ({**PG, "HOST": "0.0.0.0"}, "HOST"),
    ({**PG, "HOST": "64:ff9b::a9fe:a9fe"}, "HOST"),
    ({**PG, "HOST": "fe80::1"}, "HOST"),
    ({**PG, "HOST": "fd00:ec2::254"}, "HOST"),
    ({**PG, "HOST": "224.0.0.1"}, "HOST"),
    ({**PG, "USER": "x\ny"}, "USER"),
    ({**PG, "USER": 5}, "USER"),
    ({**PG, "PORT": -1}, "PORT"),
    ({**PG, "PORT": True}, "PORT"),
    ({**PG, "PORT": "0x50"}, "PORT"),
    ({**PG, "AUTOCOMMIT": 0}, "AUTOCOMMIT"),
    ({**PG, "DISABLE_SERVER_SIDE_CURSORS": "x"}, "DISABLE_SERVER_SIDE_CURSORS"),
    ({**PG, "__class__": "x"}, "__class__"),
    ({**PG, "OPTIONS": {"pool": "x"}}, "OPTIONS.pool"),
    ({**PG, "OPTIONS": {"assume_role": "postgres"}}, "OPTIONS.assume_role"),
    ({**PG, "OPTIONS": {"context": "x"}}, "OPTIONS.context"),
    ({**PG, "OPTIONS": {"cursor_factory": "os.system"}}, "OPTIONS.cursor_factory"),
    ({**PG, "OPTIONS": {"sslcrl": "/etc/shadow"}}, "OPTIONS.sslcrl"),
    ({**PG, "OPTIONS": {"require_auth": "none"}}, "OPTIONS.require_auth"),
    ({**PG, "OPTIONS": {"application_name": "a'; DROP TABLE x"}}, "OPTIONS.application_name"),
    ({**PG, "OPTIONS": {"sslmode": ["require"]}}, "OPTIONS.sslmode"),
    ({**PG, "OPTIONS": {"target_session_attrs": "any; x"}}, "OPTIONS.target_session_attrs"),
    ({**PG, "OPTIONS": {"replication": "database"}}, "OPTIONS.replication"),
    ({**MYSQL, "OPTIONS": {"ssl_mode": "VERIFY"}}, "OPTIONS.ssl_mode"),
    ({**MYSQL, "OPTIONS": {"charset": "../../evil"}}, "OPTIONS.charset"),
    ({**MYSQL, "OPTIONS": {"client_flag": 128}}, "OPTIONS.client_flag"),
    ({**MYSQL, "OPTIONS": {"host": "evil"}}, "OPTIONS.host"),
    ({**MYSQL, "OPTIONS": {"passwd": "x"}}, "OPTIONS.passwd"),
    ({**MYSQL, "OPTIONS": {"autocommit": False}}, "OPTIONS.autocommit"),
    ({**MYSQL, "OPTIONS": {"sql_mode": "x"}}, "OPTIONS.sql_mode"),
    ({**MYSQL, "OPTIONS": {"cursorclass": "os.system"}}, "OPTIONS.cursorclass"),
    (
        {**MYSQL, "OPTIONS": {"server_public_key_path": "/etc/passwd"}},
        "OPTIONS.server_public_key_path",
    ),
    (
        {**MSSQL, "OPTIONS": {"extra_params": "Encrypt=yes;;Trusted_Connection=yes"}},
        "OPTIONS.extra_params.Trusted_Connection",
    ),
    ({**MSSQL, "OPTIONS": {"extra_params": "DSN=evil"}}, "OPTIONS.extra_params.DSN"),
    (
        {**MSSQL, "OPTIONS": {"extra_params": "AttachDbFilename=/x"}},
        "OPTIONS.extra_params.AttachDbFilename",
    ),
    (
        {**MSSQL, "OPTIONS": {"extra_params": "Encrypt={no};Server=evil"}},
        "OPTIONS.extra_params.Encrypt",
    ),
    (
        {**MSSQL, "OPTIONS": {"extra_params": "QueryLogFile=/x"}},
        "OPTIONS.extra_params.QueryLogFile",
    ),
    ({**MSSQL, "OPTIONS": {"extra_params": {"Encrypt": "yes"}}}, "OPTIONS.extra_params"),
    ({**MSSQL, "USER": "sa;Server=evil"}, "NAME"),
    ({**MSSQL, "NAME": "a}b"}, "NAME"),
    ({**MSSQL, "HOST": "tcp:db,1433"}, "HOST"),
    ({**MSSQL, "HOST": "db\\..\\x"}, "HOST"),
    ({**MSSQL, "TOKEN": "x"}, "TOKEN"),
    ({**MSSQL, "OPTIONS": {"dsn": ""}}, "OPTIONS.dsn"),
    ({**MSSQL, "HOST": "169.254.169.254\\INST"}, "HOST"),
    ({**LITE, "NAME": "sub/../../x.db"}, "NAME"),
    ({**LITE, "NAME": "."}, "NAME"),
    ({**LITE, "NAME": "a\x00b"}, "NAME"),
    ({**LITE, "NAME": ["x"]}, "NAME"),
    ({**LITE, "NAME": "file:%2e%2e/x"}, "NAME"),
    ({**LITE, "NAME": "file://localhost/etc/passwd"}, "NAME"),
    ({**LITE, "NAME": "linked/x.db"}, "NAME"),
    ({**LITE, "PASSWORD": "x"}, "PASSWORD"),
    ({**LITE, "OPTIONS": {"timeout": -1}}, "OPTIONS.timeout"),
    ({**LITE, "OPTIONS": {"isolation_level": None}}, "OPTIONS.isolation_level"),
    ({**LITE, "OPTIONS": {"cached_statements": 10**9}}, "OPTIONS.cached_statements"),
    ({**LITE, "OPTIONS": {"autocommit": True}}, "OPTIONS.autocommit"),
    ({**PG, "PASSWORD": {"$env": "GATEWAY_SECRET_KEYS"}}, "PASSWORD"),
    ({**PG, "PASSWORD": {"$file": "../../etc/shadow"}}, "PASSWORD"),
    ({**PG, "PASSWORD": {"$encrypted": "gAAAAABm"}}, "PASSWORD"),
    ({**PG, "PASSWORD": {"$env": "A", "$file": "b"}}, "PASSWORD"),
    ({**PG, "PASSWORD": ["x"]}, "PASSWORD"),
]


CORPUS = [*REFUSED_BY_KEY, *MORE]


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 130


@pytest.mark.parametrize(
    ("config", "key"), CORPUS, ids=[f"{number}-{key}" for number, (_, key) in enumerate(CORPUS)]
)
def test_nothing_is_touched_before_a_configuration_is_refused(
    db, settings, tmp_path: Path, config: Any, key: str
) -> None:
    settings.GATEWAY_SQLITE_ROOT = tmp_path
    settings.GATEWAY_SECRET_FILES_ROOT = tmp_path
    (tmp_path / "link.db").symlink_to("/etc/passwd")
    (tmp_path / "linked").symlink_to("/etc")
    row = Database(name="evil", config=config)

    with watching() as seen, pytest.raises((InvalidConfig, ValidationError)) as refused:
        row.save()
    assert key in str(refused.value)
    assert seen == []
    with watching() as seen, pytest.raises(ValidationError):
        row.full_clean()
    assert seen == []
    assert not Database.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:p@169.254.169.254/x",
        "postgresql://u:p@db/x?service=evil",
        "postgresql://u:p@db/x?host=/tmp",
        "postgresql://u:p@db/x?hostaddr=1.2.3.4",
        "mysql://u:p@db/x?read_default_file=/etc/my.cnf",
        "mysql://u:p@db/x?local_infile=1",
        "mysql://u:p@db/x?unix_socket=/tmp/x",
        "mssql://u:p@db/x?driver=/tmp/evil.so",
        "mssql://u:p@db/x?dsn=x",
        "sqlite:///x.db?uri=true",
        "sqlite:///x.db?vfs=unix-none",
        "sqlite:////etc/passwd",
        "Server=db;Database=x;AttachDbFilename=/x",
        "Server=db;Database=x;DSN=evil",
        "Server=db;Database=x;Failover Partner=evil",
        "Server=np:\\\\evil\\pipe;Database=x",
        "Server=169.254.169.254;Database=x;User ID=a;Password=b",
        "Server=db;Database=x;SaveFile=/x",
        "Server=db;Database=x;Access Token=x",
        "file:///etc/passwd",
        "http://db/x",
        "postgresql:///x",
        "mysql:///x",
    ],
)
def test_texts_that_are_refused(db, text: str) -> None:
    with watching() as seen, pytest.raises(InvalidConfig):
        Database.objects.from_url("evil", text)
    assert seen == []


def test_a_secret_is_its_rows_alone(db) -> None:
    """A writer of configurations can't send another database's password to a host of theirs."""
    victim = Database.objects.create(name="victim", config={**PG, "PASSWORD": "hunter2"})
    thief = Database(
        name="thief",
        config={**PG, "HOST": "evil.example.com", "PASSWORD": victim.config["PASSWORD"]},
    )

    with pytest.raises(InvalidConfig, match="another database"):
        thief.save()
    thief.config["PASSWORD"] = "x"
    thief.save()
    Database.objects.filter(pk=thief.pk).update(
        config={**thief.config, "PASSWORD": victim.config["PASSWORD"]}
    )
    with pytest.raises(InvalidConfig, match="another database"):
        Database.objects.get(pk=thief.pk).opened_config()
    assert victim.opened_config()["PASSWORD"] == "hunter2"
