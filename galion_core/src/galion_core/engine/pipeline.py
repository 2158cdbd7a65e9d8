"""One job from its claim to its end: resolve, plan, fetch, process, index."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from functools import partial

from galion_core.engine.checksum_files import with_checksums
from galion_core.engine.events import Events
from galion_core.engine.memory import known_at, origin_of
from galion_core.engine.plan import PlannedFile, job_files, plan
from galion_core.engine.processing import process
from galion_core.engine.progress import JobProgress
from galion_core.engine.request import Secrets
from galion_core.engine.source import Source
from galion_core.errors import Conflict, GalionError, SomeFailed
from galion_core.jobs import Job, JobFile, Status
from galion_core.library.catalogue import artifact_id
from galion_core.library.library import Library
from galion_core.plugins.manager import PluginManager
from galion_core.settings.layers import Layers
from galion_core.storage.protocol import Store
from galion_core.text import redact
from galion_core.transfer.faults import AGAIN
from galion_core.transfer.mover import Mover
from galion_core.transfer.wanted import Fetched, Progress, Wanted
from galion_core.types import Artifact, Resolution


@dataclass(frozen=True, slots=True)
class Parts:
    """What every job works with."""

    layers: Layers
    manager: PluginManager
    store: Store
    library: Library
    mover: Mover
    events: Events
    slots: asyncio.Semaphore
    """Files under way at once, over all jobs."""
    connections: int
    """To one file, at most, where the job does not say."""
    rate: int | None
    """Bytes a second, where the job does not say."""


class Pipeline:
    """Carries one claimed job through; used once."""

    def __init__(self, parts: Parts, job: Job, secrets: Secrets, progress: JobProgress) -> None:
        self._parts = parts
        self._job = job
        self._secrets = secrets
        self._progress = progress
        self._unproven = 0

    async def run(self) -> Job:
        """Do everything; the job comes back completed. Raises a GalionError."""
        source = Source(self._parts.manager, self._parts.layers, self._secrets)
        self._change(platform=source.platform)
        resolution = await source.resolve()
        planned = await self._plan(source, resolution)
        self._progress.files = [
            Progress(name=each.filename, total=each.remote.size) for each in planned
        ]
        self._move(Status.DOWNLOADING, files=job_files(self._job, planned))
        fetched = await self._fetch_all(planned, source)
        if self._job.status is Status.DOWNLOADING:  # files that were there already needed no proof
            self._move(Status.VERIFYING)
        self._move(Status.PROCESSING)
        warnings = await self._take_in(fetched, source, resolution)
        return self._move(Status.COMPLETED, warnings=warnings)

    async def preview(self) -> Job:
        """The job with its planned files, asked of the servers where the platform does not say."""
        source = Source(self._parts.manager, self._parts.layers, self._secrets)
        planned = await self._plan(source, await source.resolve())
        files = list(job_files(self._job, planned))
        for each in planned:
            if each.filename is None or each.remote.size is None:
                found = await self._parts.mover.probe(self._wanted(each, source))
                files[each.index] = JobFile(
                    id=each.remote.id,
                    name=found.name,
                    path=str(each.directory / found.name),
                    size=found.size,
                )
        return self._job.model_copy(update={"platform": source.platform, "files": tuple(files)})

    async def _plan(self, source: Source, resolution: Resolution) -> list[PlannedFile]:
        planned, place = plan(self._job, resolution), self._job.options.checksums_from
        return planned if place is None else await with_checksums(planned, place, source.get)

    # --- fetching -----------------------------------------------------------------------------

    async def _fetch_all(self, planned: list[PlannedFile], source: Source) -> list[Fetched]:
        self._unproven = len(planned)
        outcomes = await asyncio.gather(
            *(self._fetch(each, source) for each in planned), return_exceptions=True
        )
        failures = [each for each in outcomes if isinstance(each, BaseException)]
        if failures:
            raise _summary(failures, len(outcomes))
        return [each for each in outcomes if isinstance(each, Fetched)]

    async def _fetch(self, planned: PlannedFile, source: Source) -> Fetched:
        progress = self._progress.files[planned.index]
        async with self._parts.slots:
            fetched = await self._parts.mover.fetch(self._wanted(planned, source), progress)
        self._update_file(
            planned.index,
            name=fetched.path.name,
            path=str(fetched.path),
            size=fetched.size,
            sha256=fetched.sha256,
            verified=fetched.verified,
            kept=fetched.kept,
        )
        return fetched

    def _wanted(self, planned: PlannedFile, source: Source) -> Wanted:
        options, remote = self._job.options, planned.remote
        place = f"{source.platform}\n{redact(self._job.url)}\n{remote.id}"
        return Wanted(
            remote=remote,
            source=hashlib.sha256(place.encode()).hexdigest(),
            directory=planned.directory,
            filename=planned.filename,
            checksums=planned.checksums,
            replace=options.force,
            connections=options.connections or self._parts.connections,
            rate=options.limit_rate or self._parts.rate,
            headers_for=source.headers,
            refresh=partial(source.renew, remote.id) if remote.id else None,
            known=partial(known_at, self._parts.library.catalogue),
            named=lambda name: self._name_file(planned, name),
            verifying=self._verifying,
        )

    def _verifying(self) -> None:
        """One file more has all its bytes."""
        self._unproven -= 1
        if self._unproven == 0 and self._job.status is Status.DOWNLOADING:
            self._move(Status.VERIFYING)

    def _name_file(self, planned: PlannedFile, name: str) -> None:
        """The server named a file: a later attempt shall find its part."""
        path = str(planned.directory / name)
        if self._job.files[planned.index].path != path:
            with contextlib.suppress(Conflict):  # somebody stopped the job; its task ends soon
                self._update_file(planned.index, name=name, path=path)

    # --- processing ---------------------------------------------------------------------------

    async def _take_in(
        self, fetched: list[Fetched], source: Source, resolution: Resolution
    ) -> tuple[str, ...]:
        """Process, catalogue and index the files; what went wrong comes back in words."""
        metadata = {"title": resolution.title, **source.ids, **resolution.metadata}
        warnings: list[str] = []
        for each in fetched:
            artifact = Artifact(
                id=artifact_id(each.path),
                job_id=self._job.id,
                path=each.path,
                size=each.size,
                sha256=each.sha256,
                verified=each.verified,
                url=redact(self._job.url),
                platform=source.platform,
                metadata=metadata,
            )
            artifact, problems = await process(self._parts.manager, artifact)
            warnings += problems
            await self._parts.library.add(artifact, origin_of(each))
        return tuple(warnings)

    # --- the job's record ---------------------------------------------------------------------

    def _update_file(self, index: int, **changes: object) -> None:
        files = list(self._job.files)
        files[index] = JobFile.model_validate({**files[index].model_dump(), **changes})
        self._change(files=tuple(files))

    def _change(self, **changes: object) -> None:
        self._job = self._parts.store.jobs.move(
            self._job.id, None, attempt=self._job.attempt, **changes
        )

    def _move(self, to: Status, **changes: object) -> Job:
        self._job = self._parts.store.jobs.move(
            self._job.id, to, attempt=self._job.attempt, **changes
        )
        self._parts.events.publish(self._job)
        return self._job


def _summary(failures: list[BaseException], count: int) -> BaseException:
    """One error for all: the only one as it is, several as SomeFailed."""
    for each in failures:
        if not isinstance(each, GalionError):
            return each
    if len(failures) == 1 == count:
        return failures[0]
    reasons = list(dict.fromkeys(str(each) for each in failures))
    summary = SomeFailed(
        f"{len(failures)} of {count} files failed: {'; '.join(reasons[:3])}",
        hint=AGAIN,
        details={"failed": len(failures), "files": count, "reasons": reasons[:20]},
    )
    summary.retryable = any(isinstance(each, GalionError) and each.retryable for each in failures)
    return summary
