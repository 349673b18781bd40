"""Untrusted configurations are refused before anything is imported, resolved or opened."""

from __future__ import annotations

import ipaddress
import socket
import sqlite3
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from dynamic_databases.config.hosts import HostRules
from dynamic_databases.connections.session import guard
from dynamic_databases.errors import CannotConnect, InvalidConfig
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from gateway.config import load_config
from tests.dynamic_databases.test_config import LITE, MSSQL, MYSQL, PG
from tests.dynamic_databases.test_config import REFUSED as REFUSED_BY_KEY
from tests.fixtures.databases import library_sql, make_url
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

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


RULES = HostRules(
    ("db.example.com", "*.db.example.com", "10.1.0.0/16", "169.254.7.7"),
    (ipaddress.ip_network("169.254.0.0/16"),),
)


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("db.example.com", "192.0.2.1", True),
        ("DB.example.com.", "192.0.2.1", True),
        ("a.db.example.com", "192.0.2.1", True),
        ("evil.com", "192.0.2.1", False),
        ("xdb.example.com", "192.0.2.1", False),
        ("db.example.com.evil.com", "192.0.2.1", False),
        ("evil.com", "10.1.2.3", True),
        ("db.example.com", "169.254.1.1", False),
        ("db.example.com", "169.254.7.7", True),
        ("db.example.com", "::ffff:169.254.1.1", False),
        ("evil.com", "::ffff:10.1.2.3", True),
        ("db.example.com", "64:ff9b::a9fe:101", False),
        ("db.example.com", "no address", False),
    ],
)
def test_addresses(host: str, address: str, allowed: bool) -> None:
    if allowed:
        RULES.check_address(host, address)
    else:
        with pytest.raises(InvalidConfig, match="HOST"):
            RULES.check_address(host, address)


EMBEDDING = [
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:0:a9:fea9:fe00:0",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001:0:c000:201::5601:5601",
    "2001:db8::5efe:169.254.169.254",
    "fe80::1",
]


@pytest.mark.parametrize("address", EMBEDDING)
def test_an_ipv6_address_is_checked_as_the_ipv4_address_that_it_embeds(address: str) -> None:
    rules = HostRules((), tuple(map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10"))))

    with pytest.raises(InvalidConfig, match="GATEWAY_DENIED_NETWORKS"):
        rules.check_address("db.example.com", address)
    with pytest.raises(InvalidConfig, match="GATEWAY_DENIED_NETWORKS"):
        rules.check_host(f"[{address}]")
    HostRules((address,), rules.denied).check_address("db.example.com", address)


@pytest.mark.parametrize(
    "address",
    ["::1", "2001:db8::1", "64:ff9b::c000:201", "64:ff9b:1::c000:201", "2002:c000:201::1"],
)
def test_other_ipv6_addresses_pass(address: str) -> None:
    HostRules((), load_config().denied_networks).check_address("db.example.com", address)


def test_a_teredo_server_that_is_allowed_does_not_allow_its_client() -> None:
    rules = HostRules(("10.1.0.0/16",))

    with pytest.raises(InvalidConfig, match="GATEWAY_ALLOWED_HOSTS"):
        rules.check_address("evil.com", "2001:0:a01:1::5601:5601")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("db.example.com", True),
        ("10.1.9.9", True),
        ("10.2.0.1", False),
        ("127.0.0.1", False),
        ("later.to.be.resolved", True),
    ],
)
def test_hosts_at_registration(host: str, allowed: bool) -> None:
    """A name may still mean an allowed network; an address says at once what it is."""
    if allowed:
        RULES.check_host(host)
    else:
        with pytest.raises(InvalidConfig, match="GATEWAY_ALLOWED_HOSTS"):
            RULES.check_host(host)


