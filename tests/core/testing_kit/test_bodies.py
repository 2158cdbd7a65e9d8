from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.testing import Body, BytesBody, PatternBody, SparseBody
from galion_core.testing.bodies import PIECE, Flipped, Slice

WHOLE = PatternBody(3 * PIECE + 17, seed=5)
CONTENT = WHOLE.content()


@given(st.integers(0, WHOLE.size), st.integers(0, WHOLE.size))
def test_a_pattern_is_the_same_however_it_is_cut(start: int, stop: int) -> None:
    assert WHOLE.content(start, stop) == CONTENT[start:stop]


def test_a_byte_of_a_pattern_depends_on_its_place_and_the_seed_alone() -> None:
    assert PatternBody(100, seed=5).content() == CONTENT[:100]
    assert PatternBody(100, seed=6).content() != CONTENT[:100]


@pytest.mark.parametrize("block", [1024, 65536, 512 * 1024, PIECE, 2 * PIECE])
def test_a_block_in_the_wrong_place_shows(block: int) -> None:
    assert CONTENT[:1000] != CONTENT[block : block + 1000]


def test_a_sparse_body_of_5_gib_is_zeros_to_its_end() -> None:
    body = SparseBody(5 << 30)
    assert body.size == 5 * 2**30
    assert body.content(body.size - 10) == bytes(10)


@pytest.mark.parametrize(
    "body", [BytesBody(b"some bytes"), PatternBody(2_000_000), SparseBody(2_000_000)]
)
def test_the_digest_is_that_of_the_content(body: Body) -> None:
    assert body.sha256() == hashlib.sha256(body.content()).hexdigest()
    assert len(body.content()) == body.size


def test_a_slice_reads_from_the_middle_of_a_body() -> None:
    part = Slice(WHOLE, PIECE - 5, PIECE + 5)
    assert part.content() == CONTENT[PIECE - 5 : PIECE + 5]
    assert part.content(2, 4) == CONTENT[PIECE - 3 : PIECE - 1]


def test_a_flipped_byte_is_the_only_difference() -> None:
    at = 2 * PIECE
    flipped = Flipped(WHOLE, at).content()
    assert flipped[at] == CONTENT[at] ^ 0xFF
    assert flipped[:at] == CONTENT[:at]
    assert flipped[at + 1 :] == CONTENT[at + 1 :]


def test_bodies_that_differ_have_tags_that_differ() -> None:
    bodies = [BytesBody(b"a"), BytesBody(b"b"), PatternBody(1), PatternBody(2), SparseBody(1)]
    bodies += [PatternBody(1, seed=1), Flipped(PatternBody(1), 0)]
    assert len({body.tag for body in bodies}) == len(bodies)
