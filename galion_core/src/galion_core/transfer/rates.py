"""Limits of speed: what several connections, files and jobs may receive together.

A bucket fills with bytes at its rate, and what arrives is taken out of it and out of those above
it: a job's, and that of all jobs. A connection that finds nothing in one of them waits with the
next piece in its hands, so that a limit is exceeded by one piece at most, whatever the number of
connections; what a slow one leaves in the bucket is there for the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

#: Seconds' worth of bytes that a bucket keeps while nobody takes them.
_KEPT = 0.1
#: Pieces in a second, on the whole, so that a slow download does not come in jerks.
_PIECES = 20

Clock = Callable[[], float]


class Bucket:
    """Bytes that may be received; belongs to the loop's thread, but for ``rate`` and ``held``."""

    def __init__(
        self, rate: int | None = None, above: Bucket | None = None, clock: Clock = monotonic
    ) -> None:
        """``rate``: bytes a second, or None; ``above``: the bucket that this one shares."""
        self.rate = rate
        self._above = above
        self._clock = clock
        self._level = 0.0
        self._filled = clock()
        self._held = 0.0
        self._held_since: float | None = None

    @property
    def rates(self) -> list[int]:
        """All limits that hold here."""
        above = self._above.rates if self._above else []
        return above if self.rate is None else [self.rate, *above]

    def piece(self, most: int) -> int:
        """Bytes to receive at a time, ``most`` where nothing is limited."""
        return min([most, *(max(1024, rate // _PIECES) for rate in self.rates)])

    def take(self, count: int) -> None:
        """Bytes have arrived; the bucket may owe some then."""
        self._fill()
        self._level -= count
        if self._above is not None:
            self._above.take(count)

    def wait(self) -> float:
        """Seconds until there is something to take; 0: now."""
        above = self._above.wait() if self._above is not None else 0.0
        self._fill()
        if self.rate is None or self._level > 0:
            return above
        return max(above, (1 - self._level) / self.rate)

    @property
    def held(self) -> float:
        """Seconds in which some connection of its own waited."""
        since = self._held_since  # read once: another thread may ask
        return self._held + (0.0 if since is None else self._clock() - since)

    def hold(self) -> None:
        """From now on some connection waits."""
        self._held_since = self._clock()

    def let_go(self) -> None:
        """Nobody waits any more."""
        self._held, self._held_since = self.held, None

    def _fill(self) -> None:
        now = self._clock()
        if self.rate is None:
            self._level = 0.0
        else:
            gained = (now - self._filled) * self.rate
            self._level = min(self._level + gained, max(1.0, self.rate * _KEPT))
        self._filled = now


class Valve:
    """One connection's way to its bucket; ``resume`` lets the piece that it holds through."""

    def __init__(self, queue: Queue, bucket: Bucket, resume: Callable[[], None]) -> None:
        self._queue = queue
        self._limited = bool(bucket.rates)
        self.bucket = bucket
        self.resume = resume

    def passes(self, count: int) -> bool:
        """Whether a piece may come now; if not, ``resume`` is called when it may."""
        if not self._limited:
            return True
        if self.bucket.wait():
            self._queue.put(self)
            return False
        self.bucket.take(count)
        return True

    def close(self) -> None:
        """Wait no more."""
        self._queue.drop(self)


class Queue:
    """The valves that wait: the buckets take turns, and so do the valves of each."""

    def __init__(self, wake: Callable[[float], None]) -> None:
        """``wake(seconds)`` asks for a call of ``serve`` then; the last call counts."""
        self._wake = wake
        self._waiting: dict[Bucket, deque[Valve]] = {}

    def put(self, valve: Valve) -> None:
        """Wait for the valve's turn."""
        if valve.bucket not in self._waiting:
            self._waiting[valve.bucket] = deque()
            valve.bucket.hold()
        self._waiting[valve.bucket].append(valve)
        self._plan()

    def drop(self, valve: Valve) -> None:
        """Forget a valve, if it waits."""
        waiting = self._waiting.get(valve.bucket)
        if waiting and valve in waiting:
            waiting.remove(valve)
            if not waiting:
                del self._waiting[valve.bucket]
                valve.bucket.let_go()

    def serve(self) -> None:
        """Open valves while there is something in their buckets."""
        while (bucket := self._first_ready()) is not None:
            waiting = self._waiting.pop(bucket)
            valve = waiting.popleft()
            if waiting:
                self._waiting[bucket] = waiting  # behind the others
            else:
                bucket.let_go()
            valve.resume()
        self._plan()

    def _first_ready(self) -> Bucket | None:
        return next((bucket for bucket in self._waiting if not bucket.wait()), None)

    def _plan(self) -> None:
        if self._waiting:
            self._wake(min(bucket.wait() for bucket in self._waiting))
