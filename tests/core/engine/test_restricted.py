"""What others ask for: who may not be trusted with the whole network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.engine.request import DownloadRequest, make_job
from galion_core.engine.source import Source
from galion_core.errors import PolicyError
from galion_core.jobs import Job, Status
from galion_core.network.addresses import AddressPolicy
from galion_core.settings.layers import layers_of
from galion_core.testing import FaultServer, PatternBody
from galion_core.types import PlatformInfo, PlatformMatch, RemoteFile, Resolution, ResolveContext
from galion_core.urls import ParsedUrl

if TYPE_CHECKING:
    from tests.core.engine.conftest import MakeManager, OpenEngine

BODY = PatternBody(100_000)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


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
    assert list(here.iterdir()) == []


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
