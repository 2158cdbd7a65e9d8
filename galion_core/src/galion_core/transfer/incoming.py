"""The bytes of one file that are there, and whether an answer goes with them.

``accept`` and ``take`` run on the loop's thread, between the head of an answer and its bytes; the
rest runs on the event loop, while no exchange is under way.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from galion_core.errors import DiskError
from galion_core.transfer import refusals
from galion_core.transfer.exchange import Response
from galion_core.transfer.headers import Validators, content_length, parse_content_range
from galion_core.transfer.journal import Identity
from galion_core.transfer.naming import name_of
from galion_core.transfer.part import BlockWriter, Part
from galion_core.transfer.sniff import check_type
from galion_core.transfer.verifier import Verifier
from galion_core.transfer.wanted import Progress, Wanted
from galion_core.urls import ParsedUrl


class LeftOver(Exception):
    """An earlier attempt left a part of this file: ask for the rest."""


class NoRanges(Exception):
    """The server does not give parts of this file: ask for all of it."""


class Changed(Exception):
    """The answer does not go with the bytes that are there."""


class Existing(Exception):
    """The target's name is taken."""

    def __init__(self, target: Path, identity: Identity) -> None:
        super().__init__(str(target))
        self.target = target
        self.identity = identity


class Incoming:
    """A file on its way."""

    def __init__(
        self,
        wanted: Wanted,
        asked: ParsedUrl,
        executor: Executor,
        progress: Progress,
        announce: Callable[[str], object],
    ) -> None:
        self._wanted = wanted
        self._asked = asked
        self._executor = executor
        self._progress = progress
        self._announce = announce
        self._writer: BlockWriter | None = None
        self.verifier: Verifier | None = None
        self.part: Part | None = None
        self.identity: Identity | None = None
        self.from_earlier = False
        """Some of the bytes are of an earlier run."""
        self.ranges = True
        """The server may give parts of the file."""
        if wanted.filename:
            self._open(wanted.filename)

    @property
    def position(self) -> int:
        """Bytes from the start that are there; the next request begins here."""
        return self._writer.position if self._writer else 0

    @property
    def if_range(self) -> str | None:
        """What makes the server answer with the rest only if the file is still the same."""
        return self.identity.validators.if_range if self.identity else None

    # --- on the loop's thread -----------------------------------------------------------------

    def accept(self, response: Response) -> Callable[[bytes], None]:
        """Who takes the body; raises when it must not be taken."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise refusals.encoded(response, encoding)
        if response.status == 206:
            self._accept_rest(response)
        else:
            self._accept_whole(response)
        return self.take

    def take(self, data: bytes) -> None:
        """The next bytes."""
        assert self._writer is not None
        assert self.verifier is not None
        self._writer.write(data)
        self._progress.received = self._writer.position
        self.verifier.advance(self._writer.position)

    def _accept_whole(self, response: Response) -> None:
        identity = self._identify(response, _length(response))
        if self.position:  # only the rest was asked for
            self.ranges = self.identity is None or not self.identity.same_file(identity)
            raise Changed if self.ranges else NoRanges
        name = self._wanted.filename or self._wanted.remote.name or name_of(response, self._asked)
        part = self.part or self._open(name)
        check_type(name, response.headers.get("content-type", ""))
        self._refuse_taken(part.target, identity)
        if self.position and self.identity and self.identity.same_file(identity):
            raise LeftOver
        self.from_earlier = False
        part.begin(identity)
        _check_space(part, identity.validators.size, 0)
        self.identity = identity
        self.ranges = self.ranges and identity.resumable
        self._start(part, 0)

    def _accept_rest(self, response: Response) -> None:
        part = self.part
        if part is None or self.identity is None or not self.position:
            raise refusals.uninvited(response)
        found = parse_content_range(response.headers.get("content-range", ""))
        if found is None or found.first != self.position:
            raise Changed
        identity = self._identify(response, found.total)
        if not self.identity.same_file(identity):
            raise Changed
        self._refuse_taken(part.target, identity)
        part.size = found.total if part.size is None else part.size
        _check_space(part, part.size, self.position)
        if self.verifier is None:
            self._start(part, self.position)
        self._progress.total = part.size

    def _identify(self, response: Response, size: int | None) -> Identity:
        expected = self._wanted.remote.size
        if size is not None and expected is not None and size != expected:
            raise refusals.wrong_size(response, expected, size)
        digest = next((str(each) for each in self._wanted.checksums), None)
        validators = Validators.of(response.headers, expected if size is None else size)
        return Identity(self._wanted.source, digest, validators)

    def _refuse_taken(self, target: Path, identity: Identity) -> None:
        if not self._wanted.replace and os.path.lexists(target):
            raise Existing(target, identity)

    def _open(self, name: str) -> Part:
        """Open the part, and find what an earlier run left in it."""
        self._progress.name = name
        self._announce(name)
        part = self.part = Part(self._wanted.directory / name)
        self.identity = part.left_over()
        if self.identity is not None and self.identity.resumable and part.front:
            part.resume()
            self.from_earlier = True
            self._writer = BlockWriter(part, part.front)
        return part

    def _start(self, part: Part, position: int) -> None:
        self._writer = BlockWriter(part, position)
        algorithms = {each.algorithm for each in self._wanted.checksums}
        self.verifier = Verifier(self._executor, part.descriptor, algorithms, part.sync)
        self.verifier.advance(position)
        self._progress.total = part.size
        self._progress.received = position

    # --- on the event loop --------------------------------------------------------------------

    def complete(self, response: Response) -> bool:
        """Whether the answer brought the last byte; raises when it ended too soon."""
        part, writer = self.part, self._writer
        assert part is not None
        assert writer is not None
        if part.size is None:
            if not writer.position:
                raise refusals.empty(response)
            if response.status == 206:
                raise refusals.endless(response, writer.position)
            part.size = writer.position
        if writer.position < part.size:
            raise refusals.short(response, writer.position, part.size)
        writer.finish()
        return True

    def ends_at(self, total: int | None) -> bool:
        """Whether every byte is there, all of them of this run, if the file has so many."""
        known = None if self.part is None else self.part.size
        whole = self.position if known is None else known
        return self.verifier is not None and total == self.position == whole

    async def start_over(self) -> None:
        """Forget the bytes; the next request asks for all of them."""
        if self.verifier is not None:
            await self.verifier.stop()
            self.verifier = None
        self._writer = None
        self.from_earlier = False
        self._progress.received = 0

    async def close(self) -> None:
        """Let go of the part; what can be used stays for the next run."""
        try:
            if self.verifier is not None:
                await self.verifier.stop()
        finally:
            if self.part is not None:
                self.part.close()


def _length(response: Response) -> int | None:
    return None if "transfer-encoding" in response.headers else content_length(response.headers)


def _check_space(part: Part, size: int | None, there: int) -> None:
    """Refuse before the first byte what cannot fit (design.md 4, promise 10)."""
    if size is None:
        return
    free = shutil.disk_usage(part.path.parent).free
    needed = size - there
    if needed > free:
        raise DiskError(
            f"{part.target} needs {needed:,} bytes more, but only {free:,} are free there",
            hint="Free some space, or choose another directory with -d.",
            details={"path": str(part.target), "needed": needed, "free": free},
        )
