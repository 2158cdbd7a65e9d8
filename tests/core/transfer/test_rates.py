"""Limits of speed: the arithmetic by a clock that the test sets, and real connections below one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.rates import Bucket, Queue, Valve
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Fetched, Progress, Wanted
from galion_core.types import RemoteFile

MIB = 1 << 20
PIECE = 1000


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A connection on which pieces come as fast as they may, or so many a second."""

    def __init__(self, queue: Queue, bucket: Bucket) -> None:
        self.received = 0
        self.valve = Valve(queue, bucket, self.come)

    def come(self) -> None:
        """One piece, and at once the next, until one has to wait."""
        while self.valve.passes(PIECE):
            self.received += PIECE


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Wakes:
    """When the queue wants to be served, by the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = 0.0
        self.queue = Queue(self.plan)

    def plan(self, seconds: float) -> None:
        assert seconds > 0, "somebody waits although nothing is in the way"
        self._at = self._clock.now + seconds

    def until(self, end: float) -> None:
        """Serve the queue whenever it wants to be."""
        while self._at <= end:
            self._clock.now = max(self._clock.now, self._at)
            self.queue.serve()
        self._clock.now = end


@pytest.fixture
def wakes(clock: Clock) -> Wakes:
    return Wakes(clock)


@pytest.mark.parametrize("count", [1, 4, 16])
@pytest.mark.parametrize("rate", [500, 50_000, 1_000_000])
def test_connections_together_get_what_the_limit_says_and_alike(
    clock: Clock, wakes: Wakes, rate: int, count: int
) -> None:
    bucket = Bucket(rate, clock=clock)
    lines = [Line(wakes.queue, bucket) for _ in range(count)]
    for line in lines:
        line.come()
    wakes.until(20)
    assert abs(sum(line.received for line in lines) - 20 * rate) <= PIECE
    assert max(line.received for line in lines) - min(line.received for line in lines) <= PIECE


def test_what_a_slow_connection_leaves_is_for_the_others(clock: Clock, wakes: Wakes) -> None:
    bucket = Bucket(10_000, clock=clock)
    fast = Line(wakes.queue, bucket)
    slow = Valve(wakes.queue, bucket, lambda: slow.bucket.take(PIECE))
    fast.come()
    for second in range(1, 101):
        slow.passes(PIECE)
        wakes.until(second)
    assert fast.received == pytest.approx(100 * 9_000, abs=2 * PIECE)


def test_a_pause_does_not_save_up_for_a_flood(clock: Clock, wakes: Wakes) -> None:
    line = Line(wakes.queue, Bucket(10_000, clock=clock))
    clock.now = 1000.0
    line.come()
    assert line.received <= 2 * PIECE


def test_jobs_share_the_total_alike_whatever_the_number_of_their_connections(
    clock: Clock, wakes: Wakes
) -> None:
    total = Bucket(10_000, clock=clock)
    one, many = Bucket(above=total, clock=clock), Bucket(above=total, clock=clock)
    alone = Line(wakes.queue, one)
    crowd = [Line(wakes.queue, many) for _ in range(7)]
    for line in (alone, *crowd):
        line.come()
    wakes.until(100)
    assert alone.received == pytest.approx(500_000, abs=2 * PIECE)
    assert sum(line.received for line in crowd) == pytest.approx(500_000, abs=2 * PIECE)


def test_a_job_with_a_limit_of_its_own_leaves_the_rest_of_the_total(
    clock: Clock, wakes: Wakes
) -> None:
    total = Bucket(10_000, clock=clock)
    slow = Line(wakes.queue, Bucket(2_000, above=total, clock=clock))
    free = Line(wakes.queue, Bucket(above=total, clock=clock))
    for line in (slow, free):
        line.come()
    wakes.until(100)
    assert slow.received == pytest.approx(200_000, abs=2 * PIECE)
    assert free.received == pytest.approx(800_000, abs=2 * PIECE)


def test_who_has_left_is_not_called_and_its_share_is_the_others(clock: Clock, wakes: Wakes) -> None:
    bucket = Bucket(10_000, clock=clock)
    stays, leaves = Line(wakes.queue, bucket), Line(wakes.queue, bucket)
    for line in (stays, leaves):
        line.come()
    wakes.until(10)
    leaves.valve.close()
    had = leaves.received
    wakes.until(20)
    assert leaves.received == had
    assert stays.received == pytest.approx(150_000, abs=2 * PIECE)


def test_the_time_that_a_limit_held_somebody_up_is_known(clock: Clock, wakes: Wakes) -> None:
    bucket = Bucket(10_000, clock=clock)
    line = Line(wakes.queue, bucket)
    clock.now = 5.0
    assert bucket.held == 0
    line.come()
    wakes.until(10)
    assert bucket.held == pytest.approx(5)
    line.valve.close()
    clock.now = 15.0
    assert bucket.held == pytest.approx(5)


def test_pieces_are_small_where_the_limit_is_and_as_large_as_can_be_where_there_is_none() -> None:
    assert Bucket().piece(512 * 1024) == 512 * 1024
    assert Bucket(above=Bucket(200_000)).piece(512 * 1024) == 10_000
    assert Bucket(50_000, above=Bucket(200_000)).piece(512 * 1024) == 2_500
    assert Bucket(1).piece(512 * 1024) == 1024  # libcurl's smallest buffer
    assert Bucket(1 << 40).piece(512 * 1024) == 512 * 1024


# --- with the real mover ------------------------------------------------------------------------


Fetch = Callable[..., Fetched]


@pytest.mark.parametrize("connections", [1, 4])
def test_a_limited_file_arrives_whole(
    server: FaultServer, directory: Path, fetch: Fetch, connections: int
) -> None:
    body = PatternBody(12 * MIB + 5)
    url = server.add("/file.bin", body, faults=[faults.Throttle(40 * MIB)])
    found = fetch(url, connections=connections, bucket=Bucket(60 * MIB))
    assert found.sha256 == body.sha256()


def test_a_limited_transfer_that_is_cancelled_is_silent(
    server: FaultServer, directory: Path
) -> None:
    """Whatever waits for its turn is forgotten: nothing arrives after the end."""
    url = server.add("/file.bin", PatternBody(8 * MIB))

    async def work() -> None:
        mover = Mover(Limits(), Patience(), total_rate=4 * MIB)
        progress = Progress()
        wanted = Wanted(
            remote=RemoteFile(url=url),
            source="a source",
            directory=directory,
            bucket=mover.bucket(2 * MIB),
        )
        task = asyncio.create_task(mover.fetch(wanted, progress))
        while progress.received < MIB:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        had = progress.received
        other = await mover.fetch(  # another one has the loop to itself now
            Wanted(
                remote=RemoteFile(url=server.add("/other.bin", PatternBody(MIB))),
                source="another",
                directory=directory,
                bucket=mover.bucket(None),
            ),
            Progress(),
        )
        assert other.size == MIB
        assert progress.received == had
        mover.close()

    asyncio.run(work())
