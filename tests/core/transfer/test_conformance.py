"""Answers to the first request.

Every row is one file at ``/file.bin`` and what the server does to it. The letters are those of a
comparison in which other tools deliver wrong bytes in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.core.transfer.row import FILE, MIB, SHA256, Row, table

from galion_core.digests import ALGORITHMS
from galion_core.errors import (
    CredentialsRefused,
    CredentialsRequired,
    DownloadFailed,
    IntegrityError,
    InvalidUrl,
    NotFound,
    PolicyError,
    RateLimited,
)
from galion_core.testing import BytesBody, FaultServer, faults
from galion_core.testing.faults import Fault
from galion_core.transfer.wanted import Fetched
from galion_core.types import Checksum

Fetch = Callable[..., Fetched]
HTML = b"<!-- served by a cache -->\n<!DOCTYPE html><html><body>Please sign in</body></html>"


def refusal(code: int, **more: object) -> tuple[Fault, ...]:
    return (faults.Status(code, **more),)  # type: ignore[arg-type]


ROWS = {
    "an honest server": Row(requests=1),
    "an honest server, checksum known": Row(wanted={"checksums": (SHA256,)}, requests=1),
    "a 0-byte file": Row(body=BytesBody(b""), requests=1),
    "chunked, no length": Row(does=(faults.Chunked(),), requests=1),
    "neither length nor chunks": Row(does=(faults.NoContentLength(),), requests=1),
    "an empty body without a length": Row(
        does=(faults.NoContentLength(),),
        body=BytesBody(b""),
        fails=DownloadFailed,
        saying="empty answer",
    ),
    "no validators": Row(does=(faults.NoValidators(),), requests=1),
    "the head trickles": Row(does=(faults.SlowHeaders(2000),), requests=1),
    # F: one flipped byte
    "a flipped byte, checksum known": Row(
        does=(faults.FlipByte(3 * MIB),),
        wanted={"checksums": (SHA256,)},
        fails=IntegrityError,
        saying="not what was promised",
        requests=1,
    ),
    # The length lies
    "a length that says more than comes": Row(
        does=(faults.WrongLength(1000),),
        fails=DownloadFailed,
        saying="closed the connection in mid-file",
    ),
    "a length that says more than comes, once": Row(does=(faults.WrongLength(1000, times=1),)),
    "a length that says less, size known": Row(
        does=(faults.WrongLength(-1000),),
        wanted={"size": FILE.size},
        fails=IntegrityError,
        saying=f"{FILE.size - 1000:,} bytes where {FILE.size:,} were promised",
        requests=1,
    ),
    "a length that says less, checksum known": Row(
        does=(faults.WrongLength(-1000),),
        wanted={"checksums": (SHA256,)},
        fails=IntegrityError,
        saying="not what was promised",
    ),
    "chunks that hold less than was promised": Row(
        does=(faults.Chunked(),),
        wanted={"size": FILE.size + 1},
        fails=DownloadFailed,
        saying=f"of {FILE.size + 1:,} bytes",
    ),
    "chunks that hold more than was promised": Row(
        does=(faults.Chunked(),),
        wanted={"size": FILE.size - 1},
        fails=IntegrityError,
        saying=f"more than the {FILE.size - 1:,} bytes",
    ),
    # G and its kin: something else under the file's name
    "a login page": Row(
        does=(faults.HtmlInstead(),), fails=IntegrityError, saying="a web page", requests=1
    ),
    "a login page announced as a file": Row(
        body=BytesBody(HTML), fails=IntegrityError, saying="a web page", requests=1
    ),
    "a JSON error under 200": Row(
        does=(faults.JsonError(),), fails=IntegrityError, saying="an error message (JSON)"
    ),
    "a Git LFS pointer": Row(
        does=(faults.LfsPointer(),), fails=IntegrityError, saying="Git LFS pointer"
    ),
    "AccessDenied in XML under 200": Row(
        does=(faults.XmlAccessDenied(200),), fails=IntegrityError, saying="an error message (XML)"
    ),
    "AccessDenied in XML under 403": Row(
        does=(faults.XmlAccessDenied(),), fails=CredentialsRefused, saying="refuses access"
    ),
    "gzip although identity was asked": Row(
        does=(faults.Gzip(),), fails=DownloadFailed, saying="compressed ('gzip')", requests=1
    ),
    "a 206 that nobody asked for": Row(
        does=refusal(206), fails=DownloadFailed, saying="a part of the file (206)", requests=1
    ),
    # Refusals
    "401": Row(does=refusal(401), fails=CredentialsRequired, saying="who you are", requests=1),
    "404": Row(does=refusal(404), fails=NotFound, saying="is not on", requests=1),
    "410": Row(does=refusal(410), fails=NotFound, saying="has been removed", requests=1),
    "418": Row(does=refusal(418), fails=DownloadFailed, saying="answered 418", requests=1),
    "204": Row(does=refusal(204), fails=DownloadFailed, saying="answered 204", requests=1),
    "a redirect without a Location": Row(
        does=refusal(302), fails=DownloadFailed, saying="answered 302", requests=1
    ),
    "500 three times": Row(does=refusal(500, times=3), requests=4),
    "500 for ever": Row(does=refusal(500), fails=DownloadFailed, saying="500", requests=4),
    # H: Retry-After
    "503 with Retry-After in seconds": Row(does=refusal(503, times=1, retry_after=1), requests=2),
    "429 with Retry-After in seconds": Row(does=refusal(429, times=1, retry_after=1), requests=2),
    "429 with Retry-After as a date": Row(
        does=refusal(429, times=1, retry_after=timedelta(seconds=2)), requests=2
    ),
    "429 with a Retry-After that is nonsense": Row(
        does=refusal(429, times=1, retry_after="when hell freezes over"), requests=2
    ),
    "429 with Retry-After beyond the cap": Row(
        does=refusal(429, retry_after=3600),
        fails=RateLimited,
        saying="asks for fewer requests",
        requests=1,
    ),
    "503 with Retry-After beyond the cap": Row(
        does=refusal(503, retry_after=timedelta(hours=1)),
        fails=DownloadFailed,
        saying="503",
        requests=1,
    ),
    # Connections that break before the body
    "reset in mid-header, twice": Row(does=(faults.ResetInHeaders(times=2),), requests=3),
    "reset in mid-header for ever": Row(
        does=(faults.ResetInHeaders(),), fails=DownloadFailed, saying="The connection to"
    ),
    "closed before the head": Row(
        does=(faults.ResetInHeaders(0, reset=False),),
        fails=DownloadFailed,
        saying="without an answer",
    ),
    "silence before the head": Row(does=(faults.StallBeforeHeaders(times=1),), requests=2),
    "an answer that is not HTTP": Row(
        does=(faults.Raw(b"SSH-2.0-OpenSSH_9.2\r\n"),),
        fails=DownloadFailed,
        saying="127.0.0.1",
        requests=1,
    ),
    "headers without end": Row(
        does=(faults.Raw(b"HTTP/1.1 200 OK\r\n" + b"X-More: of the same\r\n" * 20_000),),
        fails=DownloadFailed,
        saying="127.0.0.1",
    ),
    "a header field with a date that no calendar has": Row(
        headers={"Last-Modified": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}
    ),
    # Redirects
    "a redirect loop": Row(
        does=(faults.Redirect("/file.bin"),),
        fails=DownloadFailed,
        saying="redirects more than 20 times",
        requests=21,
    ),
    "a redirect to a file on disk": Row(
        does=(faults.Redirect("file:///etc/passwd"),),
        fails=PolicyError,
        saying="not http or https",
        requests=1,
    ),
    "a redirect to nonsense": Row(
        does=(faults.Redirect("http://[::1"),), fails=InvalidUrl, saying="not a usable URL"
    ),
}


@table(ROWS)
def test_the_right_bytes_or_an_explained_failure(
    row: Row, connections: int, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = row.add(server, connections)
    row.check(server, directory, lambda **wanted: fetch(url, connections=connections, **wanted))
    if row.requests is not None and connections == 1:
        assert len(server.requests) == row.requests


@pytest.mark.parametrize("wait", [1, timedelta(seconds=2)], ids=["seconds", "date"])
def test_the_next_request_comes_no_earlier_than_retry_after_asks(
    wait: int | timedelta, server: FaultServer, fetch: Callable[..., Fetched]
) -> None:
    url = server.add("/file.bin", FILE, faults=refusal(503, times=1, retry_after=wait))
    fetch(url)
    first, second = server.requests
    # A date has whole seconds, so that one two seconds away is at least one away.
    assert second.at - first.at > 0.99


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum_says_what_was_expected_and_what_came(
    algorithm: str, server: FaultServer, fetch: Callable[..., Fetched]
) -> None:
    digest = ALGORITHMS[algorithm].new()
    wrong = Checksum(algorithm, digest.hexdigest())
    digest.update(FILE.content())
    right = Checksum(algorithm, digest.hexdigest())
    url = server.add("/file.bin", FILE)
    with pytest.raises(IntegrityError) as caught:
        fetch(url, checksums=(SHA256, wrong))
    assert caught.value.details == {
        "algorithm": algorithm,
        "expected": wrong.value,
        "got": right.value,
        "by": "",
    }
    assert fetch(url, checksums=(right,)).verified
