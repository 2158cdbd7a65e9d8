"""One connection's work on a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from galion_core.transfer.sources import Source
from galion_core.transfer.spans import Span

#: Seconds in which the bursts of a beginning would be taken for speed.
_YOUNG = 0.3


@dataclass(eq=False, slots=True)
class Lane:
    """A connection to a source; without a span it asks for the whole file."""

    source: Source
    span: Span | None = None
    first: int = 0
    """Where its request begins."""
    last: int | None = None
    """The last byte it asks for; None: to the end of the file."""
    received: int = 0
    """Bytes."""
    started: float = field(default_factory=monotonic)
    speed: float = 0.0
    """Bytes a second since it started, at the last measurement."""

    def begin(self, size: int | None) -> None:
        """Ask for what is missing of the span, without naming the file's own end if it can be."""
        span = self.span
        self.first, self.last = (span.position if span else 0), None
        if span and span.end is not None and (span.end != size or not self.first):
            self.last = span.end - 1

    def leave(self) -> None:
        """Let others have the rest of the span."""
        if self.span is not None:
            self.span.owned = False
            self.span = None

    def measure(self, now: float) -> float:
        """The speed since it started; 0 while it is too young to tell."""
        age = now - self.started
        self.speed = self.received / age if age > _YOUNG else 0.0
        return self.speed

    @property
    def seconds_left(self) -> float:
        """Until its span is done, at this speed."""
        return self.span.rest / max(1.0, self.speed) if self.span else 0.0
