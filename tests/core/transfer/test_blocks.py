"""Blocks are a set, whatever the order in which they arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from galion_core.transfer.blocks import BLOCK, Blocks, front_bytes

indexes = st.lists(st.integers(0, 40), max_size=60)


@given(indexes)
def test_blocks_are_a_set_with_a_front(order: list[int]) -> None:
    blocks, model = Blocks(), set[int]()
    for index in order:
        blocks.add(index)
        model.add(index)
        assert list(blocks) == sorted(model)
        assert blocks.count == len(model)
        assert blocks.front == min(set(range(42)) - model)
        assert {each for each in range(50) if each in blocks} == model


@given(indexes)
def test_blocks_are_the_same_made_at_once(order: list[int]) -> None:
    assert list(Blocks(order)) == sorted(set(order))
    assert Blocks(order).front == Blocks(sorted(order)).front


@given(st.integers(0, 20), st.none() | st.integers(0, 20 * BLOCK))
def test_the_front_in_bytes_ends_with_the_file(count: int, size: int | None) -> None:
    front = front_bytes(Blocks(range(count)), size)
    assert front == (count * BLOCK if size is None else min(count * BLOCK, size))
