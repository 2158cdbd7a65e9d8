"""One mechanism for every row: what a server does to a file, and what must be there in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from galion_core.errors import GalionError
from galion_core.testing import Body, BytesBody, FaultServer, PatternBody, SeenRequest, faults
from galion_core.testing.faults import Fault
from galion_core.transfer.wanted import Fetched
from galion_core.types import Checksum

MIB = 1 << 20
FILE = PatternBody(16 * MIB)
SHA256 = Checksum("sha256", FILE.sha256())
ETAG = f'"{FILE.tag}"'
NAMES = {"file.bin", "file.bin.part", "file.bin.part.journal"}
#: Slow enough for a transfer to go on asking for more connections.
PACE = faults.Throttle(80 * MIB)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the server does to FILE at ``/file.bin``, and what must come of it."""

    does: tuple[Fault, ...] = ()
    body: PatternBody | BytesBody = FILE
    etag: str | None = ETAG
    headers: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, object] = field(default_factory=dict)
    gives: tuple[Body, ...] = ()
    """Which file must be there, or one of which; empty: the body."""
    fails: type[GalionError] | None = None
    saying: str = ""
    requests: int | None = None
    """How many one connection may make, where that is the point."""
    resumes: bool = False
    """What has arrived is not asked for again."""

    def add(
        self,
        server: FaultServer,
        connections: int,
        *,
        patience: float | None = 0.15,
        skip: int = 0,
    ) -> str:
        """Serve it; returns the URL. Where several are wanted, the first answer waits for them."""
        etag = self.etag if self.body is FILE else f'"{self.body.tag}"'
        does = self.does
        if connections > 1:
            does += (until_several(server, patience, skip), PACE)
        return server.add("/file.bin", self.body, etag=etag, headers=self.headers, faults=does)

    def check(self, server: FaultServer, directory: Path, fetch: Callable[..., Fetched]) -> None:
        """Fetch, and compare."""
        if self.fails is not None:
            with pytest.raises(self.fails) as caught:
                fetch(**self.wanted)
            assert self.saying in caught.value.message
            assert caught.value.hint
            assert {path.name for path in directory.iterdir()} <= NAMES - {"file.bin"}
            return
        fetched = fetch(**self.wanted)
        assert {path.name for path in directory.iterdir()} == {"file.bin"}
        content = (directory / "file.bin").read_bytes()
        given = [each for each in self.gives or (self.body,) if each.content() == content]
        assert given, "a hybrid, or nothing that the server had"
        assert (fetched.size, fetched.sha256) == (given[0].size, given[0].sha256())
        assert fetched.verified is ("checksums" in self.wanted)
        if self.resumes:
            check_economy(server)


@dataclass(frozen=True)
class Several:
    """Happens once several requests are being answered."""

    server: FaultServer

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it has; the server asks again and again."""
        return at_once(self.server.requests) > 1


def until_several(server: FaultServer, seconds: float | None = None, skip: int = 0) -> Fault:
    """The first answer waits for a second connection; so long, if none need come."""
    return faults.Stall(MIB, until=Several(server), seconds=seconds, skip=skip, times=1)


def at_once(requests: list[SeenRequest]) -> int:
    """How many are being answered."""
    return sum(not request.finished for request in requests)


def check_economy(server: FaultServer) -> None:
    """What has arrived is kept: only the first request asks for the file's beginning.

    Bytes that were sent cannot tell: what socket buffers hold when a connection ends counts.
    """
    assert all(asked(request)[0] > 0 for request in server.requests[1:])


def asked(request: SeenRequest) -> tuple[int, int]:
    """The first and the last byte that a request for (a part of) FILE asks for."""
    first, _, last = (request.range or "bytes=0-").removeprefix("bytes=").partition("-")
    return int(first), int(last or FILE.size - 1)


def table(rows: Mapping[str, Row]) -> pytest.MarkDecorator:
    """Every row with one connection and with several."""
    return pytest.mark.parametrize(
        ("row", "connections"),
        [
            pytest.param(row, most, id=f"{name}, {words}", marks=_mark(name, row))
            for name, row in rows.items()
            for most, words in ((1, "one connection"), (8, "several connections"))
        ],
    )


def _mark(name: str, row: Row) -> pytest.MarkDecorator:
    return pytest.mark.row(name, ends=row.fails)
