"""How many connections a host may have, over all transfers."""

from __future__ import annotations

import asyncio

from galion_core.transfer.budget import HostBudget

HOST, OTHER = "https://a.test:443", "https://b.test:443"


def test_each_host_has_its_own_limit_and_what_is_given_back_can_be_taken_again() -> None:
    budget = HostBudget(2)
    assert [budget.try_acquire(HOST) for _ in range(3)] == [True, True, False]
    assert budget.try_acquire(OTHER)
    budget.release(HOST)
    assert budget.try_acquire(HOST)


def test_who_waits_gets_the_next_one_in_turn_and_who_gives_up_costs_nobody_his() -> None:
    async def scene() -> list[str]:
        budget, got = HostBudget(1), []

        async def wait(name: str) -> None:
            await budget.acquire(HOST)
            got.append(name)

        await budget.acquire(HOST)
        first, second, third = (asyncio.create_task(wait(name)) for name in "123")
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        budget.release(HOST)
        await second
        assert not third.done()
        budget.release(HOST)
        await third
        return got

    assert asyncio.run(scene()) == ["2", "3"]


def test_a_host_that_asked_for_less_gets_half_and_twice_as_many_each_minute_after() -> None:
    now = 0.0
    budget = HostBudget(16, clock=lambda: now)
    for _ in range(16):
        budget.try_acquire(HOST)
    budget.shrink(HOST)
    assert (budget.limit(HOST), budget.limit(OTHER)) == (8, 16)
    budget.shrink(HOST)
    assert budget.limit(HOST) == 4
    now = 59.0
    assert budget.limit(HOST) == 4
    now = 61.0
    assert budget.limit(HOST) == 8
    now = 10_000.0
    assert budget.limit(HOST) == 16
