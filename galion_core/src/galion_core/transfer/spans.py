"""Which bytes of a file are missing, and which connection fetches which of them.

A span is a run of missing bytes; it shrinks from its start as bytes arrive. Spans begin where a
block begins, so that every finished block can be told.

The loop's thread moves positions, the event loop moves ends, and neither waits for the other. So a
span is cut only well ahead of its position, and whatever the loop's thread sees in between, every
missing byte lies in a span of the list: no byte is written twice, and none is taken for there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count

from galion_core.transfer.blocks import BLOCK

#: A rest shorter than this is not shared.
MIN_SHARE = 2 * BLOCK
#: A span is not cut closer to its position: more than the loop's thread writes in one go.
_AHEAD = BLOCK


@dataclass(eq=False, slots=True)
class Span:
    """Missing bytes from ``position`` up to ``end``; None: to the end, wherever that is."""

    position: int
    end: int | None
    owned: bool = False
    """A connection is fetching it."""
    block: int = field(init=False)
    """The first block that is not complete."""
    pieces: list[bytes] = field(default_factory=list)
    """The bytes before ``position`` that are not in the file yet."""
    pending: int = 0
    """How many they are."""

    def __post_init__(self) -> None:
        """Begin with the block that holds the first byte."""
        self.block = self.position // BLOCK

    @property
    def written(self) -> int:
        """Up to where the bytes are in the file."""
        return self.position - self.pending

    def receive(self, data: bytes) -> None:
        """The next bytes have come."""
        self.pieces.append(data)
        self.pending += len(data)
        self.position += len(data)

    def forget_pieces(self) -> None:
        """They are in the file."""
        self.pieces.clear()
        self.pending = 0

    @property
    def rest(self) -> int:
        """Bytes that are missing; 0 where the end is not known."""
        return 0 if self.end is None else max(0, self.end - self.position)

    @property
    def empty(self) -> bool:
        """Every byte is there."""
        return self.end is not None and self.position >= self.end


class Plan:
    """The spans of one file, in order."""

    def __init__(self, size: int | None, blocks: Collection[int] | None = None) -> None:
        self.size = size
        self.spans = _gaps(size, blocks or ())

    @property
    def complete(self) -> bool:
        """Every byte is there."""
        return all(span.empty for span in self.spans)

    @property
    def front(self) -> int:
        """Bytes from the start that are there without a gap."""
        for span in self.spans:
            if not span.empty:
                return span.written
        return self.size or 0

    @property
    def rest(self) -> int:
        """Bytes that are missing, as far as the size is known."""
        return sum(span.rest for span in self.spans)

    def settle(self, size: int) -> None:
        """The file turned out to have this many bytes."""
        self.size = size
        for span in self.spans:
            span.end = size if span.end is None else span.end

    def take(self, share: int | None = None) -> Span | None:
        """A span to fetch, owned from now on; at most ``share`` bytes of a longer one.

        What nobody fetches comes first; then the longest rest that somebody fetches is shared. None
        when nothing is worth a connection.
        """
        self.spans = [span for span in self.spans if not span.empty]
        free = next((span for span in self.spans if not span.owned), None) or self._share(share)
        if free is None:
            return None
        if share is not None and free.rest >= share + BLOCK:
            self._cut(free, free.position + share)
        free.owned = True
        return free

    def rejoin(self, span: Span) -> None:
        """Give a span what lies right behind it and nobody fetches."""
        if span not in self.spans:
            return
        after = self.spans.index(span) + 1
        while after < len(self.spans):
            rear = self.spans[after]
            if rear.owned or rear.position != span.end:
                return
            span.end = rear.end
            self.spans.remove(rear)

    def _share(self, share: int | None) -> Span | None:
        """The rear part of the longest rest, cut off for another connection."""
        longest = max(self.spans, key=lambda span: span.rest, default=None)
        if longest is None or longest.rest < 2 * MIN_SHARE:
            return None
        kept = longest.rest // 2 if share is None else min(share, longest.rest // 2)
        return self._cut(longest, longest.position + kept)

    def _cut(self, span: Span, at: int) -> Span | None:
        """Split a span at the next block from ``at``; the rear part belongs to nobody."""
        boundary = -(-at // BLOCK) * BLOCK
        if span.end is None or boundary >= span.end or span.position + _AHEAD > boundary:
            return None
        rear = Span(boundary, span.end)
        self.spans.insert(self.spans.index(span) + 1, rear)
        span.end = boundary
        if span.position + _AHEAD > boundary:  # it has moved on meanwhile
            self.rejoin(span)
            return None
        return rear


def _gaps(size: int | None, blocks: Collection[int]) -> list[Span]:
    """The runs of blocks that are not there; of a file without a known end, all after the first."""
    if size is None:
        front = next(index for index in count() if index not in blocks)
        return [Span(front * BLOCK, None)]
    spans: list[Span] = []
    for index in range(-(-size // BLOCK)):
        if index in blocks:
            continue
        first, end = index * BLOCK, min(size, (index + 1) * BLOCK)
        if spans and spans[-1].end == first:
            spans[-1].end = end
        else:
            spans.append(Span(first, end))
    return spans
