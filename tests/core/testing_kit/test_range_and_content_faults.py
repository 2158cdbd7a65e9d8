from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.testing.faults import Fault

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask

BODY = PatternBody(10_000)
CONTENT = BODY.content()
PART = {"Range": "bytes=100-199"}


@pytest.mark.parametrize("fault", [faults.IgnoreRange(), faults.AcceptRangesNone()])
def test_a_range_can_be_ignored(server: FaultServer, ask: Ask, fault: Fault) -> None:
    server.add("/file", BODY, faults=[fault])
    reply = ask("/file", PART)
    assert (reply.status, reply.body) == (200, CONTENT)
    assert "content-range" not in reply.headers


def test_a_server_can_say_that_it_has_no_ranges(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.AcceptRangesNone()])
    assert ask("/file").headers["accept-ranges"] == "none"


def test_if_range_can_be_ignored(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, etag='"new"', faults=[faults.IgnoreIfRange()])
    assert ask("/file", PART | {"If-Range": '"old"'}).status == 206


@pytest.mark.parametrize(
    ("by", "first", "last"), [(7, 107, 206), (-7, 93, 192), (-150, 0, 49), (9_850, 9_950, 9_999)]
)
def test_a_shifted_range_says_what_it_is(
    server: FaultServer, ask: Ask, by: int, first: int, last: int
) -> None:
    server.add("/file", BODY, faults=[faults.ShiftRange(by)])
    reply = ask("/file", PART)
    assert reply.status == 206
    assert reply.headers["content-range"] == f"bytes {first}-{last}/10000"
    assert reply.body == CONTENT[first : last + 1]


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (faults.WrongContentRange(), None),
        (faults.WrongContentRange("bytes 0-99/100"), "bytes 0-99/100"),
        (faults.WrongContentRange(total=9_999), "bytes 100-199/9999"),
        (faults.WrongContentRange(total="*"), "bytes 100-199/*"),
    ],
)
def test_content_range_can_be_wrong_or_missing(
    server: FaultServer, ask: Ask, fault: Fault, shown: str | None
) -> None:
    server.add("/file", BODY, faults=[fault])
    reply = ask("/file", PART)
    assert (reply.status, reply.body) == (206, CONTENT[100:200])
    assert reply.headers.get("content-range") == shown


def test_a_part_can_come_as_multipart(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Multipart(boundary="XX")])
    reply = ask("/file", PART)
    assert reply.status == 206
    assert reply.headers["content-type"] == "multipart/byteranges; boundary=XX"
    assert "content-range" not in reply.headers
    assert reply.body == (
        b"--XX\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Range: bytes 100-199/10000\r\n\r\n" + CONTENT[100:200] + b"\r\n--XX--\r\n"
    )


@pytest.mark.parametrize(
    "fault",
    [faults.ShiftRange(5), faults.WrongContentRange(), faults.Multipart(), faults.IgnoreRange()],
)
def test_a_range_fault_leaves_the_whole_alone_and_does_not_count_it(
    server: FaultServer, ask: Ask, fault: Fault
) -> None:
    server.add("/clean", BODY, etag='"x"')
    server.add("/file", BODY, etag='"x"', faults=[fault])
    clean, faulty = ask("/clean"), ask("/file")
    assert faulty.body == clean.body
    assert faulty.headers.without("date").pairs == clean.headers.without("date").pairs


def test_a_flipped_byte_changes_nothing_else(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.FlipByte(150, times=1)])
    bad, good = ask("/file", PART), ask("/file", PART)
    assert good.body == CONTENT[100:200]
    assert [i for i in range(100) if bad.body[i] != good.body[i]] == [50]
    assert bad.headers["etag"] == good.headers["etag"]


def test_a_file_can_change_between_requests(server: FaultServer, ask: Ask) -> None:
    new = PatternBody(BODY.size, seed=1)
    server.add("/file", BODY, faults=[faults.ChangeAfter(2, new)])
    replies = [ask("/file") for _ in range(4)]
    assert [reply.body == CONTENT for reply in replies] == [True, True, False, False]
    assert replies[3].body == new.content()
    assert len({reply.headers["etag"] for reply in replies}) == 2


def test_a_file_can_change_in_secret(server: FaultServer, ask: Ask) -> None:
    server.add("/file", b"old", etag='"v1"', faults=[faults.ChangeAfter(1, b"new", etag='"v1"')])
    replies = [ask("/file") for _ in range(2)]
    assert [reply.body for reply in replies] == [b"old", b"new"]
    assert [reply.headers["etag"] for reply in replies] == ['"v1"', '"v1"']


def test_validators_can_be_weak(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, etag='"v1"', faults=[faults.WeakValidator()])
    reply = ask("/file")
    assert reply.headers["etag"] == 'W/"v1"'
    assert "last-modified" not in reply.headers
    assert ask("/file", PART | {"If-Range": 'W/"v1"'}).status == 200


def test_validators_can_be_missing(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.NoValidators()])
    assert not {"etag", "last-modified"} & set(ask("/file").headers)


def test_a_body_can_be_compressed_against_the_will_of_the_client(
    server: FaultServer, ask: Ask
) -> None:
    server.add("/file", BODY, faults=[faults.Gzip()])
    reply = ask("/file", {"Accept-Encoding": "identity"} | PART)
    assert (reply.status, reply.headers["content-encoding"]) == (200, "gzip")
    assert reply.headers["content-length"] == str(len(reply.body))
    assert gzip.decompress(reply.body) == CONTENT


def test_headers_can_be_replaced_and_taken_out(server: FaultServer, ask: Ask) -> None:
    fault = faults.SetHeaders({"Content-Type": "text/html", "Date": None, "X-New": "1"})
    server.add("/file", BODY, faults=[fault])
    headers = ask("/file").headers
    assert (headers["content-type"], headers["x-new"]) == ("text/html", "1")
    assert "date" not in headers
