"""One job from its claim to its end: resolve, plan, fetch, process, index."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from functools import partial

from galion_core.engine.checksum_files import AUTO, with_checksums
from galion_core.engine.memory import known_at, origin_of
from galion_core.engine.plan import PlannedFile, job_files, plan
from galion_core.engine.processing import process
from galion_core.engine.progress import JobProgress
from galion_core.engine.record import JobRecord
from galion_core.engine.request import Secrets
from galion_core.engine.slots import Slots
from galion_core.engine.source import Source
from galion_core.errors import Conflict, GalionError, SomeFailed
from galion_core.jobs import Job, JobFile, Status
from galion_core.library.catalogue import artifact_id
from galion_core.library.library import Library
from galion_core.network.addresses import AddressPolicy
from galion_core.plugins.manager import PluginManager
from galion_core.settings.layers import Layers
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
    library: Library
    mover: Mover
    slots: Slots
    """Files under way at once, over all jobs."""
    connections: int
    """To one file, at most, where the job does not say."""
    rate: int | None
    """Bytes a second for all of a job's files, where the job does not say."""
    policy: AddressPolicy


class Pipeline:
    """Carries one claimed job through; used once."""

    def __init__(
        self, parts: Parts, record: JobRecord, secrets: Secrets, progress: JobProgress
    ) -> None:
        self._parts = parts
        self._record = record
        self._secrets = secrets
        self._progress = progress
        self._unproven = 0
        self._bucket = parts.mover.bucket(record.job.options.limit_rate or parts.rate)

    async def run(self) -> Job:
        """Do everything; the job comes back completed. Raises a GalionError."""
        source = self._source()
        if self._record.job.platform != source.platform:
            self._record.change(platform=source.platform)
        resolution = await source.resolve()
        planned = await self._plan(source, resolution)
        self._progress.files = [
            Progress(name=each.filename, total=each.remote.size) for each in planned
        ]
        self._record.change(Status.DOWNLOADING, files=job_files(self._record.job, planned))
        fetched = await self._fetch_all(planned, source)
        if self._record.job.status is Status.DOWNLOADING:  # what was there already needed no proof
            self._record.change(Status.VERIFYING)
        self._record.change(Status.PROCESSING)
        warnings = await self._take_in(fetched, source, resolution)
        self._record.change(Status.COMPLETED, warnings=warnings)
        return await self._record.settled()

    async def preview(self) -> Job:
        """The job with its planned files, asked of the servers where the platform does not say."""
        source = self._source()
        planned = await self._plan(source, await source.resolve())
        job = self._record.job
        files = list(job_files(job, planned))
        for each in planned:
            if each.filename is None or each.remote.size is None:
                found = await self._parts.mover.probe(self._wanted(each, source))
                files[each.index] = JobFile(
                    id=each.remote.id,
                    name=found.name,
                    path=str(each.directory / found.name),
                    size=found.size,
                )
        return job.model_copy(update={"platform": source.platform, "files": tuple(files)})

    def _source(self) -> Source:
        return Source(
            self._parts.manager,
            self._parts.layers,
            self._secrets,
            self._parts.policy,
            trusted=self._record.job.options.trusted,
        )

    async def _plan(self, source: Source, resolution: Resolution) -> list[PlannedFile]:
        job = self._record.job
        planned, place = plan(job, resolution), job.options.checksums_from
        if place is None:
            return planned
        return await with_checksums(planned, place, partial(source.get, typed=place != AUTO))

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
        async with self._parts.slots.slot(self._record.job.priority):
            fetched = await self._parts.mover.fetch(self._wanted(planned, source), progress)
        self._record.news(
            files=self._files_with(
                planned.index,
                name=fetched.path.name,
                path=str(fetched.path),
                size=fetched.size,
                sha256=fetched.sha256,
                verified=fetched.verified,
                kept=fetched.kept,
            )
        )
        return fetched

    def _wanted(self, planned: PlannedFile, source: Source) -> Wanted:
        job, remote = self._record.job, planned.remote
        options = job.options
        place = f"{source.platform}\n{redact(job.url)}\n{remote.id}"
        return Wanted(
            remote=remote,
            source=hashlib.sha256(place.encode()).hexdigest(),
            directory=planned.directory,
            filename=planned.filename,
            checksums=planned.checksums,
            replace=options.force,
            connections=options.connections or self._parts.connections,
            bucket=self._bucket,
            headers_for=source.headers,
            route=source.route,
            refresh=partial(source.renew, remote.id) if remote.id else None,
            known=partial(known_at, self._parts.library.catalogue),
            named=partial(self._learn, planned),
            verifying=self._verifying,
        )

    def _verifying(self) -> None:
        """One file more has all its bytes."""
        self._unproven -= 1
        if self._unproven == 0 and self._record.job.status is Status.DOWNLOADING:
            with contextlib.suppress(Conflict):
                self._record.change(Status.VERIFYING)

    def _learn(self, planned: PlannedFile, name: str, size: int | None) -> None:
        """The server named a file, so that a later attempt finds its part, or told its size."""
        path, known = str(planned.directory / name), self._record.job.files[planned.index]
        size = known.size if size is None else size
        if (known.path, known.size) != (path, size):
            with contextlib.suppress(Conflict):  # somebody stopped the job; its task ends soon
                self._record.change(
                    files=self._files_with(planned.index, name=name, path=path, size=size)
                )

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
                job_id=self._record.job.id,
                path=each.path,
                size=each.size,
                sha256=each.sha256,
                verified=each.verified,
                url=redact(self._record.job.url),
                platform=source.platform,
                metadata=metadata,
            )
            artifact, problems = await process(self._parts.manager, artifact)
            warnings += problems
            document = await self._parts.library.describe(artifact)
            keep = partial(self._parts.library.keep, artifact, origin_of(each), document)
            self._record.also(keep)
        return tuple(warnings)

    def _files_with(self, index: int, **changes: object) -> tuple[JobFile, ...]:
        files = list(self._record.job.files)
        files[index] = JobFile.model_validate({**files[index].model_dump(), **changes})
        return tuple(files)


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
