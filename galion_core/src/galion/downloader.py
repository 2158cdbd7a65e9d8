"""The Python face: the same engine as everywhere, async and not."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from galion_core.engine.engine import Engine
from galion_core.engine.opening import open_engine
from galion_core.engine.request import DownloadRequest
from galion_core.errors import Cancelled, error_of
from galion_core.jobs import Job, Status
from galion_core.settings.layers import read_layers
from galion_core.startup import load_plugins

#: Seconds between two calls of ``on_progress``.
_TICK = 0.2

_log = logging.getLogger("galion")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is."""

    name: str | None
    """The file's name, or how many files; None until it is known."""
    received: int
    """Bytes."""
    total: int | None
    """Bytes; None while it is not known."""


OnProgress = Callable[[DownloadProgress], object]


class AsyncDownloader:
    """Downloads on the running event loop; use it with ``async with``, or call ``aclose``."""

    def __init__(self, *, directory: str | Path | None = None) -> None:
        """``directory``: where files go that no other is said for; the setting's, if None."""
        self._directory = directory
        self._engine: Engine | None = None
        self._opening = asyncio.Lock()
        self._exit = contextlib.AsyncExitStack()

    async def download(
        self,
        url: str,
        *,
        directory: str | Path | None = None,
        filename: str | None = None,
        checksum: str | None = None,
        headers: Mapping[str, str] | None = None,
        force: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Download one URL; the job comes back completed, with its files.

        ``checksum`` is ``ALGORITHM=HEX``; ``headers`` go to the URL's own origin only; ``force``
        replaces an existing file; ``on_progress`` is called a few times a second and at the end.
        Raises a GalionError. When cancelled, what has arrived is kept for the next call.
        """
        engine = await self._open()
        request = DownloadRequest(
            url=url,
            directory=directory or self._directory,
            filename=filename,
            checksum=checksum,
            headers=headers or {},
            force=force,
        )
        job = engine.submit(request)
        async with _reporting(engine, job.id, on_progress):
            job = await engine.work(job.id)
        if job.status is Status.CANCELLED:
            raise Cancelled(f"The download of {job.id} was cancelled")
        if job.error is not None:
            raise error_of(job.error.model_dump())
        return job

    async def aclose(self) -> None:
        """Pause what is under way and end the engine's threads."""
        self._engine = None
        await self._exit.aclose()

    async def __aenter__(self) -> AsyncDownloader:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _open(self) -> Engine:
        async with self._opening:
            if self._engine is None:
                layers = read_layers()
                manager = load_plugins(layers, report=_log.warning)
                self._engine = await self._exit.enter_async_context(open_engine(layers, manager))
            return self._engine


class Downloader:
    """Downloads from ordinary code, notebooks too: its event loop has a thread of its own."""

    def __init__(self, *, directory: str | Path | None = None) -> None:
        """``directory``: where files go that no other is said for; the setting's, if None."""
        self._directory = directory
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._async: AsyncDownloader | None = None

    def download(
        self,
        url: str,
        *,
        directory: str | Path | None = None,
        filename: str | None = None,
        checksum: str | None = None,
        headers: Mapping[str, str] | None = None,
        force: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Download one URL and wait for it; as ``AsyncDownloader.download``.

        ``on_progress`` is called on another thread. Ctrl-C keeps what has arrived.
        """
        self._start()
        assert self._async is not None
        return self._call(
            self._async.download(
                url,
                directory=directory,
                filename=filename,
                checksum=checksum,
                headers=headers,
                force=force,
                on_progress=on_progress,
            )
        )

    def close(self) -> None:
        """End the engine and its threads; done by itself when the program ends."""
        if self._loop is None or self._thread is None or self._async is None:
            return
        self._call(self._async.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = self._async = None
        atexit.unregister(self.close)

    def __enter__(self) -> Downloader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> None:
        if self._loop is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="galion-downloader", daemon=True
        )
        self._thread.start()
        self._async = self._call(_make(self._directory))
        atexit.register(self.close)

    def _call(self, work: Coroutine[object, object, _T]) -> _T:
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise


async def _make(directory: str | Path | None) -> AsyncDownloader:
    return AsyncDownloader(directory=directory)


@contextlib.asynccontextmanager
async def _reporting(
    engine: Engine, job_id: str, on_progress: OnProgress | None
) -> AsyncIterator[None]:
    """Call ``on_progress`` while the job is worked on, and once more at its end."""
    if on_progress is None:
        yield
        return

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            progress = engine.progress.get(job_id)
            if progress is not None:
                on_progress(DownloadProgress(progress.name, progress.received, progress.total))

    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
