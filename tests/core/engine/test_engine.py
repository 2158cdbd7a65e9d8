"""A job's life in the engine: its moves, its stops, and who may work on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.engine.engine import Engine
from galion_core.engine.request import DownloadRequest, make_job
from galion_core.engine.source import Source
from galion_core.errors import Conflict, InvalidUrl, NotFound, PlatformNotSupported, PolicyError
from galion_core.jobs import MOVES, Job, Status
from galion_core.network.addresses import AddressPolicy
from galion_core.settings.layers import layers_of
from galion_core.settings.places import home
from galion_core.storage.tinystore import open_store
from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.types import PlatformInfo, PlatformMatch, RemoteFile, Resolution, ResolveContext
from galion_core.urls import ParsedUrl

if TYPE_CHECKING:
    from tests.core.engine.conftest import MakeManager, OpenEngine

BODY = PatternBody(8 << 20)
HALF = 4 << 20


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def stalled(server: FaultServer) -> str:
    """A file whose first delivery stops in the middle, and stays silent."""
    return server.add("/f.bin", BODY, faults=[faults.Stall(after=HALF, times=1)])


async def half_way(engine: Engine, job_id: str) -> asyncio.Task[Job]:
    """The task that works on the job, once it has some of the bytes."""
    task = asyncio.create_task(engine.work(job_id))
    while not (job_id in engine.progress and engine.progress[job_id].received >= HALF // 2):
        assert not task.done(), task.result()
        await asyncio.sleep(0.01)
    return task


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_job_makes_only_legal_moves_and_every_one_is_told(
    engine: OpenEngine, server: FaultServer
) -> None:
    url = server.add("/f.bin", BODY)

    async def work() -> list[Status]:
        async with engine() as opened:
            seen: list[Status] = []
            opened.events.listeners.append(lambda job: seen.append(job.status))
            job = await opened.work(opened.submit(DownloadRequest(url=url)).id)
            assert job.status is Status.COMPLETED
            return seen

    seen = asyncio.run(work())
    assert seen[0] is Status.QUEUED
    assert seen[-1] is Status.COMPLETED
    for before, after in pairwise(seen):
        assert after in MOVES[before]


@pytest.mark.parametrize(
    ("url", "error"),
    [("nonsense", InvalidUrl), ("ftp://h.test/", PlatformNotSupported)],
)
def test_what_cannot_be_downloaded_is_not_queued(
    engine: OpenEngine, url: str, error: type[Exception]
) -> None:
    async def work() -> None:
        async with engine() as opened:
            with pytest.raises(error):
                opened.submit(DownloadRequest(url=url))

    asyncio.run(work())
    store = open_store(home())
    assert store.jobs.list() == []
    store.close()


def test_the_same_url_is_the_same_job_until_it_has_ended(
    engine: OpenEngine, server: FaultServer
) -> None:
    request = DownloadRequest(url=server.add("/f.bin", BODY))

    async def work() -> None:
        async with engine() as opened:
            first = opened.submit(request)
            assert opened.submit(request).id == first.id
            other = opened.submit(DownloadRequest(url=request.url, filename="other.bin"))
            assert other.id != first.id
            await opened.work(first.id)
            assert opened.submit(request).id != first.id

    asyncio.run(work())


def test_cancelling_the_work_pauses_the_job_and_keeps_its_bytes(
    engine: OpenEngine, stalled: str, here: Path
) -> None:
    async def work() -> None:
        async with engine() as opened:
            job_id = opened.submit(DownloadRequest(url=stalled)).id
            task = await half_way(opened, job_id)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert opened.submit(DownloadRequest(url=stalled)).id == job_id
            assert files(here) == ["f.bin.part", "f.bin.part.journal"]
            assert (await opened.work(job_id)).status is Status.COMPLETED

    asyncio.run(work())
    assert files(here) == ["f.bin"]


def test_closing_the_engine_pauses_what_is_under_way(
    engine: OpenEngine, stalled: str, here: Path
) -> None:
    async def work() -> None:
        async with engine() as opened:
            job_id = opened.submit(DownloadRequest(url=stalled)).id
            task = await half_way(opened, job_id)
        assert (await task).status is Status.PAUSED

    asyncio.run(work())
    assert "f.bin.part" in files(here)


@pytest.mark.parametrize("from_elsewhere", [False, True])
@pytest.mark.parametrize("stop", [Status.PAUSED, Status.CANCELLED])
def test_a_job_can_be_stopped_from_here_and_from_another_handle_of_the_store(
    engine: OpenEngine, stalled: str, here: Path, stop: Status, from_elsewhere: bool
) -> None:
    async def work() -> None:
        async with engine() as opened, engine() as other:
            job_id = opened.submit(DownloadRequest(url=stalled)).id
            task = await half_way(opened, job_id)
            stopping = other if from_elsewhere else opened
            if stop is Status.PAUSED:
                await stopping.pause(job_id)
            else:
                await stopping.cancel(job_id)
            assert (await task).status is stop
            assert bool(files(here)) is (stop is Status.PAUSED)
            opened.retry(job_id)
            assert (await opened.work(job_id)).status is Status.COMPLETED

    asyncio.run(work())
    assert files(here) == ["f.bin"]


def test_the_job_that_another_engine_has_is_left_to_it(
    engine: OpenEngine, stalled: str, here: Path
) -> None:
    async def work() -> None:
        async with engine() as opened, engine() as other:
            job_id = opened.submit(DownloadRequest(url=stalled)).id
            task = await half_way(opened, job_id)
            assert other.submit(DownloadRequest(url=stalled)).id == job_id
            assert other.retry(job_id).status is Status.DOWNLOADING
            with pytest.raises(Conflict):
                await other.work(job_id)
            assert not task.done()
            await opened.cancel(job_id)

    asyncio.run(work())


def test_a_job_whose_worker_died_is_taken_up_with_what_is_asked_now(
    engine: OpenEngine, server: FaultServer, here: Path
) -> None:
    """A store that is closed is, for the others, a process that died."""
    url = server.add("/f.bin", BODY)
    store = open_store(home())

    async def begin() -> str:
        async with engine() as opened:
            return opened.submit(DownloadRequest(url=url)).id

    job_id = asyncio.run(begin())
    claimed = store.jobs.claim(store.worker(), job_ids=[job_id])
    assert claimed is not None
    store.jobs.move(job_id, Status.DOWNLOADING, attempt=claimed.attempt)
    store.close()

    async def go_on() -> Job:
        async with engine() as opened:
            request = DownloadRequest(url=url, checksum=f"sha256={'0' * 64}")
            assert opened.submit(request).id == job_id
            return await opened.work(job_id)

    job = asyncio.run(go_on())
    assert (job.id, job.attempt, job.status) == (job_id, 2, Status.FAILED)
    assert job.error is not None
    assert job.error.code == "INTEGRITY_FAILED"
    assert files(here) == []


def test_run_goes_on_after_a_failure_and_keeps_the_order(
    engine: OpenEngine, server: FaultServer
) -> None:
    urls = [server.url("/missing"), server.add("/a", BODY), server.add("/b", BODY)]

    async def work() -> None:
        async with engine() as opened:
            ids = [opened.submit(DownloadRequest(url=url)).id for url in urls]
            ended: list[str] = []
            jobs = await opened.run(ids, lambda job: ended.append(job.id))
            assert [job.id for job in jobs] == ids
            assert sorted(ended) == sorted(ids)
            assert [job.status for job in jobs] == [
                Status.FAILED,
                Status.COMPLETED,
                Status.COMPLETED,
            ]

    asyncio.run(work())


def test_when_the_listener_of_a_run_raises_the_others_are_paused(
    engine: OpenEngine, server: FaultServer
) -> None:
    stalled = server.add("/f.bin", BODY, faults=[faults.Stall(after=HALF)])
    urls = [stalled, server.url("/missing")]

    def gone(job: Job) -> None:
        raise BrokenPipeError

    async def work() -> None:
        async with engine() as opened:
            ids = [opened.submit(DownloadRequest(url=url)).id for url in urls]
            with pytest.raises(BrokenPipeError):
                await opened.run(ids, gone)
            assert opened.submit(DownloadRequest(url=stalled)).status is Status.QUEUED

    asyncio.run(work())


@pytest.mark.parametrize("what", ["pause", "cancel"])
def test_what_has_ended_cannot_be_stopped(
    engine: OpenEngine, server: FaultServer, what: str
) -> None:
    async def work() -> None:
        async with engine() as opened:
            job_id = opened.submit(DownloadRequest(url=server.add("/a", b"bytes"))).id
            await opened.work(job_id)
            with pytest.raises(Conflict):
                await getattr(opened, what)(job_id)
            with pytest.raises(Conflict):
                opened.retry(job_id)
            with pytest.raises(NotFound):
                await getattr(opened, what)("dl_missing")

    asyncio.run(work())


def test_a_preview_tells_names_and_sizes_and_keeps_nothing(
    engine: OpenEngine, server: FaultServer, here: Path
) -> None:
    url = server.add("/x", BODY, headers={"Content-Disposition": "attachment; filename=named.bin"})

    async def work() -> Job:
        async with engine() as opened:
            return await opened.preview(DownloadRequest(url=url))

    job = asyncio.run(work())
    assert [(each.path, each.size) for each in job.files] == [(str(here / "named.bin"), BODY.size)]
    assert files(here) == []
    store = open_store(home())
    assert store.jobs.list() == []
    store.close()


# --- where connections may go ---------------------------------------------------------------------


def untrusted(url: str) -> DownloadRequest:
    return DownloadRequest(url=url, trusted=False)


def test_what_others_ask_for_is_fetched_from_public_addresses_only(
    engine: OpenEngine, server: FaultServer, here: Path
) -> None:
    url = server.add("/f.bin", BODY)

    async def work() -> None:
        async with engine() as opened:
            with pytest.raises(PolicyError):
                await opened.preview(untrusted(url))
            job = await opened.work(opened.submit(untrusted(url)).id)
            assert job.error is not None
            assert job.error.code == "REFUSED_BY_POLICY"

    asyncio.run(work())
    assert server.requests == []
    assert files(here) == []


def test_a_restricted_job_stays_so_when_another_process_tries_it_again(
    engine: OpenEngine, server: FaultServer
) -> None:
    url = server.add("/f.bin", BODY)

    async def submit() -> str:
        async with engine() as opened:
            return opened.submit(untrusted(url)).id

    job_id = asyncio.run(submit())

    async def again() -> Job:
        async with engine() as opened:
            opened.retry(job_id)
            return await opened.work(job_id)

    for attempt in (1, 2):
        job = asyncio.run(again())
        assert (job.attempt, job.options.trusted, job.status) == (attempt, False, Status.FAILED)
    assert server.requests == []


def test_who_is_restricted_has_no_part_in_the_job_of_one_who_is_not(
    engine: OpenEngine, server: FaultServer
) -> None:
    url = server.add("/f.bin", BODY)

    async def work() -> None:
        async with engine() as opened:
            mine = opened.submit(DownloadRequest(url=url)).id
            theirs = opened.submit(untrusted(url)).id
            assert theirs != mine
            assert (await opened.work(theirs)).status is Status.FAILED
            assert (await opened.work(mine)).options.trusted

    asyncio.run(work())


@pytest.mark.parametrize("api_is_public", [False, True])
def test_a_file_that_a_public_api_names_is_not_fetched_from_a_private_address(
    api_is_public: bool, manager: MakeManager, server: FaultServer
) -> None:
    async def galion_resolve_url(context: ResolveContext) -> Resolution:
        await context.http.get(server.url("/api"))
        return Resolution(files=(RemoteFile(url="http://127.0.0.2/f.bin"),))

    def galion_detect_platform(url: ParsedUrl) -> PlatformMatch:
        return PlatformMatch(platform="test", kind="file")

    def galion_register_platform() -> PlatformInfo:
        return PlatformInfo(name="test", title="Test")

    made = manager(
        galion_register_platform=galion_register_platform,
        galion_detect_platform=galion_detect_platform,
        galion_resolve_url=galion_resolve_url,
    )
    policy = AddressPolicy(public=["127.0.0.1"] if api_is_public else [])
    _, secrets = make_job(DownloadRequest(url=server.url("/page")), ".")
    source = Source(made, layers_of({}), secrets, policy, trusted=True)
    assert source.route().permits("127.0.0.2")
    for _ in range(2):
        asyncio.run(source.resolve())
        assert source.route().permits("127.0.0.2") is not api_is_public
    assert len(server.requests) == 2
