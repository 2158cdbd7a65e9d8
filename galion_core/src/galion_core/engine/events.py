"""Tells plugins and listeners what happens to jobs, in order, without making any job wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from galion_core.engine.views import job_view
from galion_core.jobs import Job
from galion_core.plugins.manager import PluginManager
from galion_core.types import Event

#: Seconds that observers may still take when the engine closes.
_LAST_WORDS = 5


class Events:
    """A queue of events and the task that delivers them."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.listeners: list[Callable[[Job], None]] = []
        """Called at once, on the event loop, with every job that changed."""

    def publish(self, job: Job) -> None:
        """The job has a new status."""
        for listener in self.listeners:
            listener(job)
        event = Event(type=f"job.{job.status}", job_id=job.id, at=time.time(), data=job_view(job))
        self._queue.put_nowait(event)
        if self._task is None:
            self._task = asyncio.create_task(self._deliver())

    async def close(self) -> None:
        """Deliver what is waiting, for a little while."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self._queue.join()
        except TimeoutError:
            self._manager.report("Some plugins did not hear every event: they took too long")
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _deliver(self) -> None:
        while True:
            event = await self._queue.get()
            await self._manager.observe("galion_event", event=event)
            self._queue.task_done()
