"""The Python face: the same engine as everywhere, async and not."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
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
from galion_core.text import redact

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
        checksums_from: str | None = None,
        headers: Mapping[str, str] | None = None,
        force: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Download one URL; the job comes back completed, with its files.

        ``checksum`` is ``ALGORITHM=HEX``; ``checksums_from`` is the link of a list such as
        SHA256SUMS, or ``auto`` for one beside the file; ``headers`` go to the URL's own origin
        only; ``force`` replaces an existing file; ``on_progress`` is called a few times a second
        and at the end; when it raises, the download stops. Raises a GalionError. When cancelled,
        what has arrived is kept for the next call.
        """
        engine = await self._open()
        request = DownloadRequest(
            url=url,
            directory=directory or self._directory,
            filename=filename,
            checksum=checksum,
            checksums_from=checksums_from,
            headers=headers or {},
            force=force,
        )
        job = await _work(engine, engine.submit(request).id, on_progress)
        if job.error is not None:
            raise error_of(job.error.model_dump())
        if job.status is not Status.COMPLETED:
            raise Cancelled(
                f"The download of {redact(job.url)} was {job.status}",
                hint="Download it again to go on with it.",
                details={"id": job.id},
            )
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
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._async = AsyncDownloader(directory=directory)

    def download(
        self,
        url: str,
        *,
        directory: str | Path | None = None,
        filename: str | None = None,
        checksum: str | None = None,
        checksums_from: str | None = None,
        headers: Mapping[str, str] | None = None,
        force: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Download one URL and wait for it; as ``AsyncDownloader.download``.

        ``on_progress`` is called on another thread. Ctrl-C keeps what has arrived.
        """
        return self._call(
            self._started(),
            self._async.download(
                url,
                directory=directory,
                filename=filename,
                checksum=checksum,
                checksums_from=checksums_from,
                headers=headers,
                force=force,
                on_progress=on_progress,
            ),
        )

    def close(self) -> None:
        """End the engine and its threads; done by itself when the program ends."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        self._call(loop, self._async.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
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

    def _started(self) -> asyncio.AbstractEventLoop:
        """The event loop, running in its thread."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="galion-downloader", daemon=True
                )
                self._thread.start()
                atexit.register(self.close)
            return self._loop

    def _call(self, loop: asyncio.AbstractEventLoop, work: Coroutine[object, object, _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise


async def _work(engine: Engine, job_id: str, on_progress: OnProgress | None) -> Job:
    """Work on a job, and tell how far it is meanwhile and at its end."""
    working = asyncio.create_task(engine.work(job_id))
    try:
        while not working.done():
            await asyncio.wait([working], timeout=None if on_progress is None else _TICK)
            progress = engine.progress.get(job_id)
            if on_progress is not None and progress is not None:
                on_progress(DownloadProgress(progress.name, progress.received, progress.total))
    finally:
        if not working.done():
            working.cancel()
            await asyncio.wait([working])
    job = working.result()
    if on_progress is not None and job.status is Status.COMPLETED:
        size = sum(each.size or 0 for each in job.files)
        name = job.files[0].name if len(job.files) == 1 else f"{len(job.files)} files"
        on_progress(DownloadProgress(name, size, size))
    return job
