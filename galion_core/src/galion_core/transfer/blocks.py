"""Which blocks of a file have arrived."""

from __future__ import annotations

from collections.abc import Iterable

#: Bytes of a block, the unit that a resume can lose.
BLOCK = 1 << 20


class Blocks:
    """A growing set of whole blocks; only the last block of a file may be short."""

    def __init__(self, done: Iterable[int] = ()) -> None:
        self._done = bytearray()
        self._front = 0
        for index in done:
            self.add(index)

    def add(self, index: int) -> None:
        """The block with this index is on disk."""
        if index >= len(self._done):
            self._done.extend(bytes(index + 1 - len(self._done)))
        self._done[index] = 1
        if index == self._front:
            gap = self._done.find(0, index)
            self._front = len(self._done) if gap < 0 else gap

    @property
    def front(self) -> int:
        """How many blocks from the start are there without a gap."""
        return self._front

    @property
    def count(self) -> int:
        """How many blocks are there."""
        return self._done.count(1)

    def __contains__(self, index: int) -> bool:
        return index < len(self._done) and bool(self._done[index])


def whole_blocks(position: int, size: int | None) -> int:
    """How many blocks end at or before ``position``; the last of ``size`` bytes may be short."""
    ends = position == size and position % BLOCK != 0
    return position // BLOCK + ends
