from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import Answer, BytesBody, FaultServer, Request, faults
from galion_core.testing.faults import Fault

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask

PART = {"Range": "bytes=1-2"}


@pytest.mark.parametrize(
    ("times", "skip", "statuses"),
    [
        (None, 0, [503, 503, 503, 503]),
        (2, 0, [503, 503, 200, 200]),
        (None, 3, [200, 200, 200, 503]),
        (1, 2, [200, 200, 503, 200]),
        (0, 0, [200, 200, 200, 200]),
    ],
)
def test_a_fault_skips_applies_and_is_over(
    server: FaultServer, ask: Ask, times: int | None, skip: int, statuses: list[int]
) -> None:
    server.add("/file", b"1234", faults=[faults.Status(503, times=times, skip=skip)])
    assert [ask("/file").status for _ in range(4)] == statuses


def test_a_fault_can_be_for_some_requests_which_alone_are_counted(
    server: FaultServer, ask: Ask
) -> None:
    fault = faults.Status(503, when=faults.ranged, skip=1, times=1)
    server.add("/file", b"1234", faults=[fault])
    asked = [PART, {}, {}, PART, PART]
    assert [ask("/file", headers).status for headers in asked] == [206, 200, 200, 503, 206]


def test_the_opposite_of_ranged_is_unranged(server: FaultServer, ask: Ask) -> None:
    server.add("/file", b"1234", faults=[faults.Status(503, when=faults.unranged)])
    assert [ask("/file").status, ask("/file", PART).status] == [503, 206]


def test_a_head_does_not_use_up_a_fault_of_the_body(server: FaultServer, ask: Ask) -> None:
    server.add("/file", b"1234", faults=[faults.CutBody(2, times=1)])
    ask("/file", method="HEAD")
    assert [ask("/file").body, ask("/file").body] == [b"12", b"1234"]


def test_faults_add_up(server: FaultServer, ask: Ask) -> None:
    server.add(
        "/file", b"1234", faults=[faults.NoValidators(), faults.Chunked(), faults.CutBody(2)]
    )
    reply = ask("/file")
    assert reply.body == b"2\r\n12\r\n"
    assert "etag" not in reply.headers


def test_a_refusal_lets_the_faults_after_it_wait_for_their_turn(
    server: FaultServer, ask: Ask
) -> None:
    script = [faults.Status(503, times=1), faults.Status(429, times=1), faults.CutBody(2, times=1)]
    server.add("/file", b"1234", faults=script)
    replies = [ask("/file") for _ in range(4)]
    assert [reply.status for reply in replies] == [503, 429, 200, 200]
    assert [reply.body for reply in replies[2:]] == [b"12", b"1234"]


def test_two_resources_count_for_themselves(server: FaultServer, ask: Ask) -> None:
    once = faults.Status(503, times=1)
    server.add("/a", b"a", faults=[once])
    server.add("/b", b"b", faults=[once])
    assert [ask(target).status for target in ("/a", "/b", "/a", "/b")] == [503, 503, 200, 200]


def test_a_fault_of_ones_own_is_a_few_lines(server: FaultServer, ask: Ask) -> None:
    @dataclass(frozen=True)
    class Shout(Fault):
        def send(self, answer: Answer, request: Request) -> Answer:
            return replace(answer, body=BytesBody(answer.body.content().upper()))

    server.add("/file", b"quiet", faults=[Shout()])
    assert ask("/file").body == b"QUIET"
