from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, SeenRequest, faults

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask


def test_a_request_is_recorded_as_it_came(
    server: FaultServer, connect: Callable[[], socket.socket]
) -> None:
    server.add("/file", b"0123456789")
    sock = connect()
    sock.sendall(
        b"GET /file?a=1 HTTP/1.1\r\nHOST: example.test:1\r\nRange: bytes=2-4\r\n"
        b"X-Twice: one\r\nx-twice: two\r\nConnection: close\r\n\r\n"
    )
    while sock.recv(1000):
        pass
    (seen,) = server.requests
    assert (seen.method, seen.target, seen.path) == ("GET", "/file?a=1", "/file")
    assert seen.range == "bytes=2-4"
    assert seen.origin == "http://example.test:1"
    assert list(seen.headers) == ["host", "range", "x-twice", "connection"]
    assert seen.headers.get_all("X-Twice") == ["one", "two"]
    assert seen.headers["x-twice"] == "one, two"
    assert "authorization" not in seen.headers
    assert (seen.status, seen.body_bytes_sent, seen.finished) == (206, 3, True)
    assert seen.remote_port == sock.getsockname()[1]


def test_requests_tell_which_connection_they_came_on(server: FaultServer) -> None:
    server.add("/file", b"x")
    connections = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(2)]
    for number in (0, 1, 0):
        connections[number].request("GET", "/file")
        connections[number].getresponse().read()
    for connection in connections:
        connection.close()
    assert [seen.connection for seen in server.requests] == [1, 2, 1]
    assert sorted(seen.at for seen in server.requests) == [seen.at for seen in server.requests]


def test_who_has_read_the_whole_body_finds_all_of_it_recorded(
    server: FaultServer, connect: Callable[[], socket.socket]
) -> None:
    server.add("/file", PatternBody(1_000_000))
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for number in range(20):
        connection.request("GET", "/file")
        connection.getresponse().read()
        assert server.requests[number].body_bytes_sent == 1_000_000
    connection.close()


def test_bytes_that_could_not_be_sent_are_not_counted(
    server: FaultServer, connect: Callable[[], socket.socket]
) -> None:
    server.add("/file", PatternBody(1 << 30))
    sock = connect()
    sock.sendall(b"GET /file HTTP/1.1\r\n\r\n")
    sock.recv(1000)
    sock.close()
    assert 0 < server.wait_until_idle()[0].body_bytes_sent < 1 << 30


def test_requests_can_be_asked_for_by_path(server: FaultServer, ask: Ask) -> None:
    server.add("/a", b"a")
    for target in ("/a", "/b", "/a?x=1", "/b"):
        ask(target)
    assert [seen.target for seen in server.requests_to("/a")] == ["/a", "/a?x=1"]
    assert [seen.status for seen in server.requests_to("/b")] == [404, 404]
    server.forget_requests()
    assert server.requests == []


def test_waiting_that_is_in_vain_says_what_was_seen(server: FaultServer, ask: Ask) -> None:
    ask("/somewhere")
    with pytest.raises(TimeoutError, match="/somewhere"):
        server.wait_for(2, timeout=0.01)


def test_one_can_wait_for_a_condition(server: FaultServer, ask: Ask) -> None:
    server.add("/file", b"x", faults=[faults.Status(503, times=1)])

    def refused(seen: list[SeenRequest]) -> bool:
        return any(request.status == 503 for request in seen)

    with pytest.raises(TimeoutError):
        server.wait_for(refused, timeout=0.01)
    ask("/file")
    assert len(server.wait_for(refused)) == 1


def test_the_body_of_a_request_is_kept_and_the_method_refused(
    server: FaultServer, connect: Callable[[], socket.socket]
) -> None:
    sock = connect()
    sock.sendall(b"POST /file HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")
    assert sock.recv(1000).startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert server.requests[0].body == b"hello"
