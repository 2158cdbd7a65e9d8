"""How many at once, and who comes first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from galion_core.engine.request import DownloadRequest
from galion_core.engine.slots import Slots
from galion_core.testing import FaultServer, PatternBody
from galion_core.testing.faults import Fault
from galion_core.testing.messages import Answer, Line, Request
from galion_core.types import PlatformInfo, PlatformMatch, RemoteFile, Resolution, ResolveContext
from galion_core.urls import ParsedUrl

if TYPE_CHECKING:
    from tests.core.engine.conftest import OpenEngine

BODY = PatternBody(1 << 20)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@dataclass
class Crowd:
    """Counts who is in the midst of a delivery; the first ``size`` wait until all of them are."""

    size: int
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    full: threading.Event = field(default_factory=threading.Event)

    def enter(self, line: Line) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        if self.most >= self.size:
            self.full.set()
        line.pause(None, self.full)

    def leave(self, line: Line) -> None:
        with self.lock:
            self.inside -= 1


@dataclass(frozen=True)
class Counted(Fault):
    """Tells a crowd of the delivery after its first byte and before its last."""

    crowd: Crowd

    def send(self, answer: Answer, request: Request) -> Answer:
        pace = answer.body_pace.stopping(1, self.crowd.enter)
        last = answer.body.size - 1
        return replace(answer, body_pace=pace.stopping(last, self.crowd.leave))


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_files_are_under_way_at_once_over_all_jobs(
    engine: OpenEngine, server: FaultServer, count: int
) -> None:
    """Two jobs of five files and five of one: there are as many at once as asked, and no more."""
    crowd = Crowd(count)
    urls = [server.add(f"/{number}", BODY, faults=[Counted(crowd)]) for number in range(15)]

    def galion_detect_platform(url: ParsedUrl) -> PlatformMatch | None:
        _, many, first = str(url).rpartition("/many/")
        match = PlatformMatch(platform="test", kind="many", ids={"first": first})
        return match if many else None

    def galion_resolve_url(match: PlatformMatch, context: ResolveContext) -> Resolution:
        first = int(match.ids["first"])
        files = [
            RemoteFile(url=url, id=url, name=url.rpartition("/")[2])
            for url in urls[first : first + 5]
        ]
        return Resolution(files=tuple(files))

    async def work() -> None:
        settings = {"download.jobs": count, "download.connections": 1}
        async with engine(
            settings,
            galion_register_platform=lambda: PlatformInfo(name="test", title="Test"),
            galion_detect_platform=galion_detect_platform,
            galion_resolve_url=galion_resolve_url,
        ) as opened:
            wanted = [server.url("/many/0"), server.url("/many/5"), *urls[10:]]
            ids = [opened.submit(DownloadRequest(url=url)).id for url in wanted]
            jobs = await opened.run(ids)
            assert [job.error for job in jobs] == [None] * len(jobs)

    asyncio.run(work())
    assert crowd.most == count


def test_jobs_begin_by_priority_and_then_as_they_were_given(
    engine: OpenEngine, server: FaultServer
) -> None:
    async def work() -> None:
        async with engine({"download.jobs": 1}) as opened:
            ids = [
                opened.submit(
                    DownloadRequest(url=server.add(f"/{name}", b"bytes"), priority=priority)
                ).id
                for name, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5))
            ]
            assert [job.id for job in await opened.run(ids)] == ids

    asyncio.run(work())
    assert [one.path for one in server.requests] == ["/b", "/d", "/a", "/c"]


def test_who_asks_again_may_change_the_priority(engine: OpenEngine, server: FaultServer) -> None:
    url = server.add("/a", b"bytes")

    async def work() -> None:
        async with engine() as opened:
            for priority in (0, 3, 1):
                assert opened.submit(DownloadRequest(url=url, priority=priority)).priority == (
                    priority
                )

    asyncio.run(work())


def test_a_slot_goes_to_the_highest_priority_then_to_who_came_first() -> None:
    entered: list[str] = []

    async def work() -> None:
        slots = Slots(1)

        async def enter(name: str, priority: int) -> None:
            async with slots.slot(priority):
                entered.append(name)

        async with slots.slot(0):
            waiting = [
                asyncio.create_task(enter(name, priority))
                for name, priority in (("a", 0), ("b", 2), ("c", 2), ("d", 1))
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

    asyncio.run(work())
    assert entered == ["b", "c", "d", "a"]


def test_who_leaves_while_waiting_or_as_it_is_let_in_costs_no_slot() -> None:
    async def work() -> None:
        slots = Slots(1)

        async def enter() -> None:
            async with slots.slot(0):
                pass

        async with slots.slot(0):
            waiting, called = asyncio.create_task(enter()), asyncio.create_task(enter())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.sleep(0)
        called.cancel()  # the slot is its own already
        await asyncio.gather(waiting, called, return_exceptions=True)
        assert called.cancelled()
        await enter()

    asyncio.run(work())
