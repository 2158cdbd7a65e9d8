"""The right answer, badly delivered: cut, stalled, slow, or with framing that is not true."""

from __future__ import annotations

from dataclasses import dataclass, replace

from galion_core.testing.bodies import Slice
from galion_core.testing.faults.base import BodyFault, Fault
from galion_core.testing.messages import Answer, Event, Framing, Line, Request


@dataclass(frozen=True)
class CutBody(BodyFault):
    """The connection ends after so many bytes of the answer's body, though more were promised."""

    after: int
    reset: bool = False
    """By RST, else by FIN."""

    def send(self, answer: Answer, request: Request) -> Answer:
        """Add the cut."""

        def cut(line: Line) -> None:
            line.cut(reset=self.reset)

        return replace(answer, body_pace=answer.body_pace.stopping(self.after, cut))


@dataclass(frozen=True)
class CutChunked(CutBody):
    """A chunked body that ends after so many bytes, without its last chunk."""

    def send(self, answer: Answer, request: Request) -> Answer:
        """Chunk and cut."""
        return replace(super().send(answer, request), framing=Framing.CHUNKED)


@dataclass(frozen=True)
class Stall(BodyFault):
    """Silence after so many bytes of the body, until the event or for so many seconds.

    With neither it lasts until the client leaves or the server stops.
    """

    after: int = 0
    until: Event | None = None
    seconds: float | None = None

    def send(self, answer: Answer, request: Request) -> Answer:
        """Add the pause."""

        def stall(line: Line) -> None:
            line.pause(self.seconds, self.until)

        return replace(answer, body_pace=answer.body_pace.stopping(self.after, stall))


@dataclass(frozen=True)
class StallBeforeHeaders(Fault):
    """The request is taken and nothing is answered, as long as Stall says."""

    until: Event | None = None
    seconds: float | None = None

    def send(self, answer: Answer, request: Request) -> Answer:
        """Add the pause."""

        def stall(line: Line) -> None:
            line.pause(self.seconds, self.until)

        return replace(answer, head_pace=answer.head_pace.stopping(0, stall))


@dataclass(frozen=True)
class ResetInHeaders(Fault):
    """The connection ends after so many bytes of the head; 0: before the first."""

    after: int = 20
    reset: bool = True
    """By RST, else by FIN."""

    def send(self, answer: Answer, request: Request) -> Answer:
        """Add the cut."""

        def cut(line: Line) -> None:
            line.cut(reset=self.reset)

        return replace(answer, head_pace=answer.head_pace.stopping(self.after, cut))


@dataclass(frozen=True)
class SlowHeaders(Fault):
    """The head trickles."""

    bytes_per_second: float = 100

    def send(self, answer: Answer, request: Request) -> Answer:
        """Slow the head down."""
        pace = replace(answer.head_pace, bytes_per_second=self.bytes_per_second)
        return replace(answer, head_pace=pace)


@dataclass(frozen=True)
class Throttle(BodyFault):
    """The body comes at this speed on each connection."""

    bytes_per_second: float

    def send(self, answer: Answer, request: Request) -> Answer:
        """Slow the body down."""
        pace = replace(answer.body_pace, bytes_per_second=self.bytes_per_second)
        return replace(answer, body_pace=pace)


@dataclass(frozen=True)
class Truncate(BodyFault):
    """Only the first bytes of the body, with the Content-Length that fits them."""

    to: int

    def send(self, answer: Answer, request: Request) -> Answer:
        """Shorten."""
        return replace(answer, body=Slice(answer.body, 0, min(self.to, answer.body.size)))


@dataclass(frozen=True)
class WrongLength(Fault):
    """Content-Length says this many bytes more (or fewer, below 0) than are sent."""

    by: int

    def send(self, answer: Answer, request: Request) -> Answer:
        """Lie; the connection ends after the real bytes."""
        return replace(answer, claimed_length=max(0, answer.body.size + self.by), closes=True)


@dataclass(frozen=True)
class Chunked(Fault):
    """Transfer-Encoding: chunked, no Content-Length."""

    def send(self, answer: Answer, request: Request) -> Answer:
        """Chunk."""
        return replace(answer, framing=Framing.CHUNKED)


@dataclass(frozen=True)
class NoContentLength(Fault):
    """Neither Content-Length nor chunks: the body ends with the connection."""

    def send(self, answer: Answer, request: Request) -> Answer:
        """Leave it out."""
        return replace(answer, framing=Framing.CLOSE)
