"""Where a connection may go: the address and the file that are really opened."""

from __future__ import annotations

import ipaddress
import socket
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from dynamic_databases.config.hosts import HostRules
from dynamic_databases.connections.session import guard
from dynamic_databases.errors import CannotConnect, InvalidConfig
from dynamic_databases.process import process_registry
from gateway.config import load_config
from tests.fixtures.databases import library_sql, make_url
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

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
