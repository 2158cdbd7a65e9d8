"""The honest server, by RFC 9110: the faults are told from this."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask

BODY = PatternBody(10_000)
CONTENT = BODY.content()
MODIFIED = datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)
MODIFIED_TEXT = "Mon, 03 Feb 2025 04:05:06 GMT"
EARLIER = "Mon, 03 Feb 2025 04:05:05 GMT"


@pytest.fixture(autouse=True)
def _file(server: FaultServer) -> None:
    server.add("/file", BODY, etag='"v1"', last_modified=MODIFIED, content_type="model/x")
    server.add("/weak", BODY, etag='W/"v1"')
    server.add("/empty", b"")
    server.add("/bare", BODY, etag=None, last_modified=None, content_type=None)


def test_a_whole_file_comes_with_its_validators(ask: Ask) -> None:
    reply = ask("/file")
    assert (reply.status, reply.body, reply.ended) == (200, CONTENT, "FIN")
    assert reply.headers["content-length"] == "10000"
    assert reply.headers["etag"] == '"v1"'
    assert reply.headers["last-modified"] == MODIFIED_TEXT
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["content-type"] == "model/x"
    assert reply.headers["date"].endswith(" GMT")


def test_head_gives_the_same_headers_and_no_body(ask: Ask) -> None:
    get, head = ask("/file"), ask("/file", method="HEAD")
    assert head.headers.without("date").pairs == get.headers.without("date").pairs
    assert (head.status, head.body) == (200, b"")


def test_validators_and_type_can_be_left_out(ask: Ask) -> None:
    assert not {"etag", "last-modified", "content-type"} & set(ask("/bare").headers)


# The examples of RFC 9110 14.1.2, for its file of 10,000 bytes, and their edges.
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-499", 0, 499),
        ("bytes=500-999", 500, 999),
        ("bytes=-500", 9500, 9999),
        ("bytes=9500-", 9500, 9999),
        ("bytes=0-0", 0, 0),
        ("bytes=-1", 9999, 9999),
        ("bytes=-20000", 0, 9999),
        ("bytes=9999-123456", 9999, 9999),
        ("Bytes= 0-499", 0, 499),
    ],
)
def test_a_range_that_can_be_met_is_a_206(ask: Ask, asked: str, first: int, last: int) -> None:
    reply = ask("/file", {"Range": asked})
    assert reply.status == 206
    assert reply.headers["content-range"] == f"bytes {first}-{last}/10000"
    assert reply.headers["content-length"] == str(last - first + 1)
    assert reply.body == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=10000-", "bytes=10000-10005", "bytes=-0"])
def test_a_range_that_cannot_be_met_is_a_416_that_tells_the_size(ask: Ask, asked: str) -> None:
    reply = ask("/file", {"Range": asked})
    assert (reply.status, reply.body) == (416, b"")
    assert reply.headers["content-range"] == "bytes */10000"


@pytest.mark.parametrize(
    "asked", ["bytes=5-4", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-0,-1", "bytes", ""]
)
def test_a_range_that_makes_no_sense_or_is_not_single_is_ignored(ask: Ask, asked: str) -> None:
    reply = ask("/file", {"Range": asked})
    assert (reply.status, reply.body) == (200, CONTENT)


def test_a_range_is_for_get_only(ask: Ask) -> None:
    assert ask("/file", {"Range": "bytes=0-0"}, method="HEAD").status == 200


def test_an_empty_file_has_no_byte_0_and_no_last_bytes(ask: Ask) -> None:
    assert ask("/empty", {"Range": "bytes=0-"}).status == 416
    assert ask("/empty", {"Range": "bytes=-5"}).status == 200


@pytest.mark.parametrize(
    ("target", "if_range", "status"),
    [
        ("/file", '"v1"', 206),
        ("/file", '"v2"', 200),
        ("/file", 'W/"v1"', 200),
        ("/weak", 'W/"v1"', 200),
        ("/file", MODIFIED_TEXT, 206),
        ("/file", EARLIER, 200),
        ("/file", "nonsense", 200),
        ("/bare", '"v1"', 200),
        ("/bare", MODIFIED_TEXT, 200),
    ],
)
def test_if_range_gives_the_part_of_the_same_file_only(
    ask: Ask, target: str, if_range: str, status: int
) -> None:
    reply = ask(target, {"Range": "bytes=1-2", "If-Range": if_range})
    assert reply.status == status
    assert reply.body == (CONTENT[1:3] if status == 206 else CONTENT)


@pytest.mark.parametrize(
    ("target", "condition", "status"),
    [
        ("/file", {"If-None-Match": '"v1"'}, 304),
        ("/file", {"If-None-Match": '"a", W/"v1"'}, 304),
        ("/file", {"If-None-Match": "*"}, 304),
        ("/file", {"If-None-Match": '"v2"'}, 200),
        ("/bare", {"If-None-Match": '"v1"'}, 200),
        ("/file", {"If-Match": '"v0", "v1"'}, 200),
        ("/file", {"If-Match": '"v2"'}, 412),
        ("/weak", {"If-Match": 'W/"v1"'}, 412),
        ("/file", {"If-Match": "*"}, 200),
        ("/file", {"If-Modified-Since": MODIFIED_TEXT}, 304),
        ("/file", {"If-Modified-Since": EARLIER}, 200),
        ("/file", {"If-Modified-Since": "nonsense"}, 200),
        ("/file", {"If-Unmodified-Since": MODIFIED_TEXT}, 200),
        ("/file", {"If-Unmodified-Since": EARLIER}, 412),
        ("/file", {"If-None-Match": '"v2"', "If-Modified-Since": MODIFIED_TEXT}, 200),
        ("/file", {"If-Match": '"v1"', "If-Unmodified-Since": EARLIER}, 200),
    ],
)
def test_preconditions_are_weighed_in_their_order(
    ask: Ask, target: str, condition: dict[str, str], status: int
) -> None:
    reply = ask(target, condition)
    assert reply.status == status
    assert reply.body == (CONTENT if status == 200 else b"")


def test_a_304_does_not_claim_a_length_and_a_412_is_empty(ask: Ask) -> None:
    assert "content-length" not in ask("/file", {"If-None-Match": "*"}).headers
    assert ask("/file", {"If-Match": '"x"'}).headers["content-length"] == "0"
