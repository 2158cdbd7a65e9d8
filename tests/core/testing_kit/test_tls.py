from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from galion_core.testing import Authority, FaultServer, PatternBody, faults

GET = b"GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def open_tls(server: FaultServer, context: ssl.SSLContext) -> ssl.SSLSocket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)


def read_until(client: ssl.SSLSocket, end: bytes) -> None:
    received = b""
    while not received.endswith(end):
        received += client.recv(1000)


def test_a_file_comes_over_tls_by_either_name(authority: Authority) -> None:
    body = PatternBody(3_000_000)
    with FaultServer(tls=authority.server_context()) as server:
        url = server.add("/file", body)
        assert url.startswith("https://127.0.0.1:")
        for either in (url, server.url("/file", host="localhost")):
            with urlopen(either, context=authority.client_context()) as response:
                assert response.read() == body.content()
        assert server.requests[1].origin == f"https://localhost:{server.port}"


def test_the_authority_can_be_written_for_clients_that_want_a_file(
    authority: Authority, tmp_path: Path
) -> None:
    path = authority.write(tmp_path / "ca.pem")
    with FaultServer(tls=authority.server_context()) as server:
        url = server.add("/file", b"x")
        context = ssl.create_default_context(cafile=str(path))
        with urlopen(url, context=context) as response:
            assert response.read() == b"x"


@pytest.mark.parametrize("wrong", ["name", "authority", "date"])
def test_a_certificate_can_be_wrong(authority: Authority, wrong: str) -> None:
    names = ("other.test",) if wrong == "name" else ()
    context = authority.server_context(*names, expired=wrong == "date")
    trusted = Authority() if wrong == "authority" else authority
    with FaultServer(tls=context) as server:
        url = server.add("/file", b"x")
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urlopen(url, context=trusted.client_context())
        assert server.requests == []


def test_a_client_that_does_not_shake_hands_is_left(authority: Authority) -> None:
    with FaultServer(tls=authority.server_context()) as server:
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock,
            contextlib.suppress(ConnectionResetError),
        ):
            sock.sendall(GET)
            while sock.recv(1000):
                pass
        silent = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    assert not [one for one in threading.enumerate() if one.name.startswith("fault-server")]
    silent.close()


def test_a_body_that_ends_with_the_connection_ends_with_a_farewell(authority: Authority) -> None:
    with FaultServer(tls=authority.server_context()) as server:
        server.add("/file", b"0123456789", faults=[faults.NoContentLength()])
        with open_tls(server, authority.client_context()) as client:
            client.sendall(GET)
            received = b""
            while piece := client.recv(1000):
                received += piece
    assert received.endswith(b"\r\n\r\n0123456789")


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_is_without_a_farewell(authority: Authority, reset: bool) -> None:
    with FaultServer(tls=authority.server_context()) as server:
        server.add("/file", b"0123456789", faults=[faults.CutBody(4, reset=reset)])
        context = authority.client_context()
        # Some builds of Python ask OpenSSL to overlook what this is about.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        with open_tls(server, context) as client:
            client.sendall(GET)
            read_until(client, b"\r\n\r\n0123")
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                client.recv(1000)


def test_a_stall_ends_when_the_client_leaves(authority: Authority) -> None:
    with FaultServer(tls=authority.server_context()) as server:
        server.add("/file", b"0123456789", faults=[faults.Stall(4)])
        with open_tls(server, authority.client_context()) as client:
            client.sendall(GET)
            read_until(client, b"0123")
            assert not server.requests[0].finished
        assert server.wait_until_idle()[0].body_bytes_sent == 4
