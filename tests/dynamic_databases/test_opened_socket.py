"""The socket of a connection that was opened a moment ago, whose peer may be gone already."""

from __future__ import annotations

import socket
import struct

import pytest

from dynamic_databases.connections.egress import opened_socket
from dynamic_databases.connections.sockets import has_input
from dynamic_databases.errors import CannotConnect

RESET = struct.pack("ii", 1, 0)  # close sends RST, and waits for nothing


@pytest.fixture
def connected():
    """`(client, server)`: both ends of a connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    yield client, server
    client.close()
    server.close()


def test_it_knows_both_addresses(connected) -> None:
    client, server = connected
    opened = opened_socket(client)
    assert (opened.own, opened.peer) == (client.getsockname(), client.getpeername())
    assert opened.peer == server.getsockname()


def test_a_peer_that_is_gone_is_a_database_that_can_not_be_reached(connected) -> None:
    """A reset right after the log-in is no internal error."""
    client, server = connected
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    server.close()
    while not has_input(client.fileno()):
        pass
    with pytest.raises(CannotConnect, match="can't be reached"):
        opened_socket(client)
    assert client.fileno() == -1  # closed
