"""Operators learn why no connection was opened, in our words; tenants don't."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command

from dynamic_databases import connect_causes as causes
from dynamic_databases.errors import CannotConnect, Unavailable
from dynamic_databases.models import Database
from tenants.authentication.tokens import issue_token
from tests.fixtures.vendors import MARIADB, POSTGRESQL, mariadb_url, postgresql_url, present


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine that is taken and refuses every connection."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose server accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def refused(url: str) -> str:
    """Return what `database add` says of a database that can't be reached."""
    with pytest.raises(CommandError) as error:
        call_command("database", "add", "x", url)
    assert not Database.objects.exists()
    return str(error.value)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mssql"])
def test_a_closed_port(db, registry, closed_port: int, scheme: str) -> None:
    message = refused(f"{scheme}://u:hunter2@127.0.0.1:{closed_port}/x")
    assert (
        str(causes.CLOSED_PORT) in message and "hunter2" not in message and "127.0" not in message
    )


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mssql"])
def test_an_unknown_host(db, registry, scheme: str) -> None:
    message = refused(f"{scheme}://u:hunter2@no.such.invalid/x")
    assert str(causes.UNKNOWN_HOST) in message and "hunter2" not in message


@pytest.mark.parametrize(
    ("scheme", "option"),
    [
        ("postgresql", "connect_timeout"),
        ("mysql", "connect_timeout"),
        ("mssql", "connection_timeout"),
    ],
)
def test_a_silent_server(db, registry, silent_port: int, scheme: str, option: str) -> None:
    message = refused(f"{scheme}://u:hunter2@127.0.0.1:{silent_port}/x?{option}=2")
    assert str(causes.TIMED_OUT) in message and "hunter2" not in message


@pytest.mark.parametrize("vendor", [POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def test_what_a_server_refuses(db, registry, vendor) -> None:
    present(vendor)
    parts = urlsplit(postgresql_url() if vendor is POSTGRESQL else mariadb_url())
    missing = urlunsplit(parts._replace(path="/no_such_database"))
    host = parts.netloc.rpartition("@")[2]
    stranger = urlunsplit(parts._replace(netloc=f"no_such_user:hunter2@{host}"))

    assert str(causes.MISSING_DATABASE) in refused(missing)
    message = refused(stranger if parts.path.strip("/") else f"{stranger}/x")
    assert str(causes.LOG_IN_REFUSED) in message and "hunter2" not in message
    assert "no_such_user" not in message


def test_files(db, registry, settings, tmp_path: Path) -> None:
    settings.GATEWAY_SQLITE_ROOT = tmp_path
    (tmp_path / "text.sqlite3").write_text("no database " * 100)

    assert str(causes.NO_FILE) in refused("sqlite:///missing.sqlite3")
    assert str(causes.NO_DATABASE_FILE) in refused("sqlite:///text.sqlite3")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Login failed for user 'sa'.", causes.LOG_IN_REFUSED),
        ('Cannot open database "x" requested by the login.', causes.MISSING_DATABASE),
        (
            "SSL Provider: [error:0A000086:certificate verify failed:self-signed certificate]",
            causes.CERTIFICATE,
        ),
        ("TCP Provider: Timeout error [258].", causes.TIMED_OUT),
        ("TCP Provider: Error code 0x2749", causes.CLOSED_PORT),
        (
            (
                "an error was encountered during handshakes before login; "
                "unable to establish connection"
            ),
            causes.OTHER_SERVER,
        ),
        ("something else", causes.UNCLASSED),
    ],
    ids=range(7),
)
def test_the_words_of_microsofts_driver(text: str, cause: causes.Cause) -> None:
    problem = CannotConnect("The database can't be reached.")
    problem.__cause__ = RuntimeError(f"[Microsoft][ODBC Driver 18 for SQL Server]{text}")
    assert causes.explain(problem) == f"The database can't be reached. {cause}"


def test_what_says_itself_what_is_wrong_stays_as_it_is() -> None:
    assert causes.explain(Unavailable("It is left alone.")) == "It is left alone."


def test_a_tenant_learns_no_cause(door, tenant_of, closed_port: int) -> None:
    row = Database.objects.from_url("down", f"postgresql://u:p@127.0.0.1:{closed_port}/x")
    _, door.token = tenant_of("down", production=row)

    answer = door.query("/t/down/graphql", "{ __typename }")
    assert answer.code == "TENANT_UNAVAILABLE"
    assert b"refuses" not in answer.body and b"PORT" not in answer.body


@pytest.mark.usefixtures("registry")
def test_the_management_api_tells_operators_alone(door, db, closed_port: int) -> None:
    operator = f"Bearer {issue_token(None, 'admin', None, None)}"
    url = f"postgresql://u:hunter2@127.0.0.1:{closed_port}/x"
    register = f'mutation {{ registerDatabase(name: "x", url: "{url}") {{ name }} }}'

    answer = door.query("/manage/graphql", register, authorization=operator)
    assert str(causes.CLOSED_PORT).encode() in answer.body
    assert b"hunter2" not in answer.body
