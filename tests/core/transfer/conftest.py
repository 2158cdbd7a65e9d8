"""A server that misbehaves, a directory, and the real byte mover between them."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.core.transfer.table import (  # noqa: F401 - hooks
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
)

from galion_core.testing import Authority, FaultServer
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Fetched, Progress, Wanted
from galion_core.types import RemoteFile

Fetch = Callable[..., Fetched]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def other() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path) -> Path:
    return authority.write(tmp_path / "authority.pem")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the files go; nothing else is in it."""
    place = tmp_path / "downloads"
    place.mkdir()
    return place


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A directory where fsync and holes cost nothing, on machines that have one."""
    shared = Path("/dev/shm")
    place = shared if os.access(shared, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="galion-test-", dir=place) as name:
        yield Path(name)


@pytest.fixture
def fetch(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetches one file with a mover of its own, as a run of the program would."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "SSL_CERT_FILE":
            monkeypatch.delenv(name)

    def run(
        url: str,
        *,
        retries: int = 3,
        longest: float = 5,
        size: int | None = None,
        connect_timeout: float = 5,
        **wanted: object,
    ) -> Fetched:
        asked = Wanted(
            **{  # type: ignore[arg-type]
                "remote": RemoteFile(url=url, size=size),
                "source": "a source",
                "directory": directory,
                **wanted,
            }
        )

        async def once() -> Fetched:
            mover = Mover(
                Limits(connect_timeout=connect_timeout, stall_timeout=1),
                Patience(retries=retries, wait=0.01, longest=longest),
            )
            try:
                return await mover.fetch(asked, Progress())
            finally:
                mover.close()

        return asyncio.run(once())

    return run
