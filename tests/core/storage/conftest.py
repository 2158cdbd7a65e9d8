"""Stores to test, and jobs to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galion_core.jobs import Job, JobOptions, new_id
from galion_core.storage.tinystore import TinyStore

MakeJob = Callable[..., Job]
OpenStore = Callable[..., TinyStore]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_again(home: Path) -> Iterator[OpenStore]:
    """Opens one more store on the same home; all are closed in the end."""
    opened: list[TinyStore] = []

    def open_again(**options: int) -> TinyStore:
        opened.append(TinyStore(home, **options))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: OpenStore) -> TinyStore:
    return open_again()


@pytest.fixture
def job() -> MakeJob:
    """A new job; fields as given."""

    def job(url: str = "https://example.com/f.bin", **fields: object) -> Job:
        known = {"id": new_id("dl"), "url": url, "options": JobOptions(directory="/data")}
        return Job.model_validate(known | fields)

    return job
