"""Events reach plugins in order, and no job waits for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from galion_core.engine import events
from galion_core.engine.events import Events
from galion_core.jobs import Job, JobOptions, Status
from galion_core.types import Event

if TYPE_CHECKING:
    from tests.core.engine.conftest import MakeManager

QUEUED = Job(id="dl_1", url="https://h.test/?token=hidden", options=JobOptions(directory="/d"))
DONE = QUEUED.model_copy(update={"status": Status.COMPLETED})


def test_they_come_in_order_without_secrets(manager: MakeManager) -> None:
    heard: list[Event] = []

    async def galion_event(event: Event) -> None:
        await asyncio.sleep(0)
        heard.append(event)

    async def work() -> None:
        told = Events(manager(galion_event=galion_event))
        for job in (QUEUED, DONE) * 3:
            told.publish(job)
        await told.close()

    asyncio.run(work())
    assert [each.type for each in heard] == ["job.queued", "job.completed"] * 3
    assert heard[0].data["url"] == "https://h.test/?token=***"
    assert heard[0].job_id == "dl_1"


def test_listeners_hear_at_once(manager: MakeManager) -> None:
    heard: list[Status] = []

    async def work() -> None:
        told = Events(manager())
        told.listeners.append(lambda job: heard.append(job.status))
        told.publish(QUEUED)
        assert heard == [Status.QUEUED]
        await told.close()

    asyncio.run(work())


def test_an_observer_that_is_too_slow_is_left_behind_with_a_word(
    manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_LAST_WORDS", 0.01)
    said: list[str] = []

    async def galion_event(event: Event) -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        made = manager(galion_event=galion_event)
        made.report = said.append
        told = Events(made)
        told.publish(QUEUED)
        await told.close()

    asyncio.run(work())
    assert said == ["Some plugins did not hear every event: they took too long"]


def test_an_observer_that_raises_hears_the_next_one(manager: MakeManager) -> None:
    heard: list[str] = []

    def galion_event(event: Event) -> None:
        heard.append(event.type)
        raise RuntimeError("deaf")

    async def work() -> None:
        told = Events(manager(galion_event=galion_event))
        told.publish(QUEUED)
        told.publish(DONE)
        await told.close()

    asyncio.run(work())
    assert heard == ["job.queued", "job.completed"]


def test_closing_without_an_event_is_nothing(manager: MakeManager) -> None:
    asyncio.run(Events(manager()).close())
