"""How many connections each host may have, over all transfers."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque


class HostBudget:
    """Connections to each origin: the first of a transfer waits for its turn, more only ask."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used: defaultdict[str, int] = defaultdict(int)
        self._limits: dict[str, int] = {}
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    def limit(self, origin: str) -> int:
        """The origin's limit; lower after it asked for less."""
        return self._limits.get(origin, self._limit)

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
        self._limits[origin] = max(1, min(self.limit(origin), self._used.get(origin, 1)) // 2)

    def _wake(self, origin: str) -> None:
        waiting = self._waiting.get(origin)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._waiting.pop(origin, None)
