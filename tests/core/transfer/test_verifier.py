"""Digests that are made beside the transfer are those of the file."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from galion_core.digests import ALGORITHMS, new_hashes
from galion_core.testing import PatternBody
from galion_core.transfer.verifier import Verifier

MIB = 1 << 20
FILE = PatternBody(9 * MIB + 1)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as running:
        yield running


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "part"
    path.write_bytes(FILE.content())
    number = os.open(path, os.O_RDONLY)
    yield number
    os.close(number)


@pytest.mark.parametrize("fronts", [[], [FILE.size], [1], [4 * MIB, 8 * MIB], range(0, 9 * MIB, 7)])
def test_the_digests_are_those_of_the_file_however_it_grew(
    fronts: list[int], executor: ThreadPoolExecutor, descriptor: int
) -> None:
    async def verify() -> dict[str, str]:
        verifier = Verifier(executor, descriptor, ALGORITHMS, lambda: None)
        for front in list(fronts)[:1000]:
            verifier.advance(front)
        await verifier.catch_up(FILE.size)
        return {name: each.value for name, each in verifier.digests().items()}

    hashes = new_hashes(ALGORITHMS)
    for each in hashes.values():
        each.update(FILE.content())
    expected = {name: each.hexdigest() for name, each in hashes.items()}
    assert asyncio.run(verify()) == expected


def test_every_byte_is_read_once_for_all_algorithms(
    executor: ThreadPoolExecutor, descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And by the executor, not by whoever waits for it."""
    read: list[int] = []
    readers: set[int] = set()
    preadv = os.preadv

    def counted(number: int, buffers: list[memoryview], offset: int) -> int:
        read.append(preadv(number, buffers, offset))
        readers.add(threading.get_ident())
        return read[-1]

    monkeypatch.setattr(os, "preadv", counted)

    async def verify() -> None:
        verifier = Verifier(executor, descriptor, ALGORITHMS, lambda: None)
        verifier.advance(5 * MIB)
        await verifier.catch_up(FILE.size)
        await asyncio.get_running_loop().run_in_executor(executor, verifier.digests)

    asyncio.run(verify())
    assert sum(read) == FILE.size
    assert threading.get_ident() not in readers


def test_a_part_that_became_shorter_is_a_fault_and_not_a_digest(
    executor: ThreadPoolExecutor, descriptor: int
) -> None:
    async def verify() -> None:
        verifier = Verifier(executor, descriptor, [], lambda: None)
        with pytest.raises(OSError, match="shorter"):
            await verifier.catch_up(FILE.size + 1)
        await verifier.stop()

    asyncio.run(verify())


@pytest.mark.parametrize("when", ["beside the transfer", "at its end"])
def test_the_descriptor_is_not_read_after_a_stop_not_even_a_cancelled_one(
    when: str, executor: ThreadPoolExecutor, descriptor: int
) -> None:
    reached, held = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        held.wait()

    async def verify() -> None:
        executor.submit(hold)
        verifier = Verifier(executor, descriptor, [], lambda: None)
        if when == "beside the transfer":
            verifier.advance(FILE.size)
        else:
            finishing = asyncio.create_task(verifier.catch_up(FILE.size))
            await asyncio.sleep(0)
        stopping = asyncio.create_task(verifier.stop())
        await asyncio.sleep(0)
        stopping.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        ended = stopping.done()
        held.set()
        assert not ended
        with pytest.raises(asyncio.CancelledError):
            await stopping
        if when == "at its end":
            await finishing
        assert verifier._hashed == 0

    asyncio.run(verify())
    assert reached.is_set()
