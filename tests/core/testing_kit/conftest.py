from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from galion_core.testing import FaultServer, Headers


@dataclass(frozen=True)
class Reply:
    """Everything that came over a connection until it ended, and how it ended."""

    data: bytes
    ended: str
    """FIN or RST."""

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    @property
    def headers(self) -> Headers:
        lines = self.head.decode().split("\r\n")[1:]
        return Headers(tuple(line.split(": ", 1)) for line in lines)  # type: ignore[misc]


Ask = Callable[..., Reply]


def receive_all(sock: socket.socket) -> Reply:
    received = []
    try:
        while piece := sock.recv(65536):
            received.append(piece)
    except ConnectionResetError:
        return Reply(b"".join(received), "RST")
    return Reply(b"".join(received), "FIN")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    before = set(threading.enumerate())
    with FaultServer() as running:
        yield running
    assert set(threading.enumerate()) <= before


@pytest.fixture
def connect(server: FaultServer) -> Iterator[Callable[[], socket.socket]]:
    """Makes connections that are closed at the end of the test."""
    opened = []

    def make() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        return opened[-1]

    yield make
    for sock in opened:
        sock.close()


@pytest.fixture
def ask(connect: Callable[[], socket.socket]) -> Ask:
    """Sends one request on a connection of its own and reads to the end of the connection."""

    def send(target: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> Reply:
        fields = {"Host": "test", "Connection": "close"} | (headers or {})
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
        with connect() as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            return receive_all(sock)

    return send
