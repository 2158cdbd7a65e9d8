"""The tests' own rule: nothing beyond loopback."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 80)])
@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_a_connection_beyond_loopback_is_refused(address: tuple[str, int], method: str) -> None:
    with socket.socket() as client, pytest.raises(RuntimeError, match="loopback only"):
        getattr(client, method)(address)


def test_a_connection_within_loopback_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
