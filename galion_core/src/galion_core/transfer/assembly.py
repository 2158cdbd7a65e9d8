"""The bytes of one file that are there, and whether an answer goes with them.

``accept`` and what it leads to run on the loop's thread, between the head of an answer and its
bytes; the rest runs on the event loop.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from galion_core.errors import DiskError
from galion_core.transfer import refusals
from galion_core.transfer.blocks import BLOCK, whole_blocks
from galion_core.transfer.digest_fields import server_digest
from galion_core.transfer.exchange import Response
from galion_core.transfer.headers import Validators, content_length, parse_content_range
from galion_core.transfer.journal import Identity
from galion_core.transfer.lane import Lane
from galion_core.transfer.naming import name_of
from galion_core.transfer.part import Part
from galion_core.transfer.sink import Write
from galion_core.transfer.sniff import check_type
from galion_core.transfer.spans import Plan, Span
from galion_core.transfer.verifier import Verifier
from galion_core.transfer.wanted import Progress, Wanted
from galion_core.types import Checksum
from galion_core.urls import ParsedUrl


class LeftOver(Exception):
    """An earlier attempt left a part of this file: ask for the rest."""


class NoRanges(Exception):
    """The server does not give parts of this file: ask for all of it."""


class Changed(Exception):
    """The answer does not go with the bytes that are there."""


class Enough(Exception):
    """The rest of the answer is another connection's."""


class Overflow(Exception):
    """More bytes than the file has."""


class Existing(Exception):
    """The target's name is taken."""

    def __init__(self, target: Path, identity: Identity) -> None:
        super().__init__(str(target))
        self.target = target
        self.identity = identity


@dataclass(eq=False, slots=True)
class Body:
    """A file that has begun: what is known of it, and what of it is there."""

    part: Part
    identity: Identity
    plan: Plan
    verifier: Verifier
    divisible: bool
    """The server gives parts of it, which can be told to be of this version."""
    claims: tuple[Checksum, ...]
    """What the server itself says of the bytes."""


