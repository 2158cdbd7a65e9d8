"""What the server saw, to be asked while it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, fields

from galion_core.testing.messages import Request


@dataclass(frozen=True, kw_only=True)
class SeenRequest(Request):
    """A request and what became of it, at the moment of asking."""

    status: int | None = None
    """None while nothing has been answered, and for an answer that was not HTTP."""
    body_bytes_sent: int = 0
    """Bytes of the body that were given to the network, framing not counted."""
    finished: bool = False
    """The answer has ended, well or not."""


class Exchange:
    """One request in progress; its changes are announced to who waits."""

    def __init__(self, request: Request, changed: threading.Condition) -> None:
        self.request = request
        self._changed = changed
        self._status: int | None = None
        self._sent = 0
        self._finished = False

    def answered(self, status: int | None) -> None:
        """The answer's status, told before its first byte leaves."""
        with self._changed:
            self._status = status
            self._changed.notify_all()

    def sent(self, count: int) -> None:
        """Bytes of the body about to leave; negative where they did not."""
        with self._changed:
            self._sent += count
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more will be sent."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def snapshot(self) -> SeenRequest:
        """The values now; the caller holds the condition."""
        known = {f.name: getattr(self.request, f.name) for f in fields(self.request)}
        return SeenRequest(
            **known,
            status=self._status,
            body_bytes_sent=self._sent,
            finished=self._finished,
        )


class Recorder:
    """Every request of a server, in order of arrival."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._exchanges: list[Exchange] = []

    def begin(self, request: Request) -> Exchange:
        """Note a request that has arrived."""
        exchange = Exchange(request, self._changed)
        with self._changed:
            self._exchanges.append(exchange)
            self._changed.notify_all()
        return exchange

    def snapshot(self) -> list[SeenRequest]:
        """All requests as they are now."""
        with self._changed:
            return [exchange.snapshot() for exchange in self._exchanges]

    def clear(self) -> None:
        """Forget the requests so far."""
        with self._changed:
            self._exchanges.clear()

    def wait_for(
        self, what: int | Callable[[list[SeenRequest]], bool], timeout: float
    ) -> list[SeenRequest]:
        """Wait until so many requests arrived, or until the predicate holds for all of them."""
        seen: list[SeenRequest] = []

        def holds() -> bool:
            seen[:] = [exchange.snapshot() for exchange in self._exchanges]
            return len(seen) >= what if isinstance(what, int) else what(seen)

        with self._changed:
            if not self._changed.wait_for(holds, timeout):
                listed = "".join(f"\n  {request}" for request in seen) or " none"
                raise TimeoutError(f"Not within {timeout} seconds; the requests were:{listed}")
        return seen
