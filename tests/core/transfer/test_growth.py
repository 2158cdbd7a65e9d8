"""How many connections a transfer should have, by how fast it goes."""

from __future__ import annotations

import pytest

from galion_core.transfer.growth import JUDGE, STEP, Growth


def test_the_number_doubles_while_the_thread_waits_up_to_the_limit() -> None:
    growth = Growth(6)
    lanes = [1]
    for step in range(4):
        lanes.append(growth.decide(100 + step * STEP, 0, lanes[-1], busy=0.1))
    assert lanes == [1, 2, 4, 6, 6]


def test_a_busy_thread_gets_no_more() -> None:
    assert Growth(8).decide(100, 0, 1, busy=0.9) == 1


@pytest.mark.parametrize(("speed_of_half", "stays"), [(100, 2), (40, 8)])
def test_half_goes_on_where_it_does_as_well(speed_of_half: int, stays: int) -> None:
    growth = Growth(8)
    for step in range(4):
        growth.decide(100 + step * STEP, 0, growth.wanted, busy=0.1)
    now = 100 + 3 * STEP + JUDGE
    assert growth.decide(now, 100, 8, busy=0.1) == 4
    # Where four do as well, two are tried.
    assert growth.decide(now + JUDGE, 100 + speed_of_half, 4, busy=0.1) == stays


def test_after_a_refusal_there_are_no_more_and_the_judgement_begins_anew() -> None:
    growth = Growth(8)
    growth.decide(100, 10**9, 1, busy=0.1)
    growth.decide(100 + STEP, 10**9, 2, busy=0.1)
    growth.refuse(3)
    assert growth.decide(100 + 2 * STEP, 10**9, 3, busy=0.1) == 3
    assert growth.decide(100 + 3 * STEP, 10**9, 3, busy=0.1) == 3
