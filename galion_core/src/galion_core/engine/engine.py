"""The engine takes requests in, works on jobs and stops them; every face calls it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from galion_core.engine.events import Events
from galion_core.engine.pipeline import Parts, Pipeline
from galion_core.engine.progress import JobProgress
from galion_core.engine.record import JobRecord
from galion_core.engine.request import DownloadRequest, Secrets, make_job
from galion_core.engine.scribe import Scribe
from galion_core.engine.views import job_error
from galion_core.errors import Conflict, GalionError
from galion_core.jobs import RUNNING, Job, JobOptions, Status
from galion_core.library.library import Library
from galion_core.network.addresses import AddressPolicy
from galion_core.plugins.manager import PluginManager
from galion_core.plugins.platforms import detect_or_raise
from galion_core.settings.layers import Layers
from galion_core.settings.schema import Settings
from galion_core.storage.protocol import Store
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.part import remove_part
from galion_core.transfer.retry import Patience
from galion_core.urls import parse_url

#: Seconds between two looks at what other processes did to our jobs.
_WATCH = 0.2

_log = logging.getLogger("galion")


class Engine:
    """Works on the jobs of one store; belongs to one event loop."""

    def __init__(
        self, layers: Layers, settings: Settings, manager: PluginManager, store: Store, home: Path
    ) -> None:
        self._settings = settings
        self._store = store
        download = settings.download
        self.library = Library(store, manager, home, settings.index.backend)
        self.events = Events(manager)
        self._parts = Parts(
            layers=layers,
            manager=manager,
            library=self.library,
            mover=Mover(
                Limits(
                    connect_timeout=download.connect_timeout,
                    stall_timeout=download.stall_timeout,
                ),
                Patience(
                    retries=download.retries,
                    wait=download.retry_wait,
                    longest=download.max_wait,
                ),
                per_host=download.per_host,
            ),
            slots=asyncio.Semaphore(download.jobs),
            connections=download.connections,
            rate=download.limit_rate,
            policy=AddressPolicy(settings.network.allow),
        )
        self._scribe = Scribe(store)
        self._worker = store.worker()
        self._asked: dict[str, tuple[JobOptions, Secrets]] = {}
        self._tasks: dict[str, asyncio.Task[Job]] = {}
        self._attempts: dict[str, int] = {}
        self._watcher: asyncio.Task[None] | None = None
        self.progress: dict[str, JobProgress] = {}
        """Of the jobs under way, by id."""

    # --- taking in ----------------------------------------------------------------------------

    def submit(self, request: DownloadRequest) -> Job:
        """Queue a download; one that was begun and not finished is taken up again.

        Raises InvalidUrl, PlatformNotSupported, InvalidInput or DiskError, and then nothing is
        queued.
        """
        (outcome,) = self.submit_all([request])
        if isinstance(outcome, GalionError):
            raise outcome
        return outcome

    def submit_all(self, requests: Iterable[DownloadRequest]) -> list[Job | GalionError]:
        """Queue downloads for the price of one; in the order given, each a job or its error.

        Raises StoreError, and then nothing is queued.
        """
        with self._store.together():
            outcomes = [self._taken_in(each) for each in requests]
        for outcome in outcomes:
            if isinstance(outcome, Job) and outcome.status is Status.QUEUED:
                self.events.publish(outcome)
        return outcomes

    def _taken_in(self, request: DownloadRequest) -> Job | GalionError:
        try:
            job, secrets = make_job(request, self._settings.download.directory)
            bid = detect_or_raise(self._parts.manager, secrets.url)
        except GalionError as error:
            return error
        options = job.options
        begun = self._store.jobs.unfinished(job.url, options.directory)
        if begun is None or not _same(begun.options, options):
            job = job.model_copy(update={"platform": bid.match.platform})
            self._store.jobs.add([job])
        elif begun.status is Status.PAUSED:
            job = self._store.jobs.move(begun.id, Status.QUEUED)
        else:
            job = begun
        self._asked[job.id] = options, secrets
        return job

    async def preview(self, request: DownloadRequest) -> Job:
        """What a request would fetch and where to, with names and sizes; nothing is queued.

        Raises what ``submit`` and the download's beginning would raise.
        """
        job, secrets = make_job(request, self._settings.download.directory)
        record = self._record(job)
        return await Pipeline(self._parts, record, secrets, JobProgress(job.id)).preview()

    def retry(self, job_id: str) -> Job:
        """Queue a failed, cancelled or paused job again; raises Conflict for a completed one.

        One that is queued, or whose worker died, only needs somebody to ``work`` on it.
        """
        job = self._store.jobs.get(job_id)
        if job.status in RUNNING or job.status is Status.QUEUED:
            return job
        job = self._store.jobs.move(job_id, Status.QUEUED, error=None)
        self.events.publish(job)
        return job

    # --- working ------------------------------------------------------------------------------

    async def run(
        self, job_ids: Sequence[str], on_end: Callable[[Job], None] = lambda job: None
    ) -> list[Job]:
        """Work on these jobs, some at once, until all have ended; in the order given.

        ``on_end`` is called with each job as it ends. When it raises, or when this is cancelled,
        jobs under way are paused.
        """
        slots = asyncio.Semaphore(self._settings.download.jobs)

        async def one(job_id: str) -> Job:
            async with slots:
                try:
                    job = await self.work(job_id)
                except GalionError as error:
                    job = self._store.jobs.get(job_id)
                    job = job.model_copy(update={"error": job_error(error)})
            on_end(job)
            return job

        working = [asyncio.create_task(one(job_id)) for job_id in job_ids]
        try:
            return await asyncio.gather(*working)
        finally:
            for each in working:
                each.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def work(self, job_id: str) -> Job:
        """Claim one job and carry it to its end; raises Conflict when another process has it.

        It comes back completed, failed, or as somebody stopped it. When cancelled, it is paused.
        """
        claimed = await self._scribe.post(
            lambda: self._store.jobs.claim(self._worker, job_ids=[job_id])
        )
        if claimed is None:
            job = self._store.jobs.get(job_id)
            if job.status in RUNNING or job.status is Status.QUEUED:
                raise Conflict(
                    f"{job_id} is being downloaded by another process",
                    hint="`galion jobs` shows how far it is.",
                    details={"id": job_id},
                )
            return job
        self.events.publish(claimed)
        task = asyncio.create_task(self._carry(claimed))
        self._tasks[job_id] = task
        self._attempts[job_id] = claimed.attempt
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        try:
            await asyncio.wait([task])
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
            self._tasks.pop(job_id, None)
            self.progress.pop(job_id, None)
        job = task.result()
        if job.status is Status.COMPLETED:
            self._asked.pop(job_id, None)
        return job

    async def _carry(self, job: Job) -> Job:
        progress = self.progress[job.id] = JobProgress(job.id)
        record = self._record(job)
        try:
            options, secrets = self._asked.get(job.id) or (job.options, _no_secrets(job))
            if options != job.options:  # who asked again may have asked for something else
                record.change(options=options)
            return await Pipeline(self._parts, record, secrets, progress).run()
        except asyncio.CancelledError:
            return self._end(record, Status.PAUSED)
        except GalionError as error:
            return self._end(record, Status.FAILED, error)
        except Exception as error:
            _log.exception("A bug in Galion, or in what it stands on, ended %s", job.id)
            bug = GalionError(
                f"Unexpected {type(error).__name__}: {error}",
                hint="This is a bug; please report it with the log.",
            )
            return self._end(record, Status.FAILED, bug)

    def _end(self, record: JobRecord, to: Status, error: GalionError | None = None) -> Job:
        """Record how the job ended, unless somebody else has decided already."""
        try:
            record.change(to, error=job_error(error) if error else None)
            return record.write()
        except Conflict:
            decided = self._store.jobs.get(record.job.id)
            if decided.status is Status.CANCELLED:
                _discard(record.job)  # it knows the names that the servers gave last
            return decided

    def _record(self, job: Job) -> JobRecord:
        return JobRecord(job, self._store, self._scribe, self.events)

    # --- stopping -----------------------------------------------------------------------------

    async def cancel(self, job_id: str) -> Job:
        """Stop a job for good and delete what it had not finished; raises Conflict, NotFound."""
        return await self._stop(job_id, Status.CANCELLED)

    async def pause(self, job_id: str) -> Job:
        """Stop a job and keep what has arrived; raises Conflict, NotFound."""
        return await self._stop(job_id, Status.PAUSED)

    async def _stop(self, job_id: str, to: Status) -> Job:
        job = self._store.jobs.move(job_id, to)
        self.events.publish(job)
        task = self._tasks.get(job_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        elif to is Status.CANCELLED:
            _discard(job)
        return job

    async def _watch(self) -> None:
        """Stop the jobs that another process has paused or cancelled."""
        seen = self._store.version()
        while True:
            await asyncio.sleep(_WATCH)
            version = self._store.version()
            if version == seen:
                continue
            seen = version
            for job_id, task in list(self._tasks.items()):
                job = self._store.jobs.get(job_id)
                if job.status not in RUNNING or job.attempt != self._attempts[job_id]:
                    task.cancel()

    async def close(self) -> None:
        """Pause what is under way, deliver the last events, end the threads."""
        for task in self._tasks.values():
            task.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        ending = [*self._tasks.values(), *([self._watcher] if self._watcher else [])]
        await asyncio.gather(*ending, return_exceptions=True)
        await self.events.close()
        self._parts.mover.close()
        self.library.close()


def _same(begun: JobOptions, asked: JobOptions) -> bool:
    """Whether who asks may take part in the job that was begun."""
    return (begun.filename, begun.trusted) == (asked.filename, asked.trusted)


def _no_secrets(job: Job) -> Secrets:
    return Secrets(parse_url(job.url))


def _discard(job: Job) -> None:
    """Delete the parts of a cancelled job."""
    for each in job.files:
        if each.path and not each.done:
            with contextlib.suppress(GalionError):
                remove_part(Path(each.path))
