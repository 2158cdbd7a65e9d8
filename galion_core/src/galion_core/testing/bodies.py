"""Bodies of any size whose every byte is known without keeping them in memory."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

#: Bytes that one ``read`` gives at most.
PIECE = 1024 * 1024
#: A prime, so that no block that a downloader may choose is a multiple of it: a byte that lands in
#: the wrong place is the wrong byte.
_PERIOD = 1_048_583

Bytes = bytes | memoryview


class Body(ABC):
    """Bytes 0 to ``size`` - 1, readable anywhere."""

    size: int

    @abstractmethod
    def read(self, start: int, stop: int) -> Bytes:
        """At least one byte from ``start``, at most up to ``stop``; 0 <= start < stop <= size."""

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Bytes]:
        """The bytes from ``start`` up to ``stop`` in pieces of at most PIECE."""
        end = self.size if stop is None else min(stop, self.size)
        while start < end:
            piece = self.read(start, end)
            yield piece
            start += len(piece)

    def content(self, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes from ``start`` up to ``stop``, in memory."""
        return b"".join(self.pieces(start, stop))

    def sha256(self) -> str:
        """The digest of the whole, as hex; computed once."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    @property
    @abstractmethod
    def tag(self) -> str:
        """A short text that differs where the bytes differ; cheap."""


@dataclass(frozen=True)
class BytesBody(Body):
    """Bytes in memory."""

    data: bytes

    @property
    def size(self) -> int:  # type: ignore[override]
        """Bytes."""
        return len(self.data)

    @property
    def tag(self) -> str:
        """The start of the digest."""
        return self.sha256()[:16]

    def read(self, start: int, stop: int) -> Bytes:
        """A view, not a copy."""
        return memoryview(self.data)[start : min(stop, start + PIECE)]


@dataclass(frozen=True)
class PatternBody(Body):
    """Noise in which byte i depends on i and ``seed`` alone; reading it copies nothing."""

    size: int
    seed: int = 0

    @property
    def tag(self) -> str:
        """Size and seed."""
        return f"pattern-{self.size}-{self.seed}"

    def read(self, start: int, stop: int) -> Bytes:
        """A view into two periods of the noise."""
        offset = start % _PERIOD
        return memoryview(_noise(self.seed))[offset : offset + min(stop - start, PIECE)]


@lru_cache(maxsize=8)
def _noise(seed: int) -> bytes:
    return hashlib.shake_256(b"galion %d" % seed).digest(_PERIOD) * 2


@dataclass(frozen=True)
class SparseBody(Body):
    """Zeros."""

    size: int

    @property
    def tag(self) -> str:
        """The size."""
        return f"zeros-{self.size}"

    def read(self, start: int, stop: int) -> Bytes:
        """A view of a constant."""
        return memoryview(_ZEROS)[: stop - start]


_ZEROS = bytes(PIECE)


@dataclass(frozen=True)
class Slice(Body):
    """A part of another body."""

    whole: Body
    start: int
    stop: int

    @property
    def size(self) -> int:  # type: ignore[override]
        """Bytes."""
        return max(0, self.stop - self.start)

    @property
    def tag(self) -> str:
        """The whole's, and which part."""
        return f"{self.whole.tag}-{self.start}-{self.stop}"

    def read(self, start: int, stop: int) -> Bytes:
        """The whole's bytes, so far in."""
        return self.whole.read(self.start + start, self.start + stop)


@dataclass(frozen=True)
class Flipped(Body):
    """Another body with all bits of one byte turned over."""

    whole: Body
    at: int

    @property
    def size(self) -> int:  # type: ignore[override]
        """Bytes."""
        return self.whole.size

    @property
    def tag(self) -> str:
        """The whole's, and where it was changed."""
        return f"{self.whole.tag}-flipped-{self.at}"

    def read(self, start: int, stop: int) -> Bytes:
        """A view, or a changed copy of the piece that holds the byte."""
        piece = self.whole.read(start, stop)
        if not start <= self.at < start + len(piece):
            return piece
        changed = bytearray(piece)
        changed[self.at - start] ^= 0xFF
        return bytes(changed)


def as_body(content: Body | bytes | str) -> Body:
    """A body out of what a test has at hand; text as UTF-8."""
    if isinstance(content, Body):
        return content
    return BytesBody(content.encode() if isinstance(content, str) else content)
