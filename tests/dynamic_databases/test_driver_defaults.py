"""What a server that somebody else chose is sent: nothing of the gateway's own environment."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import CannotConnect
from dynamic_databases.models import Database
from tests.fixtures.processes import Gateway, clean_environment

SECRET = "never-to-be-sent"
_NAMES = (
    "PGPASSWORD PGUSER PGOPTIONS PGAPPNAME PGTZ PGDATESTYLE PGGEQO MYSQL_PWD MYSQL_HOST"
).split()


class Listener:
    """A server that asks for a password in plain text and keeps what it is sent."""

    def __init__(self, vendor: str) -> None:
        self.received = b""
        self.asked = 0
        self._talk = {"postgresql": self._postgresql, "mysql": self._mysql}[vendor]
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                self._talk(client)

    def _read(self, client: socket.socket) -> bytes:
        try:
            part = client.recv(65_536)
        except OSError:
            part = b""
        self.received += part
        return part

    def _postgresql(self, client: socket.socket) -> None:
        """PostgreSQL manual, "Message Formats": SSLRequest, AuthenticationCleartextPassword."""
        while self._read(client)[:8] in (
            struct.pack("!II", 8, 80877103),
            struct.pack("!II", 8, 80877104),
        ):
            client.sendall(b"N")
        self.asked += 1
        client.sendall(b"R" + struct.pack("!II", 8, 3))
        self._read(client)

    def _mysql(self, client: socket.socket) -> None:
        """MySQL's HandshakeV10, then AuthSwitchRequest to mysql_native_password."""
        self.asked += 1
        flags = 0x000FA20D
        greeting = b"\x0a8.0.0\0" + struct.pack("<I", 1) + b"a" * 8 + b"\0"
        greeting += struct.pack("<HBHH", flags & 0xFFFF, 45, 2, flags >> 16) + bytes([21])
        greeting += bytes(10) + b"b" * 12 + b"\0mysql_native_password\0"
        client.sendall(struct.pack("<I", len(greeting))[:3] + b"\0" + greeting)
        self._read(client)


@pytest.fixture
def listener(request: pytest.FixtureRequest) -> Iterator[Listener]:
    found = Listener(request.param)
    yield found
    found.stop()


@pytest.fixture
def tempted(tmp_path: Path) -> Gateway:
    """A gateway whose environment and home folder hold secrets for any server."""
    home = tmp_path / "home"
    (home / ".postgresql").mkdir(parents=True)
    for file, text in {
        ".pgpass": f"*:*:*:*:{SECRET}",
        ".my.cnf": f"[client]\npassword={SECRET}",
        ".pg_service.conf": f"[crm]\npassword={SECRET}\noptions={SECRET}\n",
        ".postgresql/postgresql.crt": SECRET,
        ".postgresql/postgresql.key": SECRET,
    }.items():
        (home / file).write_text(text)
        (home / file).chmod(0o600)
    secrets = dict.fromkeys(_NAMES, SECRET) | {"PGSERVICE": "crm", "MYSQL_TCP_PORT": "1"}
    data = str(tmp_path / "data")
    environment = clean_environment(GATEWAY_DATA_DIR=data, HOME=str(home), **secrets)
    gateway = Gateway(tmp_path, environment)
    gateway.migrate()
    return gateway


@pytest.mark.parametrize("listener", ["postgresql"], indirect=True)
@pytest.mark.parametrize("user", ["u@", ""])
def test_libpq_sends_nothing_of_the_environment_or_the_home_folder(
    tempted: Gateway, listener: Listener, user: str
) -> None:
    url = f"postgresql://{user}127.0.0.1:{listener.port}/crm"

    refused = tempted.manage("database", "add", "crm", url, fails=True)
    assert listener.asked, "libpq must reach the question for a password"
    assert SECRET.encode() not in listener.received and SECRET not in refused


@pytest.mark.parametrize("listener", ["mysql"], indirect=True)
def test_mariadbs_client_sends_no_password_of_the_environment(
    tempted: Gateway, listener: Listener
) -> None:
    url = f"mysql://u@127.0.0.1:{listener.port}/crm?ssl_mode=DISABLED"

    tempted.manage("database", "add", "crm", url, fails=True)
    # HandshakeResponse41: 4 + 32 bytes, the user, then the length of the password's hash.
    assert listener.asked
    user_end = listener.received.index(b"u\0", 36) + 2
    assert listener.received[user_end] == 0, "a hash of MYSQL_PWD was sent"


@pytest.mark.parametrize("mode", ["", "?sslmode=disable", "?sslmode=prefer"])
@pytest.mark.parametrize("listener", ["postgresql"], indirect=True)
def test_libpq_sends_no_password_in_clear(
    transactional_db: None, listener: Listener, mode: str
) -> None:
    url = f"postgresql://u:{SECRET}@127.0.0.1:{listener.port}/crm{mode}"
    database = Database.objects.from_url("crm", url)

    with pytest.raises(CannotConnect) as refused:
        database.catalog()

    assert listener.asked
    assert SECRET.encode() not in listener.received
    assert "in clear text" in explain(refused.value)
