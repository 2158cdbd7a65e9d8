from __future__ import annotations

import socket
import sys

import pytest

from galion_core.testing import refusing_port, silent_port, unreachable_port


def test_a_silent_port_takes_the_connection_and_says_nothing() -> None:
    with silent_port() as port, socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when the queue is full")
def test_an_unreachable_port_does_not_even_take_the_connection() -> None:
    with unreachable_port() as port, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), timeout=0.2)


def test_a_refusing_port_refuses() -> None:
    with refusing_port() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
