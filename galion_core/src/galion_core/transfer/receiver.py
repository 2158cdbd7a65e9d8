"""Fetches what is missing of one file, over as many connections as help."""

from __future__ import annotations

import asyncio
from time import monotonic

from galion_core.errors import Conflict, DiskError, GalionError
from galion_core.transfer.assembly import Assembly, Body, Changed, Enough, NoRanges, Overflow
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.budget import HostBudget
from galion_core.transfer.exchange import Limits, Request
from galion_core.transfer.faults import from_status
from galion_core.transfer.growth import STEP, Growth
from galion_core.transfer.headers import unsatisfied_total
from galion_core.transfer.lane import Lane
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.redirects import follow
from galion_core.transfer.sources import Source, Sources
from galion_core.transfer.wanted import Wanted

#: Bytes that a connection is given at a time, at least and at most; about a second's worth.
_SHARE = (4 * BLOCK, 64 * BLOCK)
#: A connection this many times slower than the best, with seconds to go, is replaced at the end.
_LAGS, _PATIENCE = 4, 2.0

#: What one connection may meet while others go on, and of that what the others would meet too.
_TOLERABLE = (Changed, NoRanges, Overflow, GalionError)
_EVERYWHERE = (DiskError, Conflict)


class Receiver:
    """Works on one assembly; ``run`` may be called again after it raised."""

    def __init__(
        self,
        loop: CurlLoop,
        assembly: Assembly,
        sources: Sources,
        wanted: Wanted,
        limits: Limits,
        budget: HostBudget,
    ) -> None:
        self._loop = loop
        self._assembly = assembly
        self._sources = sources
        self._wanted = wanted
        self._limits = limits
        self._budget = budget
        self._most = wanted.connections
        """Connections, however much more would help."""
        self._lanes: dict[asyncio.Task[None], Lane] = {}
        self._growth: Growth | None = None
        self._measured = (0.0, 0.0)
        """When, and how long others than the network had been in the way by then."""
        self._best = 0.0
        """Bytes a second of the fastest connection."""
        self.moved = False
        """The last error made way for another source: no need to wait."""

    async def run(self) -> None:
        """Fetch until every byte is there; raises what ended the last connection."""
        self.moved, self._growth = False, None
        source = self._sources.pick()
        await self._budget.acquire(source.url.origin)
        self._start(source)
        try:
            while self._lanes:
                await asyncio.wait(
                    self._lanes, timeout=self._window, return_when=asyncio.FIRST_COMPLETED
                )
                self._collect()
                self._adjust()
        finally:
            for task in self._lanes:
                task.cancel()
            await asyncio.gather(*self._lanes, return_exceptions=True)
            self._lanes.clear()

    # --- one connection -----------------------------------------------------------------------

    def _start(self, source: Source) -> bool:
        """Put a connection to work; the budget has been asked already."""
        lane, body = Lane(source=source), self._assembly.body
        if body is not None:
            lane.span = body.plan.take(self._share)
            if lane.span is None:
                self._budget.release(source.url.origin)
                return False
        source.lanes += 1
        self._lanes[asyncio.create_task(self._work(lane, source.url.origin))] = lane
        return True

    async def _work(self, lane: Lane, origin: str) -> None:
        try:
            while True:
                await self._ask(lane)
                body = self._assembly.body
                assert body is not None
                lane.leave()
                lane.span = body.plan.take(self._share) if body.divisible else None
                if lane.span is None:
                    return
        finally:
            lane.leave()
            lane.source.lanes -= 1
            self._budget.release(origin)

    async def _ask(self, lane: Lane) -> None:
        """One request, for the lane's span or the whole file."""
        body = self._assembly.body
        lane.begin(body.plan.size if body else None)
        request = Request(
            url=lane.source.url,
            first=lane.first,
            last=lane.last,
            if_range=body.identity.validators.if_range if body and not lane.source.mirror else None,
            limits=self._limits,
        )
        try:
            sink = await follow(
                self._loop,
                request,
                self._wanted.headers_for,
                lambda response: self._assembly.accept(lane, response),
                self._wanted.route(),
            )
        except Enough:
            return
        finally:
            self._assembly.silent(lane)
        response = sink.response
        assert response is not None
        if sink.is_file:
            self._assembly.ended(lane, response)
        elif response.status == 416 and lane.span is not None:
            self._assembly.past_the_end(
                lane, unsatisfied_total(response.headers.get("content-range", ""))
            )
        else:
            raise from_status(response, bytes(sink.said))

    # --- all connections ----------------------------------------------------------------------

    @property
    def _window(self) -> float | None:
        """Seconds until the next measurement; None while nothing can be measured."""
        body = self._assembly.body
        if body is None and self._most > 1:
            return STEP  # its head may come at any time
        if body is None or not self._may_grow(body):
            return None
        return max(0.0, self._measured[0] + STEP - monotonic())

    def _may_grow(self, body: Body) -> bool:
        return self._most > 1 and body.divisible and body.plan.rest > _SHARE[0]

    @property
    def _share(self) -> int | None:
        """Bytes to give to a connection; None: all that there is, because it works alone."""
        if self._growth is None or self._growth.wanted == 1:
            return None
        return min(max(_SHARE[0], int(self._best)), _SHARE[1])

    def _collect(self) -> None:
        """Take in what became of the connections that have ended."""
        for task in [each for each in self._lanes if each.done()]:
            lane = self._lanes.pop(task)
            error = None if task.cancelled() else task.exception()
            body = self._assembly.body
            if error is None or (body is not None and body.plan.complete):
                continue
            if not isinstance(error, _TOLERABLE) or isinstance(error, _EVERYWHERE):
                raise error
            self._blame(lane, error)
            if not self._lanes:
                raise error
        self._rejoin()

    def _blame(self, lane: Lane, error: Exception) -> None:
        """Ask less of a place that failed, and leave it where there are better ones."""
        if isinstance(error, GalionError):
            if error.details.get("status") in (429, 503):
                self._budget.shrink(lane.source.url.origin)
            self.moved = self._sources.blame(lane.source, error)
        else:
            self.moved = self._sources.spare(lane.source)
            if not self.moved and isinstance(error, NoRanges):
                self._assembly.without_ranges()
            elif not self.moved:
                self._most = 1  # servers behind one name may not agree which version they have
        if self._growth is not None and not self._sources.choice:
            self._growth.refuse(len(self._lanes))

    def _rejoin(self) -> None:
        """Let a connection that asked for the rest of the file bring what another one leaves."""
        body = self._assembly.body
        for lane in self._lanes.values():
            if body is not None and lane.span is not None and lane.last is None:
                body.plan.rejoin(lane.span)

    def _adjust(self) -> None:
        """Measure, and have as many connections as help."""
        body, now = self._assembly.body, monotonic()
        if not self._lanes or body is None or not self._may_grow(body):
            return
        if self._growth is None:
            self._growth = Growth(self._most)
            self._mark(now)
            return
        elapsed = now - self._measured[0]
        if elapsed < STEP:
            return
        busy = (self._busy - self._measured[1]) / elapsed
        for lane in self._lanes.values():
            self._best = max(self._best, lane.measure(now))
        self._mark(now)
        received = self._assembly.received
        self._become(self._growth.decide(now, received, len(self._lanes), busy))

    def _become(self, wanted: int) -> None:
        """Have so many connections, as far as there is work and the host allows."""
        for task in list(self._lanes)[wanted:]:
            task.cancel()
        while len(self._lanes) < wanted:
            source = self._sources.pick()
            if not self._budget.try_acquire(source.url.origin):
                return
            if not self._start(source):
                self._replace_laggard()
                return

    @property
    def _busy(self) -> float:
        """Seconds in which no further connection could have helped: of work, or at a limit."""
        return self._loop.busy + self._limits.bucket.held

    def _mark(self, now: float) -> None:
        self._measured = (now, self._busy)

    def _replace_laggard(self) -> None:
        """Nothing is left to share: take the slowest rest away from a connection that crawls."""
        task, lane = max(self._lanes.items(), key=lambda each: each[1].seconds_left)
        if lane.seconds_left > _PATIENCE and lane.speed * _LAGS < self._best:
            self._sources.spare(lane.source)
            task.cancel()
