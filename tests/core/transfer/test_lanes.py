"""Several connections to one file, and a server that does not play along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.core.transfer.row import (
    ETAG,
    FILE,
    MIB,
    PACE,
    SHA256,
    Row,
    at_once,
    check_economy,
    until_several,
)

from galion_core.errors import CredentialsRefused, DownloadFailed, IntegrityError
from galion_core.testing import FaultServer, PatternBody, Request, faults
from galion_core.testing.faults import ranged, unranged
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.wanted import Fetched
from galion_core.types import RemoteFile

Fetch = Callable[..., Fetched]
OTHER = PatternBody(FILE.size, seed=1)
LONGER = PatternBody(FILE.size + MIB, seed=3)


def not_the_first(request: Request) -> bool:
    return request.connection > 1


def odd(request: Request) -> bool:
    return request.connection % 2 == 1


#: Every further connection meets the fault; the first one brings the file nevertheless.
ROWS = {
    "parts answered with the whole file (200)": Row(does=(faults.IgnoreRange(),)),
    "parts without Content-Range": Row(does=(faults.WrongContentRange(),)),
    "parts of another total": Row(does=(faults.WrongContentRange(total=FILE.size + 1),)),
    "parts of an unknown total": Row(does=(faults.WrongContentRange(total="*"),)),
    "parts that begin elsewhere": Row(does=(faults.ShiftRange(-BLOCK),)),
    "parts as multipart/byteranges": Row(does=(faults.Multipart(),)),
    "parts compressed": Row(does=(faults.Gzip(when=ranged),)),
    "parts refused with 416": Row(does=(faults.Status(416, when=ranged),)),
    "parts refused with 429, for an hour": Row(
        does=(faults.Status(429, retry_after=3600, when=ranged),)
    ),
    "parts refused with 503": Row(does=(faults.Status(503, when=ranged),)),
    "parts refused with 403": Row(does=(faults.Status(403, when=ranged),)),
    "a login page in place of parts": Row(does=(faults.HtmlInstead(when=ranged),)),
    "a login page in place of parts, as 206": Row(does=(faults.HtmlInstead(206, when=ranged),)),
    "further connections reset in mid-header": Row(
        does=(faults.ResetInHeaders(when=not_the_first),)
    ),
    "further connections closed without an answer": Row(
        does=(faults.ResetInHeaders(0, reset=False, when=not_the_first),)
    ),
    "servers behind one name that disagree on the ETag": Row(
        does=(faults.ChangeAfter(0, FILE, etag='"another"', when=not_the_first),)
    ),
    "servers that disagree on the ETag and ignore If-Range": Row(
        does=(
            faults.ChangeAfter(0, FILE, etag='"another"', when=not_the_first),
            faults.IgnoreIfRange(),
        )
    ),
    "servers that have different versions of the same length": Row(
        does=(faults.ChangeAfter(0, OTHER, when=not_the_first), faults.IgnoreIfRange())
    ),
}


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=name, marks=pytest.mark.row(name)) for name, row in ROWS.items()],
)
def test_what_further_connections_do_not_get_the_first_one_brings(
    row: Row, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    patient = faults.Stall(2 * MIB, until=EveryPartDealtWith(server), when=unranged)
    url = replace(row, does=(*row.does, patient, faults.Throttle(30 * MIB))).add(server, 1)
    row.check(server, directory, lambda: fetch(url, connections=8, retries=0))
    assert len(server.requests) > 1
    # It neither asks for the whole file again nor hammers.
    assert sum(request.range is None for request in server.requests) == 1
    assert len(server.requests) <= 8
    check_economy(server)


@dataclass
class EveryPartDealtWith:
    """Happens once parts have been asked for, and every one of them has got its answer."""

    server: FaultServer

    def wait(self, timeout: float | None = None) -> bool:
        parts = [each for each in self.server.requests if each.range]
        return bool(parts) and all(each.finished for each in parts)


#: What the server does to all connections, or to the first one.
STEPS = {
    "an honest server": Row(),
    "an honest server, checksum known": Row(wanted={"checksums": (SHA256,)}),
    "every part ends early, in good order": Row(does=(faults.Truncate(MIB, when=ranged),)),
    "every part cut after 1.5 MiB": Row(does=(faults.CutBody(3 * MIB // 2, when=ranged),)),
    "every answer cut after 1 MiB": Row(does=(faults.CutBody(MIB),)),
    "the first connection reset": Row(does=(faults.CutBody(2 * MIB, True, when=unranged),)),
    "replaced while connections are at work": Row(
        does=(faults.ChangeAfter(2, OTHER),), gives=(FILE, OTHER)
    ),
    "replaced, If-Range ignored": Row(
        does=(faults.ChangeAfter(2, OTHER), faults.IgnoreIfRange()), gives=(FILE, OTHER)
    ),
    "replaced, and the first connection cut": Row(
        does=(
            faults.ChangeAfter(2, OTHER),
            faults.IgnoreIfRange(),
            faults.CutBody(3 * MIB, times=1),
        ),
        gives=(FILE, OTHER),
    ),
    "grown while connections are at work": Row(
        does=(
            faults.ChangeAfter(2, LONGER, etag=ETAG),
            faults.IgnoreIfRange(),
            faults.CutBody(3 * MIB, times=1),
        ),
        gives=(FILE, LONGER),
    ),
    "replaced in secret, checksum known": Row(
        does=(faults.ChangeAfter(2, OTHER, etag=ETAG), faults.CutBody(3 * MIB, times=1)),
        wanted={"checksums": (SHA256,)},
        fails=IntegrityError,
        saying="not what was promised",
    ),
    "two servers in turn, another ETag each, and every answer cut": Row(
        does=(
            faults.ChangeAfter(0, FILE, etag='"another"', when=odd),
            faults.IgnoreIfRange(),
            faults.CutBody(MIB),
        ),
        fails=DownloadFailed,
        saying="127.0.0.1",
    ),
}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=name, marks=pytest.mark.row(name, ends=row.fails))
        for name, row in STEPS.items()
    ],
)
def test_never_a_hybrid(row: Row, server: FaultServer, fetch: Fetch, directory: Path) -> None:
    url = row.add(server, 8, patience=None)
    row.check(server, directory, lambda **wanted: fetch(url, connections=8, **wanted))
    assert len({request.connection for request in server.requests}) > 1


@pytest.mark.row("more connections than two reset")
def test_a_server_that_resets_what_exceeds_two_connections_is_asked_over_two(
    server: FaultServer, fetch: Fetch
) -> None:
    def crowded(_: Request) -> bool:
        return at_once(server.requests) > 2

    url = server.add("/file.bin", FILE, faults=[faults.CutBody(0, True, when=crowded), PACE])
    assert fetch(url, connections=8).sha256 == FILE.sha256()
    assert len(server.requests) < 20
    check_economy(server)


@pytest.mark.row("a link that expires in mid-file")
def test_a_link_that_expires_for_all_connections_is_renewed_and_the_bytes_are_kept(
    server: FaultServer, fetch: Fetch
) -> None:
    expiring = [faults.ExpireAfter(body_bytes=6 * MIB), faults.CutBody(3 * MIB), PACE]
    old = server.add("/file.bin?signature=old", FILE, faults=expiring)
    new = server.add("/file.bin?signature=new", FILE, faults=[PACE])

    async def refresh() -> RemoteFile:
        return RemoteFile(url=new)

    assert fetch(old, connections=8, refresh=refresh).sha256 == FILE.sha256()
    assert all(one.range for one in server.requests if one.target.endswith("new"))
    check_economy(server)


@pytest.mark.row(
    "a link that expires in mid-file, and nobody has a fresh one", ends=CredentialsRefused
)
def test_a_link_that_expires_is_an_error_where_nobody_renews_it(
    server: FaultServer, fetch: Fetch
) -> None:
    expiring = [faults.ExpireAfter(body_bytes=6 * MIB), faults.CutBody(3 * MIB), PACE]
    with pytest.raises(CredentialsRefused):
        fetch(server.add("/file.bin", FILE, faults=expiring), connections=8)


@pytest.mark.parametrize(
    ("size", "connections"), [(FILE.size, 1), (4 * MIB, 8)], ids=["asked for one", "a small file"]
)
def test_one_request_is_enough_where_more_connections_are_not_wanted_or_not_worth_it(
    size: int, connections: int, server: FaultServer, fetch: Fetch
) -> None:
    body = PatternBody(size)
    url = server.add("/file.bin", body, faults=[PACE])
    assert fetch(url, connections=connections).sha256 == body.sha256()
    assert len(server.requests) == 1


def test_several_connections_are_at_work_at_once_and_share_without_overlap(
    server: FaultServer, fetch: Fetch
) -> None:
    most = 0

    def watch(_: Request) -> bool:
        nonlocal most
        most = max(most, at_once(server.requests))
        return False

    does = [faults.Status(500, when=watch), until_several(server), PACE]
    url = server.add("/file.bin", FILE, faults=does)
    assert fetch(url, connections=8).sha256 == FILE.sha256()
    assert most > 1
    check_economy(server)


def test_nobody_looks_again_and_again_whether_an_answer_has_come(
    server: FaultServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    wait = asyncio.wait

    async def counted(*arguments: object, **more: object) -> object:
        looks.append(more)
        return await wait(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("galion_core.transfer.receiver.asyncio.wait", counted)
    late = faults.StallBeforeHeaders(seconds=0.5)
    fetch(server.add("/file.bin", PatternBody(MIB), faults=[late]), connections=8)
    assert len(looks) < 50
