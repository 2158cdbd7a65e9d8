"""The byte mover: the one object that the engine holds."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from galion_core.transfer.budget import HostBudget
from galion_core.transfer.exchange import Limits
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.probe import Probe, probe
from galion_core.transfer.rates import Bucket
from galion_core.transfer.retry import Patience
from galion_core.transfer.transfer import Transfer
from galion_core.transfer.wanted import Fetched, Progress, Wanted


class Mover:
    """Fetches files; one curl thread and as many hashing threads as processors."""

    def __init__(
        self,
        limits: Limits,
        patience: Patience,
        *,
        per_host: int = 16,
        total_rate: int | None = None,
    ) -> None:
        """``per_host``: connections to one host, ``total_rate``: bytes a second; over all files."""
        self._budget = HostBudget(per_host)
        self._limits = limits
        self._patience = patience
        self._loop = CurlLoop()
        self._total = Bucket(total_rate)
        self._executor = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="galion-hash")

    def bucket(self, rate: int | None) -> Bucket:
        """What limits the speed of a job's files together, bytes a second; the total holds too."""
        return Bucket(rate, above=self._total)

    async def fetch(self, wanted: Wanted, progress: Progress) -> Fetched:
        """Fetch, prove and publish one file.

        Raises a GalionError. When cancelled, everything is silent before this returns, and the next
        fetch of the same file goes on from what has arrived.
        """
        transfer = Transfer(
            self._loop,
            self._executor,
            self._budget,
            wanted,
            progress,
            self._limits,
            self._patience,
        )
        return await transfer.run()

    async def probe(self, wanted: Wanted) -> Probe:
        """Name and size of a file, without fetching it; raises a GalionError."""
        return await probe(self._loop, wanted, self._limits)

    def close(self) -> None:
        """End the threads; fetches must have ended before."""
        self._loop.close()
        self._executor.shutdown()
