"""Blocks: the pieces in which a file's progress is written down."""

from __future__ import annotations

#: Bytes of a block, the unit that a killed process can lose; the last of a file may be shorter.
BLOCK = 1 << 20


def whole_blocks(position: int, size: int | None) -> int:
    """How many blocks end at or before ``position`` of a file of ``size`` bytes."""
    ends = position == size and position % BLOCK != 0
    return position // BLOCK + ends
