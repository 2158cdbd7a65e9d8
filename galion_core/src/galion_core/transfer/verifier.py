"""Hashing beside the transfer, over the bytes that are there without a gap."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor, Future
from typing import cast

from galion_core.digests import new_hashes
from galion_core.transfer.outlast import outlast
from galion_core.types import Checksum

#: Bytes read back at a time; they are in the page cache.
_CHUNK = 1 << 20
#: New bytes that are worth waking the hashing thread for.
_STEP = 4 << 20
#: Bytes between two checkpoints.
_CHECKPOINT = 128 << 20


class Verifier:
    """Digests of a file that is being written, made on an executor; sha256 is always one.

    ``advance`` may be called from any one thread, as often as bytes arrive. ``checkpoint`` is
    called on the executor now and then, when much has been hashed; nobody waits for its end.
    """

    def __init__(
        self,
        executor: Executor,
        descriptor: int,
        algorithms: Iterable[str],
        checkpoint: Callable[[], None],
    ) -> None:
        self._executor = executor
        self._checkpoint = checkpoint
        self._descriptor = descriptor
        self._hashes = new_hashes(algorithms)
        self._hashed = 0
        self._front = 0
        self._running: Future[None] | None = None
        self._saving: Future[None] | None = None
        self._stopped = threading.Event()

    @property
    def algorithms(self) -> Collection[str]:
        """The digests that are being made."""
        return self._hashes.keys()

    def advance(self, front: int) -> None:
        """Bytes up to ``front`` can be read."""
        self._front = front
        idle = self._running is None or self._running.done()
        if idle and front - self._hashed >= _STEP:
            self._running = self._executor.submit(self._run)

    async def catch_up(self, size: int) -> None:
        """The file has ``size`` bytes: wait until little of it is left to hash."""
        await self._wait()
        self._front = size
        if size - self._hashed > _STEP:
            self._running = self._executor.submit(self._run)
            await self._wait()

    def digests(self) -> dict[str, Checksum]:
        """The digests by algorithm; hashes here and now what ``catch_up`` has left."""
        self._run()
        return {name: Checksum(name, each.hexdigest()) for name, each in self._hashes.items()}

    async def stop(self) -> None:
        """Give up; the descriptor may be closed after this, even if this is cancelled."""
        self._stopped.set()
        if self._running is not None:
            ended = asyncio.wrap_future(self._running)
            try:
                await outlast(ended)
            finally:
                # Looked at, so that nobody complains; the digests are not wanted any more.
                _ = ended.cancelled() or ended.exception()

    async def _wait(self) -> None:
        if self._running is not None:
            await asyncio.wrap_future(self._running)

    def _run(self) -> None:
        view = _buffer()
        while self._hashed < self._front and not self._stopped.is_set():
            wanted = min(_CHUNK, self._front - self._hashed)
            count = os.preadv(self._descriptor, [view[:wanted]], self._hashed)
            if count == 0:
                raise OSError("the part file is shorter than what was written to it")
            read = view[:count]
            for each in self._hashes.values():
                each.update(read)
            before, self._hashed = self._hashed, self._hashed + count
            due = before // _CHECKPOINT < self._hashed // _CHECKPOINT
            if due and (self._saving is None or self._saving.done()):
                self._saving = self._executor.submit(self._checkpoint)


_own = threading.local()


def _buffer() -> memoryview:
    """The one of this thread: there are few threads, and there may be many files."""
    if not hasattr(_own, "buffer"):
        _own.buffer = memoryview(bytearray(_CHUNK))
    return cast(memoryview, _own.buffer)