class Assembly:
    """A file on its way."""

    def __init__(
        self,
        wanted: Wanted,
        asked: ParsedUrl,
        executor: Executor,
        progress: Progress,
        announce: Callable[[str, int | None], object],
    ) -> None:
        self._wanted = wanted
        self._asked = asked
        self._executor = executor
        self._progress = progress
        self._announce = announce
        self._part: Part | None = None
        self.body: Body | None = None
        """None: the next request asks for the whole file."""
        self._ranges = True
        """The server has not refused to give parts."""
        self.from_earlier = False
        """Some of the bytes are of an earlier run."""
        if wanted.filename:
            self._open(wanted.filename)

    @property
    def received(self) -> int:
        """Bytes that are there."""
        return self._progress.received

    @property
    def can_go_on(self) -> bool:
        """There is something to keep, and the server gives the rest."""
        return self.body is not None and self.body.divisible and self._progress.received > 0

    # --- on the loop's thread -----------------------------------------------------------------

    def accept(self, lane: Lane, response: Response) -> Write:
        """Who takes the answer's body; raises when it must not be taken."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise refusals.encoded(response, encoding)
        if response.status == 206:
            body = self._accept_rest(lane, response)
        else:
            body = self._accept_whole(lane, response)
        return partial(self._take, body, lane)

    def _accept_whole(self, lane: Lane, response: Response) -> Body:
        identity = self._identify(response, _length(response))
        if lane.span is not None and self.body is not None:  # only a part was asked for
            if not self.body.identity.same_file(identity):
                raise Changed
            raise NoRanges
        name = self._wanted.filename or self._wanted.remote.name or name_of(response, self._asked)
        part = self._part or self._open(name)
        check_type(name, response.headers.get("content-type", ""))
        self._refuse_taken(part.target, identity)
        if self.body is not None and self.body.identity.same_file(identity):
            raise LeftOver
        self.from_earlier = False
        part.begin(identity)
        _check_space(part, identity.validators.size)
        content = server_digest(response.headers, "Content-Digest")  # of a 200: of the whole file
        claims = (*identity.validators.claims, *([content] if content else ()))
        body = self._begin(part, identity, Plan(identity.validators.size), claims)
        accepts = response.headers.get("accept-ranges", "").strip().lower() != "none"
        body.divisible = self._ranges and accepts and identity.resumable
        lane.span = body.plan.take()
        self.body = body  # only now: the event loop shares out what nobody has taken
        return body

    def _accept_rest(self, lane: Lane, response: Response) -> Body:
        body, span = self.body, lane.span
        if body is None or span is None:
            raise refusals.uninvited(response)
        found = parse_content_range(response.headers.get("content-range", ""))
        if found is None or found.first != lane.first:
            raise Changed
        identity = self._identify(response, found.total)
        if not body.identity.same_file(identity):
            raise Changed
        self._refuse_taken(body.part.target, identity)
        if body.plan.size is None and found.total is not None:
            body.plan.settle(found.total)
        self._progress.total = body.plan.size
        _check_space(body.part, body.plan.rest)
        body.divisible = True
        _believe(body, identity.validators)
        return body

    def _take(self, body: Body, lane: Lane, data: bytes) -> None:
        """The next bytes of a lane."""
        span = lane.span
        assert span is not None
        if span.end is not None and span.position + len(data) > span.end:
            if span.end == body.plan.size:
                raise Overflow
            data = data[: span.rest]
        span.receive(data)
        lane.received += len(data)
        self._progress.received += len(data)
        if span.empty or span.position >= (span.block + 1) * BLOCK:
            _write(body, span)
        if span.empty and span.end != body.plan.size:
            raise Enough

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
        part = self._part = Part(self._wanted.directory / name)
        identity = part.left_over()
        if identity is not None and identity.resumable:
            part.resume()
            self.from_earlier = True
            plan = Plan(identity.validators.size, part.blocks)
            self.body = self._begin(part, identity, plan, identity.validators.claims)
        return part

    def _begin(
        self, part: Part, identity: Identity, plan: Plan, claims: tuple[Checksum, ...]
    ) -> Body:
        algorithms = {each.algorithm for each in (*self._wanted.checksums, *claims)}
        verifier = Verifier(self._executor, part.descriptor, algorithms, part.sync)
        self._progress.total = plan.size
        self._announce(part.target.name, plan.size)
        self._progress.received = plan.front if plan.size is None else plan.size - plan.rest
        return Body(part, identity, plan, verifier, divisible=self._ranges, claims=claims)

    # --- on the event loop --------------------------------------------------------------------

    def silent(self, lane: Lane) -> None:
        """Nothing more comes from the lane's request: write what it has brought."""
        if self.body is not None and lane.span is not None:
            _write(self.body, lane.span)

    def ended(self, lane: Lane, response: Response) -> None:
        """The lane's answer has come to its end in good order; raises when that was too soon."""
        body, span = self.body, lane.span
        assert body is not None
        assert span is not None
        if span.end is None:
            if not span.position:
                raise refusals.empty(response)
            if response.status == 206:
                raise refusals.endless(response, span.position)
            body.plan.settle(span.position)
        if span.end is not None and not span.empty:
            raise refusals.short(response, span.position, span.end)
        _mark_blocks(body.part, span, body.plan.size)

    def past_the_end(self, lane: Lane, total: int | None) -> None:
        """The server has nothing at the lane's place: the file ends there, or is another one."""
        body, span = self.body, lane.span
        assert body is not None
        assert span is not None
        if span.end is not None or total != span.position:
            raise Changed
        body.plan.settle(span.position)

    def without_ranges(self) -> None:
        """The server does not give parts: what is not on its way is asked for as a whole."""
        self._ranges = False
        if self.body is not None:
            self.body.divisible = False

    async def start_over(self) -> None:
        """Forget the bytes; the next request asks for all of them."""
        if self.body is not None:
            await self.body.verifier.stop()
        self.body = None
        self.from_earlier = False
        self._progress.received = 0

    async def close(self) -> None:
        """Let go of the part; what can be used stays for the next run."""
        try:
            if self.body is not None:
                await self.body.verifier.stop()
        finally:
            if self._part is not None:
                self._part.close()


def _write(body: Body, span: Span) -> None:
    """Put into the part what has come since the last block: curl gives 16 KiB at a time."""
    if span.pieces:
        body.part.write(span.written, span.pieces)
        span.forget_pieces()
        _mark_blocks(body.part, span, body.plan.size)
        body.verifier.advance(body.plan.front)


def _mark_blocks(part: Part, span: Span, size: int | None) -> None:
    """Tell the part of the blocks that the span has completed; the file's last one may be short.

    A file of one block is asked for again after a restart, so that nothing need be written down.
    """
    if size is not None and size <= BLOCK:
        return
    while span.block < whole_blocks(span.position, size):
        part.arrived(span.block)
        span.block += 1


def _believe(body: Body, said: Validators) -> None:
    """Take the server's word from a part where the earlier answers had none."""
    known = body.identity.validators
    made = all(each.algorithm in body.verifier.algorithms for each in said.claims)
    if known.digest is None and made:
        body.claims += said.claims
        body.identity = replace(body.identity, validators=replace(known, digest=said.digest))


def _length(response: Response) -> int | None:
    return None if "transfer-encoding" in response.headers else content_length(response.headers)


def _check_space(part: Part, needed: int | None) -> None:
    """Refuse before the first byte what cannot fit (design.md 4, promise 10)."""
    free = shutil.disk_usage(part.path.parent).free
    if needed is not None and needed > free:
        raise DiskError(
            f"{part.target} needs {needed:,} bytes more, but only {free:,} are free there",
            hint="Free some space, or choose another directory with -d.",
            details={"path": str(part.target), "needed": needed, "free": free},
        )
