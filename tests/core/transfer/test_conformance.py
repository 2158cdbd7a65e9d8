"""The table: whatever the server does, the right bytes or an explained failure.

Every row is one file of 4 MiB at ``/file.bin`` and what the server does to it. faults.md section 1
has the letters; there other tools deliver wrong bytes in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from galion_core.digests import ALGORITHMS
from galion_core.errors import (
    CredentialsRefused,
    CredentialsRequired,
    DownloadFailed,
    GalionError,
    IntegrityError,
    NotFound,
    PolicyError,
    RateLimited,
)
from galion_core.testing import BytesBody, FaultServer, PatternBody, faults
from galion_core.testing.faults import Fault
from galion_core.transfer.wanted import Fetched
from galion_core.types import Checksum

MIB = 1 << 20
FILE = PatternBody(4 * MIB)
SHA256 = Checksum("sha256", FILE.sha256())
HTML = b"<!-- served by a cache -->\n<!DOCTYPE html><html><body>Please sign in</body></html>"
NAMES = {"file.bin", "file.bin.part", "file.bin.part.journal"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the server does, and what must come of it."""

    does: tuple[Fault, ...] = ()
    body: PatternBody | BytesBody = FILE
    headers: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, object] = field(default_factory=dict)
    fails: type[GalionError] | None = None
    saying: str = ""
    requests: int | None = None
    """How many may be made, where that is the point."""


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
        saying="4,193,304 bytes where 4,194,304 were promised",
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
        saying="of 4,194,305 bytes",
    ),
    "chunks that hold more than was promised": Row(
        does=(faults.Chunked(),),
        wanted={"size": FILE.size - 1},
        fails=IntegrityError,
        saying="more than the 4,194,303 bytes",
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
        does=(faults.Redirect("http://[::1"),), fails=GalionError, saying="not a usable URL"
    ),
}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])
def test_the_right_bytes_or_an_explained_failure(
    row: Row, server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    url = server.add("/file.bin", row.body, faults=row.does, headers=row.headers)
    if row.fails is None:
        fetched = fetch(url, **row.wanted)
        assert {path.name for path in directory.iterdir()} == {"file.bin"}
        assert (directory / "file.bin").read_bytes() == row.body.content()
        assert (fetched.size, fetched.sha256) == (row.body.size, row.body.sha256())
        assert fetched.verified is ("checksums" in row.wanted)
    else:
        with pytest.raises(row.fails) as caught:
            fetch(url, **row.wanted)
        assert row.saying in caught.value.message
        assert caught.value.hint
        assert {path.name for path in directory.iterdir()} <= NAMES - {"file.bin"}
    if row.requests is not None:
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
