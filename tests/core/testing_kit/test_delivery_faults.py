from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, faults

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask

BODY = PatternBody(3_000_000)
CONTENT = BODY.content()
GET = b"GET /file HTTP/1.1\r\nHost: test\r\n\r\n"
Connect = Callable[[], socket.socket]


def receive(sock: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count and (piece := sock.recv(count - len(received))):
        received += piece
    return received


def receive_body(sock: socket.socket, count: int) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += receive(sock, 1)
    return receive(sock, count)


@pytest.mark.parametrize(("reset", "ended"), [(False, "FIN"), (True, "RST")])
@pytest.mark.parametrize("after", [0, 1, 2_000_000])
def test_a_cut_body_ends_after_exactly_so_many_bytes(
    server: FaultServer, ask: Ask, after: int, reset: bool, ended: str
) -> None:
    server.add("/file", BODY, faults=[faults.CutBody(after, reset=reset)])
    reply = ask("/file")
    assert reply.headers["content-length"] == "3000000"
    assert (reply.body, reply.ended) == (CONTENT[:after], ended)
    assert server.requests[0].body_bytes_sent == after


def test_a_cut_counts_from_the_start_of_the_answer(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.CutBody(10)])
    assert ask("/file", {"Range": "bytes=100-"}).body == CONTENT[100:110]


def test_a_cut_beyond_the_end_never_happens(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.CutBody(BODY.size + 1, reset=True)])
    reply = ask("/file")
    assert (reply.body, reply.ended) == (CONTENT, "FIN")


def test_a_chunked_body_that_is_cut_lacks_its_last_chunk(server: FaultServer, ask: Ask) -> None:
    server.add("/file", b"0123456789", faults=[faults.CutChunked(4)])
    reply = ask("/file")
    assert reply.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in reply.headers
    assert reply.body == b"4\r\n0123\r\n"


def test_a_chunked_body_is_whole_for_who_understands_chunks(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Chunked()])
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(2):  # and the connection goes on
        connection.request("GET", "/file")
        assert connection.getresponse().read() == CONTENT
    connection.close()
    assert ask("/file").body.endswith(b"\r\n0\r\n\r\n")


def test_without_content_length_the_body_ends_with_the_connection(
    server: FaultServer, connect: Connect
) -> None:
    server.add("/file", BODY, faults=[faults.NoContentLength()])
    sock = connect()
    sock.sendall(GET)
    response = http.client.HTTPResponse(sock)
    response.begin()
    assert response.length is None
    assert response.getheader("Transfer-Encoding") is None
    assert response.read() == CONTENT
    response.close()


def test_a_stall_lasts_until_its_event(server: FaultServer, connect: Connect) -> None:
    go_on = threading.Event()
    server.add("/file", BODY, faults=[faults.Stall(1000, until=go_on)])
    sock = connect()
    sock.sendall(GET)
    stalled = server.wait_for(lambda seen: bool(seen) and seen[0].body_bytes_sent > 0)
    assert (stalled[0].body_bytes_sent, stalled[0].finished) == (1000, False)
    go_on.set()
    assert receive_body(sock, BODY.size) == CONTENT


def test_a_stall_can_last_a_while(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Stall(1000, seconds=0.05)])
    assert ask("/file").body == CONTENT


def test_a_stall_ends_when_the_client_leaves(server: FaultServer, connect: Connect) -> None:
    server.add("/file", BODY, faults=[faults.Stall(1000)])
    sock = connect()
    sock.sendall(GET)
    assert receive_body(sock, 1000) == CONTENT[:1000]
    assert not server.requests[0].finished
    sock.close()
    assert server.wait_until_idle()[0].body_bytes_sent == 1000


def test_a_stall_ends_when_the_server_stops(ask: Ask, server: FaultServer) -> None:
    server.add("/file", BODY, faults=[faults.Stall(1000), faults.StallBeforeHeaders(skip=1)])
    replies = []
    clients = [threading.Thread(target=lambda: replies.append(ask("/file"))) for _ in range(2)]
    for number, client in enumerate(clients, start=1):
        client.start()
        server.wait_for(number)
    server.stop()
    for client in clients:
        client.join()
    assert all(len(reply.body) <= 1000 for reply in replies)
    assert all(request.finished for request in server.requests)


def test_nothing_is_answered_before_the_stall_is_over(
    server: FaultServer, connect: Connect
) -> None:
    go_on = threading.Event()
    server.add("/file", b"late", faults=[faults.StallBeforeHeaders(until=go_on)])
    sock = connect()
    sock.sendall(GET)
    server.wait_for(1)
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(1)
    sock.setblocking(True)
    go_on.set()
    assert receive(sock, 15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(("reset", "ended"), [(False, "FIN"), (True, "RST")])
@pytest.mark.parametrize("after", [0, 12])
def test_a_head_can_be_cut(
    server: FaultServer, ask: Ask, after: int, reset: bool, ended: str
) -> None:
    server.add("/file", BODY, faults=[faults.ResetInHeaders(after, reset=reset)])
    reply = ask("/file")
    assert (reply.data, reply.ended) == (b"HTTP/1.1 200"[:after], ended)


def test_a_slow_head_trickles(server: FaultServer, connect: Connect) -> None:
    server.add("/file", BODY, faults=[faults.SlowHeaders(1)])
    sock = connect()
    sock.sendall(GET)
    assert receive(sock, 1) == b"H"
    assert server.requests[0].body_bytes_sent == 0


def test_a_slow_head_arrives(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.SlowHeaders(10_000)])
    assert ask("/file").body == CONTENT


def test_a_throttled_body_does_not_come_at_once(server: FaultServer, connect: Connect) -> None:
    server.add("/file", BODY, faults=[faults.Throttle(100)])
    sock = connect()
    sock.sendall(GET)
    seen = server.wait_for(lambda seen: bool(seen) and seen[0].body_bytes_sent > 0)
    assert seen[0].body_bytes_sent == 5


def test_a_throttled_body_arrives(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Throttle(30_000_000)])
    assert ask("/file").body == CONTENT


def test_a_truncated_body_claims_to_be_whole(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Truncate(1000)])
    reply = ask("/file")
    assert (reply.headers["content-length"], reply.body) == ("1000", CONTENT[:1000])


@pytest.mark.parametrize(("by", "claimed"), [(5, "15"), (-5, "5"), (-50, "0")])
def test_content_length_can_lie_both_ways(
    server: FaultServer, ask: Ask, by: int, claimed: str
) -> None:
    server.add("/file", b"0123456789", faults=[faults.WrongLength(by)])
    reply = ask("/file")
    assert (reply.headers["content-length"], reply.body) == (claimed, b"0123456789")
