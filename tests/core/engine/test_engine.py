"""A job's life in the engine: its moves, its stops, and who may work on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.engine.engine import Engine
from galion_core.engine.request import DownloadRequest
from galion_core.errors import Conflict, InvalidUrl, NotFound, PlatformNotSupported
from galion_core.jobs import MOVES, Job, Status
from galion_core.settings.places import home
from galion_core.storage.tinystore import open_store
from galion_core.testing import FaultServer, PatternBody, faults

if TYPE_CHECKING:
    from tests.core.engine.conftest import OpenEngine

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


def test_a_paused_job_is_claimed_by_nobody_until_it_is_resumed(
    engine: OpenEngine, server: FaultServer
) -> None:
    async def work() -> None:
        async with engine() as opened:
            job_id = opened.submit(DownloadRequest(url=server.add("/a", b"bytes"))).id
            await opened.pause(job_id)
            assert opened.find([Status.PAUSED]) == [job_id]
            assert (await opened.work(job_id)).status is Status.PAUSED
            assert server.requests == []
            assert opened.resume(job_id).status is Status.QUEUED
            assert (await opened.work(job_id)).status is Status.COMPLETED

    asyncio.run(work())


def test_what_is_over_is_not_resumed(engine: OpenEngine, server: FaultServer) -> None:
    async def work() -> None:
        async with engine() as opened:
            done = opened.submit(DownloadRequest(url=server.add("/a", b"bytes"))).id
            failed = opened.submit(DownloadRequest(url=server.url("/missing"))).id
            await opened.run([done, failed])
            with pytest.raises(Conflict, match="is completed, not paused"):
                opened.resume(done)
            with pytest.raises(Conflict, match="is failed, not paused") as caught:
                opened.resume(failed)
            assert f"`galion jobs retry {failed}`" in str(caught.value.hint)

    asyncio.run(work())


def test_the_size_that_the_server_tells_is_recorded_while_the_job_runs(
    engine: OpenEngine, stalled: str
) -> None:
    async def work() -> None:
        async with engine() as opened, engine() as other:
            job_id = opened.submit(DownloadRequest(url=stalled)).id
            task = await half_way(opened, job_id)
            while (known := other._store.jobs.get(job_id).files[0]).size is None:  # written soon
                assert not task.done()
                await asyncio.sleep(0.01)
            assert (known.name, known.size) == ("f.bin", BODY.size)

    asyncio.run(work())


def test_a_job_tells_why_it_waits_and_can_be_cancelled_meanwhile(
    engine: OpenEngine, server: FaultServer
) -> None:
    url = server.add("/f.bin", BODY, faults=[faults.Status(503, retry_after=100)])

    async def work() -> None:
        async with engine() as opened:
            job_id = opened.submit(DownloadRequest(url=url)).id
            task = asyncio.create_task(opened.work(job_id))
            while (progress := opened.progress.get(job_id)) is None or progress.waiting is None:
                assert not task.done(), task.result()
                await asyncio.sleep(0.01)
            assert progress.waiting.why == "127.0.0.1 answered 503 instead of the file"
            await opened.cancel(job_id)
            assert progress.waiting is None
            assert task.done() or (await task).status is Status.CANCELLED

    asyncio.run(work())
    assert len(server.requests) == 1


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
