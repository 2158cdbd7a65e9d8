"""A run that ended at any moment, and what the next one makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from galion_core.errors import DownloadFailed
from galion_core.testing import FaultServer, PatternBody, SparseBody, faults
from galion_core.testing.recording import SeenRequest
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.exchange import BUFFER, Limits
from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity, PartJournal
from galion_core.transfer.mover import Mover
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Fetched, Progress, Wanted
from galion_core.types import RemoteFile

MIB = 1 << 20
FILE = PatternBody(4 * MIB - 1000)
SCRIPT = Path(__file__).parent / "scripts" / "fetch_in_forks.py"
KILLS = 30
#: sha256 of 5 GiB of zeros; computing it takes as long as the test.
ZEROS_5_GIB = "7f06c62352aebd8125b2a1841e2b9e1ffcbed602f381c3dcb3200200e383d1d5"


def sent(requests: list[SeenRequest]) -> int:
    return sum(request.body_bytes_sent for request in requests)


def first_byte(request: SeenRequest) -> int:
    return int((request.range or "bytes=0-").removeprefix("bytes=").rstrip("-"))


@pytest.mark.row("SIGKILL at 30 random moments, one connection")
def test_thirty_kills_cost_at_most_a_block_each(
    server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    """The server counts what it gave to the kernel; it is slow, so that little is under way.

    A run that keeps nothing would need half as much again as is allowed: the killed runs get 45
    MiB in the mean.
    """
    body = PatternBody(64 * MIB, seed=4)
    slow = threading.Event()
    slow.set()
    throttle = faults.Throttle(10 * MIB, when=lambda request: slow.is_set())
    url = server.add("/file.bin", body, faults=[throttle])
    command = [sys.executable, str(SCRIPT), url, str(directory), "file.bin", "1"]
    part, chance = directory / "file.bin.part", random.Random(20)
    written = 0
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as forks:
        for _ in range(KILLS):
            before, requests = sent(server.requests), len(server.requests)
            moment = before + chance.randrange(3 * MIB)
            process = next_process(forks)
            server.wait_for(
                lambda seen, requests=requests, moment=moment: (
                    len(seen) > requests and sent(seen) >= moment
                )
            )
            os.kill(process, signal.SIGKILL)
            await_end(forks)
            server.wait_until_idle()
            # Exactly: what was written stays, but for the block that was not finished, and a
            # finished one if the kill came within the write that finished it.
            assert first_byte(server.requests[-1]) >= written - BLOCK - BUFFER
            written = part.stat().st_size if part.exists() else 0
    slow.clear()
    assert fetch(url, filename="file.bin").sha256 == body.sha256()
    assert first_byte(server.requests[-1]) > KILLS / 2 * MIB
    assert {path.name for path in directory.iterdir()} == {"file.bin"}
    assert sent(server.requests) <= body.size + KILLS * BLOCK


def next_process(forks: subprocess.Popen[str]) -> int:
    assert forks.stdin is not None
    assert forks.stdout is not None
    forks.stdin.write("\n")
    return int(forks.stdout.readline())


def await_end(forks: subprocess.Popen[str]) -> None:
    assert forks.stdout is not None
    assert forks.stdout.readline() == "\n"


@pytest.mark.row("SIGKILL between the last byte and the final name")
def test_a_kill_between_the_last_byte_and_the_final_name_costs_one_block(
    server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    url = server.add("/file.bin", FILE)
    leave(directory, FILE, blocks=range(4), etag=f'"{FILE.tag}"')
    assert fetch(url, filename="file.bin").sha256 == FILE.sha256()
    assert [first_byte(request) for request in server.requests] == [3 * BLOCK]


@pytest.mark.row("a complete part of another version")
def test_a_complete_part_of_another_version_is_not_published(
    server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    other = PatternBody(FILE.size, seed=5)
    url = server.add("/file.bin", FILE)
    leave(directory, other, blocks=range(4), etag='"the old one"')
    assert fetch(url, filename="file.bin").sha256 == FILE.sha256()


@pytest.mark.row("SIGKILL after the final name was given")
def test_a_kill_after_the_final_name_was_given_leaves_the_file_alone(
    server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    """The part's name is still there, for the same file; replacing it must not write into it."""
    old, new = PatternBody(FILE.size, seed=5), FILE
    leave(directory, old, blocks=range(4), etag='"the old one"')
    (directory / "file.bin").hardlink_to(directory / "file.bin.part")
    held = (directory / "file.bin").open("rb")
    url = server.add("/file.bin", new)
    with held:
        assert fetch(url, filename="file.bin", replace=True).sha256 == new.sha256()
        assert held.read() == old.content()
    assert (directory / "file.bin").read_bytes() == new.content()
    assert {path.name for path in directory.iterdir()} == {"file.bin"}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_a_cancelled_fetch_is_silent_and_the_next_one_goes_on(
    times: int, server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.Stall(5 * MIB // 2, times=1)])
    part = directory / "file.bin.part"

    async def cancel() -> None:
        mover = Mover(Limits(), Patience())
        progress = Progress()
        wanted = Wanted(remote=RemoteFile(url=url), source="a source", directory=directory)
        task = asyncio.create_task(mover.fetch(wanted, progress))
        while progress.received < 5 * MIB // 2:
            await asyncio.sleep(0)
        held = threading.Event()
        mover._loop.call(held.wait)
        for _ in range(times):
            task.cancel()
            for _ in range(10):
                await asyncio.sleep(0)
        # The thread that writes is busy: nobody may say yet that it is silent.
        ended = task.done()
        held.set()
        assert not ended
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        left = part.read_bytes()
        # Its lock is free at once: the next fetch could begin.
        mover.close()
        assert part.read_bytes() == left == FILE.content(0, 5 * MIB // 2)

    asyncio.run(cancel())
    assert fetch(url, filename="file.bin").sha256 == FILE.sha256()
    assert first_byte(server.requests[-1]) == 2 * BLOCK


@pytest.mark.row("a journal torn at any byte")
def test_a_journal_torn_at_any_byte_leads_to_the_right_bytes(
    server: FaultServer, fetch: Callable[..., Fetched], memory: Path
) -> None:
    body = PatternBody(2 * MIB + 1000, seed=6)
    url = server.add("/file.bin", body)
    journal = memory / "file.bin.part.journal"
    leave(memory, body, blocks=[0, 1], etag=f'"{body.tag}"')
    whole = journal.read_bytes()
    for length in range(len(whole) + 1):
        leave(memory, body, blocks=[0, 1], etag=f'"{body.tag}"')
        journal.write_bytes(whole[:length])
        assert fetch(url, filename="file.bin", directory=memory).sha256 == body.sha256(), length
        assert {path.name for path in memory.iterdir()} == {"file.bin"}
        (memory / "file.bin").unlink()
    # No torn line counted, and every whole one did.
    starts = [first_byte(request) for request in server.requests]
    assert starts == sorted(starts)
    assert set(starts) == {0, BLOCK, 2 * BLOCK}


@pytest.mark.row("a part that somebody shortened")
def test_blocks_that_the_part_is_too_short_to_hold_are_asked_for_again(
    server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    url = server.add("/file.bin", FILE)
    leave(directory, FILE, blocks=range(3), etag=f'"{FILE.tag}"')
    with (directory / "file.bin.part").open("r+b") as part:
        part.truncate(2 * BLOCK - 1)
    assert fetch(url, filename="file.bin").sha256 == FILE.sha256()
    assert [first_byte(request) for request in server.requests] == [BLOCK]


@pytest.mark.parametrize(
    "other",
    [{"source": "another source"}, {"etag": '"another"'}, {"size": FILE.size - 1}],
    ids=["source", "etag", "size"],
)
@pytest.mark.row("a part of another file")
def test_the_part_of_another_file_is_thrown_away(
    other: dict[str, str], server: FaultServer, fetch: Callable[..., Fetched], directory: Path
) -> None:
    url = server.add("/file.bin", FILE)
    leave(directory, PatternBody(FILE.size, 9), range(3), **{"etag": f'"{FILE.tag}"', **other})
    assert fetch(url, filename="file.bin").sha256 == FILE.sha256()


@pytest.mark.row("a power cut")
def test_after_a_reboot_only_what_was_brought_to_the_disk_is_believed(
    server: FaultServer,
    fetch: Callable[..., Fetched],
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.CutBody(3 * MIB // 2, times=1)])
    with monkeypatch.context() as before:
        before.setattr("galion_core.transfer.journal._boot", lambda: "the-boot-before")
        leave(directory, FILE, blocks=range(3), etag=f'"{FILE.tag}"', synced=1)
    # The page cache went down with the machine: the blocks that were not brought to it are zeros.
    with (directory / "file.bin.part").open("r+b") as part:
        part.seek(BLOCK)
        part.write(bytes(2 * BLOCK))
    with pytest.raises(DownloadFailed):
        fetch(url, filename="file.bin", retries=0)
    # What this run fetched after the reboot is kept like anything else.
    assert fetch(url, filename="file.bin").sha256 == FILE.sha256()
    assert [first_byte(request) for request in server.requests] == [BLOCK, 2 * BLOCK]


def test_the_last_mebibyte_of_five_gibibytes_is_all_that_is_sent(
    server: FaultServer, fetch: Callable[..., Fetched], memory: Path
) -> None:
    body = SparseBody(5 << 30)
    url = server.add("/file.bin", body)
    leave(memory, SparseBody(0), range((body.size // BLOCK) - 1), f'"{body.tag}"', body.size)
    with (memory / "file.bin.part").open("r+b") as part:
        part.truncate(body.size - MIB)
    fetched = fetch(url, filename="file.bin", directory=memory)
    assert (fetched.size, fetched.sha256) == (body.size, ZEROS_5_GIB)
    assert [(r.range, r.status) for r in server.requests] == [(f"bytes={body.size - MIB}-", 206)]
    assert sent(server.requests) == MIB


def leave(
    directory: Path,
    body: PatternBody | SparseBody,
    blocks: range | list[int],
    etag: str,
    size: int | None = None,
    source: str = "a source",
    synced: int | None = None,
) -> None:
    """What a run leaves that was killed when it had these blocks."""
    end = min(body.size, BLOCK * len(blocks))
    (directory / "file.bin.part").write_bytes(body.content(0, end) if end else b"")
    validators = Validators(etag=etag, size=body.size if size is None else size)
    journal = PartJournal(directory / "file.bin.part.journal")
    journal.start(Identity(source, None, validators))
    for index in blocks:
        journal.add(index)
    if synced is not None:
        journal.synced(synced)
    journal.close()
