"""The record of a job that this process works on: changed here at once, and in the store soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from galion_core.engine.events import Events
from galion_core.engine.scribe import Scribe
from galion_core.jobs import Job, Status
from galion_core.storage.protocol import Store

#: Seconds in which a change that is only news may wait for others: a record names all its files.
_NEWS = 1.0


class JobRecord:
    """A claimed job. Each write names the attempt, so that a worker that lost the job learns of it.

    What a write raised (Conflict, StoreError) is raised by whatever is asked of the record next.
    """

    def __init__(self, job: Job, store: Store, scribe: Scribe, events: Events) -> None:
        self.job = job
        self._store = store
        self._scribe = scribe
        self._events = events
        self._steps: list[Job] = []
        """The job at each new status that is not in the store yet."""
        self._changes: dict[str, object] = {}
        self._works: list[Callable[[], object]] = []
        self._posted: asyncio.Future[Job] | None = None
        self._news: asyncio.TimerHandle | None = None
        self._failure: BaseException | None = None

    def change(self, *to: Status, **changes: object) -> None:
        """Set fields, and go along these statuses."""
        self._note(changes)
        for status in to:
            self.job = self.job.model_copy(update={"status": status})
            self._steps.append(self.job)
        self._post()

    def news(self, **changes: object) -> None:
        """Set fields; others need not see it at once."""
        self._note(changes)
        if self._news is None:
            self._news = asyncio.get_running_loop().call_later(_NEWS, self._post)

    def also(self, work: Callable[[], object]) -> None:
        """Do this to the store in the commit of the next change."""
        self._works.append(work)

    async def settled(self) -> Job:
        """The job as it is in the store, once everything is."""
        if self._posted is not None:
            await asyncio.wait([self._posted])
        return self._checked()

    def write(self) -> Job:
        """Write everything at once; the job as it is in the store."""
        self._scribe.flush()
        return self._checked()

    def _checked(self) -> Job:
        if self._posted is not None and self._posted.done():
            self._failure = self._posted.exception()
        if self._failure is not None:
            raise self._failure
        return self.job

    def _note(self, changes: dict[str, object]) -> None:
        self._checked()
        self.job = self.job.model_copy(update=changes)
        self._changes |= changes

    def _post(self) -> None:
        if self._news is not None:
            self._news.cancel()
            self._news = None
        if self._posted is None or self._posted.done():
            steps: list[Job] = []
            self._posted = self._scribe.post(lambda: self._write(steps))
            self._posted.add_done_callback(lambda written: self._tell(written, steps))

    def _write(self, written: list[Job]) -> Job:
        works, self._works = self._works, []
        changes, self._changes = self._changes, {}
        written[:], self._steps = self._steps, []
        for work in works:
            work()
        job = self._store.jobs.move(
            self.job.id,
            *(each.status for each in written),
            attempt=self.job.attempt,
            **changes,
        )
        self.job = job
        return job

    def _tell(self, written: asyncio.Future[Job], steps: list[Job]) -> None:
        """Tell the others what is in the store now."""
        if not written.cancelled() and written.exception() is None:
            for each in steps:
                self._events.publish(each)