@pytest.mark.parametrize("vendor", [POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def test_the_address_that_is_connected_to_is_what_counts(
    vendor, registry, new_database, settings, monkeypatch
) -> None:
    """A name that meant an allowed address at registration is looked up again, once, and pinned."""
    database = new_database(present(vendor), library_sql(vendor))
    database.config["HOST"] = "rebound.example.com"
    database.save()
    asked: list[str] = []
    answers = ["127.0.0.1"]

    def resolve(host: str, port: int, **_: Any) -> list:
        if host != "rebound.example.com":
            return real(host, port, **_)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[0], port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    pool = process_registry().connections
    with pool.lease(database.label):
        assert len(asked) == 1  # the driver asked nobody again: no such name exists
    answers[0] = "169.254.169.254"
    pool.close(database.label)
    with pytest.raises(CannotConnect), pool.lease(database.label):
        pass
    with pytest.raises(CannotConnect):
        connections[database.label].ensure_connection()  # the ORM's own way


def test_a_link_that_is_put_in_the_files_place_leads_nowhere(
    registry, new_database, tmp_path
) -> None:
    """Between the check and the opening a file may be replaced: what was opened is asked for."""
    database = new_database(SQLITE, "CREATE TABLE note (id INTEGER PRIMARY KEY)")
    outside = tmp_path / "outside.sqlite3"
    sqlite3.connect(outside).execute("CREATE TABLE secret (id INTEGER)").connection.close()
    file = Path(database.config["NAME"])
    process_registry().config(database.label)  # it was checked
    file.unlink()
    file.symlink_to(outside)

    with pytest.raises(CannotConnect), process_registry().connections.lease(database.label):
        pass
    with pytest.raises(CannotConnect):
        connections[database.label].ensure_connection()


def test_a_replaced_file_is_read_anew(registry, new_database) -> None:
    database = new_database(SQLITE, "CREATE TABLE note (id INTEGER); INSERT INTO note VALUES (1);")
    pool = process_registry().connections
    read = "SELECT id FROM note"
    with pool.lease(database.label) as wrapper:
        assert wrapper.connection.execute(read).fetchall() == [(1,)]
    other = make_url(SQLITE, "CREATE TABLE note (id INTEGER); INSERT INTO note VALUES (2);")
    Path(other.removeprefix("sqlite:///")).replace(database.config["NAME"])

    with pool.lease(database.label) as wrapper:
        assert wrapper.connection.execute(read).fetchall() == [(2,)]


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


@pytest.mark.parametrize(
    ("host", "extra", "pinned"),
    [
        (
            "db.example.com",
            "Encrypt=yes",
            ("192.0.2.7", "Encrypt=yes;HostNameInCertificate=db.example.com"),
        ),
        ("db.example.com\\SALES", "", ("192.0.2.7\\SALES", "HostNameInCertificate=db.example.com")),
        (
            "db.example.com",
            "HostNameInCertificate=*.example.com",
            ("192.0.2.7", "HostNameInCertificate=*.example.com"),
        ),
        ("192.0.2.7", "Encrypt=no", ("192.0.2.7", "Encrypt=no")),
        (
            "db.example.com",
            "MultiSubnetFailover=Yes",
            ("db.example.com", "MultiSubnetFailover=Yes"),
        ),
    ],
    ids=range(5),
)
def test_sql_server_is_given_the_address_and_the_certificates_name(
    monkeypatch, host: str, extra: str, pinned: tuple
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 1433))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
    config = {"HOST": host, "PORT": "1433", "OPTIONS": {"extra_params": extra, "query_timeout": 3}}
    given: list[dict] = []
    wrapper = SimpleNamespace(
        vendor="microsoft",
        settings_dict=config,
        get_new_connection=given.append,
        SchemaEditorClass=BaseDatabaseSchemaEditor,
    )

    guard(wrapper)
    wrapper.get_new_connection({**config, "NAME": "crm"})
    assert (given[0]["HOST"], given[0]["OPTIONS"]["extra_params"]) == pinned
    assert (given[0]["NAME"], given[0]["OPTIONS"]["query_timeout"]) == ("crm", 3)
