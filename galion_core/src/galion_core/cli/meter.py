"""How fast bytes arrive, and how long the rest will take."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from galion_core.transfer.wanted import Waiting

#: Seconds that the speed is the mean of: a stall shows, a hiccup does not.
WINDOW = 5.0


class Meter:
    """Fed with a counter now and then; bytes of an earlier run do not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()

    def feed(self, received: int) -> None:
        """The counter now."""
        if self._samples and received < self._samples[-1][1]:
            self._samples.clear()  # the download has begun anew
        now = self._clock()
        if received:
            self._samples.append((now, received))
        while len(self._samples) > 1 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()

    @property
    def speed(self) -> float | None:
        """Bytes a second; None while it cannot be told."""
        if len(self._samples) < 2:
            return None
        (since, before), (_, now) = self._samples[0], self._samples[-1]
        return (now - before) / max(1e-3, self._clock() - since)


def waiting_words(waiting: Waiting | None, now: float) -> str:
    """What to add to a download's name while it waits.

    >>> waiting_words(Waiting(12.3, "example.org answered 503"), 0.0)
    ' (waiting 13 s: example.org answered 503)'
    """
    if waiting is None:
        return ""
    return f" (waiting {max(0, math.ceil(waiting.until - now))} s: {waiting.why})"


def time_left(missing: int | None, speed: float | None) -> str:
    """Hours, minutes and seconds; empty while they cannot be told.

    >>> time_left(7_500, 2.0), time_left(7, None)
    ('1:02:30', '')
    """
    if missing is None or not speed:
        return ""
    minutes, seconds = divmod(round(missing / speed), 60)
    hours, minutes = divmod(minutes, 60)
    if hours > 99:
        return ""
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
