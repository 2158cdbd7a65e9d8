"""Servers that misunderstand ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace

from galion_core.testing.bodies import BytesBody, Slice
from galion_core.testing.faults.base import Fault, RangeFault
from galion_core.testing.honest import content_range
from galion_core.testing.messages import Answer, Request


@dataclass(frozen=True)
class IgnoreRange(RangeFault):
    """The whole file, as 200, to who asked for a part."""

    def hear(self, request: Request) -> Request:
        """Without the range."""
        return replace(request, headers=request.headers.without("range", "if-range"))


@dataclass(frozen=True)
class AcceptRangesNone(Fault):
    """A server that says it has no ranges, and has none."""

    def hear(self, request: Request) -> Request:
        """Without the range."""
        return replace(request, headers=request.headers.without("range", "if-range"))

    def send(self, answer: Answer, request: Request) -> Answer:
        """Say so."""
        return replace(answer, headers=answer.headers.with_("Accept-Ranges", "none"))


@dataclass(frozen=True)
class IgnoreIfRange(RangeFault):
    """The part, as 206, though the file is not the one that If-Range named (as some CDNs do)."""

    def hear(self, request: Request) -> Request:
        """Without the condition."""
        return replace(request, headers=request.headers.without("if-range"))


@dataclass(frozen=True)
class ShiftRange(RangeFault):
    """Another part than the one asked for, and a Content-Range that says which."""

    by: int

    def send(self, answer: Answer, request: Request) -> Answer:
        """Move the part, within the file."""
        if answer.span is None or answer.whole is None:
            return answer
        size = answer.whole.size
        start = min(max(0, answer.span[0] + self.by), size - 1)
        stop = min(max(start + 1, answer.span[1] + self.by), size)
        return replace(
            answer,
            body=Slice(answer.whole, start, stop),
            span=(start, stop),
            headers=answer.headers.with_("Content-Range", content_range(start, stop, size)),
        )


@dataclass(frozen=True)
class WrongContentRange(RangeFault):
    """The right part under another Content-Range: a text, or with another total, or none at all."""

    text: str | None = None
    total: int | str | None = None
    """``"*"`` for unknown."""

    def send(self, answer: Answer, request: Request) -> Answer:
        """Rewrite or remove the header."""
        if answer.span is None:
            return answer
        text = self.text if self.total is None else content_range(*answer.span, self.total)
        without = answer.headers.without("Content-Range")
        headers = without if text is None else without.with_("Content-Range", text)
        return replace(answer, headers=headers)


@dataclass(frozen=True)
class Multipart(RangeFault):
    """The part wrapped in multipart/byteranges, as if several had been asked for."""

    boundary: str = "THIS_STRING_SEPARATES"

    def send(self, answer: Answer, request: Request) -> Answer:
        """Wrap; the part is held in memory."""
        if answer.span is None:
            return answer
        part = (
            f"--{self.boundary}\r\n"
            f"Content-Type: {answer.headers.get('content-type', 'application/octet-stream')}\r\n"
            f"Content-Range: {answer.headers['content-range']}\r\n\r\n"
        )
        data = part.encode() + answer.body.content() + f"\r\n--{self.boundary}--\r\n".encode()
        kind = f"multipart/byteranges; boundary={self.boundary}"
        headers = answer.headers.without("Content-Range").with_("Content-Type", kind)
        return replace(answer, body=BytesBody(data), headers=headers)
