from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from galion_core.testing import FaultServer, Headers, PatternBody

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask


def test_the_url_that_add_gives_can_be_fetched(server: FaultServer) -> None:
    url = server.add("/a b/größe.bin", b"here")
    assert url == f"http://127.0.0.1:{server.port}/a%20b/gr%C3%B6%C3%9Fe.bin"
    with urlopen(url) as response:
        assert response.read() == b"here"


def test_a_server_is_two_origins(server: FaultServer) -> None:
    server.add("/file", b"here")
    with urlopen(server.url("/file", host="localhost")) as response:
        assert response.read() == b"here"
    assert server.requests[0].origin == f"http://localhost:{server.port}"
    assert server.origin == f"http://127.0.0.1:{server.port}"


def test_adding_again_replaces(server: FaultServer, ask: Ask) -> None:
    server.add("/file", b"old")
    old = ask("/file")
    server.add("/file", b"new")
    new = ask("/file")
    assert (old.body, new.body) == (b"old", b"new")
    assert old.headers["etag"] != new.headers["etag"]
    server.remove("/file")
    assert ask("/file").status == 404


def test_a_target_with_a_query_is_for_that_query_only(server: FaultServer, ask: Ask) -> None:
    server.add("/api", b"any")
    server.add("/api?page=2", b"second")
    assert [ask(f"/api{query}").body for query in ("", "?page=1", "?page=2")] == [
        b"any",
        b"any",
        b"second",
    ]


def test_headers_win_over_what_the_server_would_say_and_may_repeat(
    server: FaultServer, ask: Ask
) -> None:
    own = [("content-type", "a/b"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X", "\udcff")]
    server.add("/file", b"", headers=Headers(own))
    reply = ask("/file")
    lines = reply.head.split(b"\r\n")
    assert [line for line in lines if b"ype" in line] == [b"content-type: a/b"]
    assert [line for line in lines if b"Cookie" in line] == [b"Set-Cookie: a=1", b"Set-Cookie: b=2"]
    assert b"X: \xff" in lines


def test_a_connection_is_kept_and_takes_requests_ahead_of_answers(
    server: FaultServer, connect: Callable[[], socket.socket]
) -> None:
    server.add("/a", b"first")
    server.add("/b", b"second")
    sock = connect()
    sock.sendall(b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: TE, close\r\n\r\n")
    received = b""
    while piece := sock.recv(1000):
        received += piece
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b"first") < received.index(b"second")


def test_http_1_0_closes(server: FaultServer, connect: Callable[[], socket.socket]) -> None:
    server.add("/a", b"all")
    sock = connect()
    sock.sendall(b"GET /a HTTP/1.0\r\n\r\n")
    received = b""
    while piece := sock.recv(1000):
        received += piece
    assert received.endswith(b"all")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nLong: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(
    server: FaultServer, connect: Callable[[], socket.socket], sent: bytes
) -> None:
    sock = connect()
    sock.sendall(sent)
    assert sock.recv(1000).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.requests == []


def test_stopping_ends_idle_busy_and_stuck_connections_and_every_thread() -> None:
    before = set(threading.enumerate())
    with FaultServer() as server:
        server.add("/file", PatternBody(1 << 30))
        idle, half, stuck = (
            socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(3)
        )
        half.sendall(b"GET /fi")
        stuck.sendall(b"GET /file HTTP/1.1\r\n\r\n")  # and never reads
        server.wait_for(lambda seen: bool(seen) and seen[0].body_bytes_sent > 0)
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before
    for sock in (idle, half):
        with sock:
            assert sock.recv(1) == b""
    stuck.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_a_server_can_be_stopped_twice_and_started_again() -> None:
    server = FaultServer()
    server.stop()
    url_path = server.add("/file", b"kept").rpartition("/")[2]
    for _ in range(2):
        server.start()
        with urlopen(server.url(f"/{url_path}")) as response:
            assert response.read() == b"kept"
        server.stop()
        server.stop()


def test_a_port_can_be_asked_for_and_is_refused_when_taken(server: FaultServer) -> None:
    with pytest.raises(OSError, match="in use"):
        FaultServer(port=server.port).start()


def test_many_clients_are_served_at_once(server: FaultServer) -> None:
    body = PatternBody(1_000_000)
    server.add("/file", body)
    right = []

    def fetch(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/file", headers={"Range": f"bytes={number}-"})
        right.append(connection.getresponse().read() == body.content(number))
        connection.close()

    clients = [threading.Thread(target=fetch, args=(number,)) for number in range(16)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert right == [True] * 16


def test_a_path_must_be_one(server: FaultServer) -> None:
    with pytest.raises(ValueError, match="starts with"):
        server.add("file")


@pytest.mark.parametrize("host", ["127.0.0.2", "::1"])
def test_it_serves_on_another_address_of_loopback(host: str) -> None:
    with FaultServer(host=host) as server:
        server.add("/file.bin", b"bytes")
        with socket.create_connection((host, server.port)) as client:
            client.sendall(b"GET /file.bin HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            assert client.makefile("rb").read().endswith(b"\r\n\r\nbytes")
        shown = f"[{host}]" if ":" in host else host
        assert server.origin == f"http://{shown}:{server.port}"
