"""What is posted at about the same time is one commit, and each answers for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from galion_core.engine.scribe import Scribe
from galion_core.errors import Conflict
from galion_core.storage.tinystore import TinyStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    opened = TinyStore(tmp_path)
    yield opened
    opened.close()


def lines(tmp_path: Path) -> int:
    return (tmp_path / "catalogue" / "journal-1").read_bytes().count(b"\n")


def test_a_group_is_one_commit_in_which_one_that_fails_costs_only_its_own(
    store: TinyStore, tmp_path: Path
) -> None:
    def refuse() -> None:
        raise Conflict("no")

    async def work() -> None:
        scribe, records = Scribe(store), store.records("things")
        first = scribe.post(lambda: records.put("1", {"n": 1}))
        second = scribe.post(refuse)
        third = scribe.post(lambda: records.get("1"))
        assert await third == {"n": 1}
        assert first.result() is None
        with pytest.raises(Conflict):
            await second

    asyncio.run(work())
    assert lines(tmp_path) == 1


def test_what_nobody_waits_for_any_more_is_not_done(store: TinyStore, tmp_path: Path) -> None:
    async def work() -> None:
        scribe, records = Scribe(store), store.records("things")
        scribe.post(lambda: records.put("1", {})).cancel()
        scribe.flush()
        assert records.get("1") is None

    asyncio.run(work())
    assert lines(tmp_path) == 0
