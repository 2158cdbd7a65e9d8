"""How many connections each host may have, over all transfers."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from time import monotonic

#: Seconds after which a host that asked for less may have twice as many again.
_RECOVERY = 60


class HostBudget:
    """Connections to each origin: the first of a transfer waits for its turn, more only ask."""

    def __init__(self, limit: int, clock: Callable[[], float] = monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._used: defaultdict[str, int] = defaultdict(int)
        self._shrunk: dict[str, tuple[int, float]] = {}
        """The limit of who asked for less, and when that was."""
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    def limit(self, origin: str) -> int:
        """The origin's limit; lower after it asked for less, then doubled every minute."""
        if origin not in self._shrunk:
            return self._limit
        limit, since = self._shrunk[origin]
        limit <<= min(10, int((self._clock() - since) / _RECOVERY))
        if limit >= self._limit:
            del self._shrunk[origin]
        return min(limit, self._limit)

    async def acquire(self, origin: str) -> None:
        """Wait for a connection."""
        while not self.try_acquire(origin):
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[origin].append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake(origin)  # our turn is somebody else's
                raise

    def try_acquire(self, origin: str) -> bool:
        """Take a connection if there is one and nobody waits for it."""
        if self._used[origin] >= self.limit(origin):
            return False
        self._used[origin] += 1
        return True

    def release(self, origin: str) -> None:
        """Give a connection back."""
        self._used[origin] -= 1
        if not self._used[origin]:
            del self._used[origin]
        self._wake(origin)

    def shrink(self, origin: str) -> None:
        """The origin asked for less: half as many from now on."""
        half = max(1, min(self.limit(origin), self._used.get(origin, 1)) // 2)
        self._shrunk[origin] = (half, self._clock())

    def _wake(self, origin: str) -> None:
        waiting = self._waiting.get(origin)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._waiting.pop(origin, None)
