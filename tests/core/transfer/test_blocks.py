"""How far a file has come, in blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from galion_core.transfer.blocks import BLOCK, whole_blocks


@given(st.integers(0, 20 * BLOCK), st.none() | st.integers(0, 20 * BLOCK))
def test_a_block_is_whole_when_its_last_byte_is_there_or_the_files(
    position: int, size: int | None
) -> None:
    whole = whole_blocks(position, size)
    ends = [min((index + 1) * BLOCK, size or 99 * BLOCK) for index in range(whole)]
    assert all(end <= position for end in ends)
    if position != size:
        assert (whole + 1) * BLOCK > position
    else:
        assert whole == -(-position // BLOCK)
