"""How many connections a transfer should have.

A connection that leaves the curl thread waiting is held up by the network or the server, so another
one may help: the number doubles while the thread is idle. Whether they earn their place is asked
afterwards: once a second half of them must do, and if half does as well it stays at half. Measuring
before every step would be too slow for short files: the first bytes of a connection come in bursts
that tell nothing about its speed.
"""

from __future__ import annotations

#: Seconds between two steps of growth, and between two judgements.
STEP, JUDGE = 0.05, 1.0
#: Half of the connections do as well when they bring this share of the speed.
AS_WELL = 0.9
#: Seconds of rest once the number is right; doubles.
REST = 15.0
#: Share of its time that the curl thread may be busy: beyond it another connection cannot help.
BUSY = 0.6


class Growth:
    """Decides, from how fast it goes; ``limit`` is the most connections."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.wanted = 1
        """How many connections there should be."""
        self._growing = True
        self._halved_from: int | None = None
        self._speed = 0.0
        self._since = 0.0
        """0: the time to judge by begins with the next call."""
        self._received = 0
        self._resting_until = 0.0
        self._rest = REST

    def decide(self, now: float, received: int, lanes: int, busy: float) -> int:
        """How many connections there should be now.

        ``received``: bytes so far; ``lanes``: connections there are; ``busy``: the share of the
        time since the last call that the curl thread was at work.
        """
        if self._growing:
            if busy < BUSY and lanes >= self.wanted < self._limit:
                self.wanted = min(self._limit, 2 * self.wanted)
            else:
                self._growing = False
                self.wanted = lanes
                self._restart(now, received)
        elif not self._since:
            self._restart(now, received)
        elif now - self._since >= JUDGE and now >= self._resting_until:
            self._judge(now, (received - self._received) / (now - self._since))
            self._restart(now, received)
        return self.wanted

    def refuse(self, lanes: int) -> None:
        """The server does not want so many."""
        self._limit = self.wanted = max(1, lanes)
        self._growing, self._halved_from = False, None
        self._since = 0.0

    def _judge(self, now: float, speed: float) -> None:
        if self._halved_from is not None and speed < self._speed * AS_WELL:
            self.wanted, self._halved_from = self._halved_from, None
            self._settle(now)
            return
        self._speed = speed
        if self.wanted == 1:
            self._halved_from = None
            self._settle(now)
            return
        self._halved_from = self.wanted
        self.wanted = max(1, self.wanted // 2)

    def _settle(self, now: float) -> None:
        """The number is right; look again later, for things change."""
        self._resting_until = now + self._rest
        self._rest *= 2

    def _restart(self, now: float, received: int) -> None:
        self._since, self._received = now, received
