"""A first answer that breaks off, and what the rest is answered with.

Every row runs twice: gone on with by the same run, and by a second run of the program that finds
what the first one left. The bytes at the end are those of one version of the file, never a hybrid.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.core.transfer.row import ETAG, FILE, MIB, NAMES, SHA256, Row, table

from galion_core.errors import DownloadFailed, IntegrityError
from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.testing.faults import ranged as of_a_part
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.wanted import Fetched
from galion_core.types import Checksum

Fetch = Callable[..., Fetched]
OTHER = PatternBody(FILE.size, seed=1)
SHORTER = PatternBody(3 * MIB, seed=2)
MUCH_SHORTER = PatternBody(MIB, seed=2)
LONGER = PatternBody(FILE.size + MIB, seed=3)
STOP = 5 * MIB // 2
CUT = faults.CutBody(STOP, times=1)
LATER = datetime(2025, 6, 7, 8, 9, 10, tzinfo=UTC)


def then(body: PatternBody, **more: object) -> faults.ChangeAfter:
    """Another file in the same place, once the first answer is given."""
    return faults.ChangeAfter(1, body, **more)  # type: ignore[arg-type]


ROWS = {
    # D, E: the connection ends
    "cut": Row(does=(CUT,), resumes=True),
    "cut by a reset": Row(does=(faults.CutBody(STOP, True, times=1),), resumes=True),
    "chunks cut": Row(does=(faults.CutChunked(STOP, times=1),), resumes=True),
    "cut, the resume cut too": Row(does=(CUT, faults.CutBody(MIB, skip=1, times=1)), resumes=True),
    "cut, then 503": Row(does=(CUT, faults.Status(503, skip=1, times=1)), resumes=True),
    "cut, then a reset in mid-header": Row(
        does=(CUT, faults.ResetInHeaders(skip=1, times=1)), resumes=True
    ),
    "cut, only a date to tell versions by": Row(does=(CUT,), etag=None, resumes=True),
    "cut, an ETag of any bytes": Row(does=(CUT,), etag='"\xe9\u2713"', resumes=True),
    "cut, no validators": Row(does=(faults.NoValidators(), CUT)),
    "cut, weak validators": Row(does=(faults.WeakValidator(), CUT)),
    "cut, no validators, checksum known": Row(
        does=(faults.NoValidators(), CUT),
        wanted={"checksums": (SHA256,)},
        resumes=True,
    ),
    # B: replaced in between
    "replaced, same length": Row(does=(CUT, then(OTHER)), gives=(OTHER,)),
    "replaced, If-Range ignored": Row(
        does=(CUT, then(OTHER), faults.IgnoreIfRange()), gives=(OTHER,)
    ),
    "replaced, only the date tells": Row(
        does=(
            CUT,
            then(OTHER, last_modified=LATER),
            faults.IgnoreIfRange(),
            faults.SetHeaders({"ETag": None}),
        ),
        gives=(OTHER,),
    ),
    "replaced in secret, only the checksum tells": Row(
        does=(CUT, then(OTHER, etag=ETAG)),
        wanted={"checksums": (SHA256,)},
        fails=IntegrityError,
        saying="not what was promised",
    ),
    "shrinks": Row(does=(CUT, then(SHORTER), faults.IgnoreIfRange()), gives=(SHORTER,)),
    "shrinks below what has arrived": Row(
        does=(CUT, then(MUCH_SHORTER), faults.IgnoreIfRange()), gives=(MUCH_SHORTER,)
    ),
    "grows": Row(does=(CUT, then(LONGER), faults.IgnoreIfRange()), gives=(LONGER,)),
    "shrinks under the old ETag": Row(does=(CUT, then(SHORTER, etag=ETAG)), gives=(SHORTER,)),
    "grows under the old ETag": Row(does=(CUT, then(LONGER, etag=ETAG)), gives=(LONGER,)),
    "the validator weakens": Row(does=(CUT, faults.WeakValidator(skip=1))),
    "the validator weakens, If-Range ignored": Row(
        does=(CUT, faults.WeakValidator(skip=1), faults.IgnoreIfRange())
    ),
    "replaced at every request": Row(
        does=(
            faults.CutBody(STOP),
            faults.IgnoreIfRange(),
            *(then(PatternBody(FILE.size, seed), skip=seed) for seed in range(1, 20)),
        ),
        fails=DownloadFailed,
        saying="127.0.0.1",
    ),
    # C, K: misunderstood ranges
    "200 at resume": Row(does=(CUT, faults.IgnoreRange())),
    "206 without Content-Range": Row(does=(CUT, faults.WrongContentRange())),
    "206 with another total": Row(does=(CUT, faults.WrongContentRange(total=FILE.size + MIB))),
    "206 with an unknown total": Row(does=(CUT, faults.WrongContentRange(total="*")), resumes=True),
    "206 with nonsense": Row(does=(CUT, faults.WrongContentRange("bytes=1-2/3"))),
    "206 of an earlier part": Row(does=(CUT, faults.ShiftRange(-BLOCK))),
    "206 of a later part": Row(does=(CUT, faults.ShiftRange(1000))),
    "multipart/byteranges": Row(does=(CUT, faults.Multipart())),
    "the part ends early, in good order": Row(
        does=(CUT, faults.Truncate(MIB, when=of_a_part, times=1)), resumes=True
    ),
    "416 at resume": Row(does=(CUT, faults.Status(416, when=of_a_part))),
    "416 at resume, as if the file ended there": Row(
        does=(
            CUT,
            faults.Status(416, when=of_a_part, headers={"Content-Range": f"bytes */{STOP}"}),
        )
    ),
    # G: something else at resume
    "a login page at resume": Row(does=(CUT, faults.HtmlInstead(skip=1, times=1))),
    "a login page at resume, as 206": Row(does=(CUT, faults.HtmlInstead(206, skip=1, times=1))),
    "gzip at resume": Row(
        does=(CUT, faults.Gzip(skip=1)), fails=DownloadFailed, saying="compressed"
    ),
    # Unknown size
    "chunks cut, chunks again": Row(
        does=(faults.Chunked(), faults.CutChunked(STOP, times=1)), resumes=True
    ),
    "chunks cut, the total never known": Row(
        does=(
            faults.Chunked(),
            faults.CutChunked(STOP, times=1),
            faults.WrongContentRange(total="*"),
            faults.Truncate(MIB, when=of_a_part),
        ),
        resumes=True,
    ),
}


@table(ROWS)
def test_the_same_run_goes_on(
    row: Row, connections: int, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = row.add(server, connections)
    row.check(server, directory, lambda **wanted: fetch(url, connections=connections, **wanted))


@table(ROWS)
def test_a_second_run_goes_on(
    row: Row, connections: int, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    """What the first run left, with one connection, the second finds."""
    url = row.add(server, connections, skip=1)
    with pytest.raises(DownloadFailed):
        fetch(url, retries=0, filename="file.bin", **row.wanted)
    assert {path.name for path in directory.iterdir()} == NAMES - {"file.bin"}
    wanted: dict[str, object] = {"filename": "file.bin", "connections": connections}
    if row.saying == "not what was promised":
        # The first run's bytes are the wrong ones; the second asks for all of them once more.
        row = Row(gives=(OTHER,), wanted={"checksums": (Checksum("sha256", OTHER.sha256()),)})
    row.check(server, directory, lambda **more: fetch(url, **wanted, **more))


@table({"silence in mid-body": Row(does=(faults.Stall(STOP, times=1),), resumes=True)})
def test_a_stalled_connection_is_given_up_and_the_rest_asked_for_on_another(
    row: Row, connections: int, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = row.add(server, connections)
    row.check(server, directory, lambda **wanted: fetch(url, connections=connections, **wanted))
    assert len({request.connection for request in server.requests}) > 1


def test_a_part_is_found_too_by_a_run_that_learns_the_name_from_the_server(
    server: FaultServer, fetch: Callable[..., Fetched]
) -> None:
    url = server.add("/file.bin", FILE, faults=[CUT])
    with pytest.raises(DownloadFailed):
        fetch(url, retries=0)
    fetched = fetch(url)
    assert fetched.sha256 == FILE.sha256()
    asked = [(request.range, request.status) for request in server.requests]
    assert asked == [(None, 200), (None, 200), (f"bytes={2 * BLOCK}-", 206)]
