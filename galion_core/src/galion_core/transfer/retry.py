"""How long to wait before trying again, and when to give up."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from time import monotonic

from galion_core.errors import DownloadFailed, GalionError
from galion_core.transfer.wanted import Progress, Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The settings of retries."""

    retries: int = 5
    """Tries after the first, without progress in between."""
    wait: float = 1
    """Seconds before the first retry; doubles each time."""
    longest: float = 120
    """Seconds of any wait, at most; a server that asks for more is not waited for."""


class Retries:
    """Counts the failures of one transfer; progress starts the count anew."""

    def __init__(self, patience: Patience, progress: Progress) -> None:
        self._patience = patience
        self._progress = progress
        self._failures = 0
        self._mark = 0

    async def after(self, error: GalionError, received: int) -> None:
        """Sleep until the next try, or raise ``error``: it is permanent, or patience is at its end.

        ``received`` is how many bytes have ever arrived.
        """
        if not error.retryable:
            raise error
        if received > self._mark:
            self._mark = received
            self._failures = 0
        if self._failures >= self._patience.retries:
            raise error
        asked = error.retry_after if isinstance(error, DownloadFailed) else None
        if asked is not None and asked > self._patience.longest:
            raise error
        backoff = self._patience.wait * 2**self._failures * random.uniform(0.5, 1)
        self._failures += 1
        seconds = min(self._patience.longest, max(asked or 0.0, backoff))
        self._progress.waiting = Waiting(monotonic() + seconds, error.message)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._progress.waiting = None
