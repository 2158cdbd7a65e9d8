"""Run downloads in the foreground: progress, results, Ctrl-C, exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from galion_core.cli.display import progress_display
from galion_core.cli.output import (
    complain,
    exit_code_of,
    human_bytes,
    say_json,
    say_path,
    tell,
    warn,
)
from galion_core.engine.engine import Engine
from galion_core.engine.opening import open_engine
from galion_core.engine.request import DownloadRequest
from galion_core.engine.views import job_view
from galion_core.errors import Cancelled, GalionError, error_of
from galion_core.jobs import Job, Status
from galion_core.plugins.manager import PluginManager
from galion_core.settings.layers import Layers
from galion_core.text import redact

_SHOW_CURSOR = b"\x1b[?25h\n"


@dataclass(frozen=True, slots=True)
class Output:
    """How results are shown."""

    as_json: bool = False
    quiet: bool = False


class Report:
    """Shows each job as it ends, and remembers what the exit code needs."""

    def __init__(self, output: Output, *, several: bool) -> None:
        self._output = output
        self._several = several
        self._codes: list[int] = []

    def job(self, job: Job) -> None:
        """The job has ended."""
        error = _error(job)
        if self._output.as_json:
            say_json(job_view(job))
        elif error is None:
            for each in job.files:
                say_path(each.path or "")
        if error is None:
            self._codes.append(0)
        else:
            self._failed(redact(job.url), error)
        for warning in job.warnings:
            warn(warning)

    def previewed(self, job: Job) -> None:
        """What a job would fetch is known; it has no id, since nothing keeps it."""
        self._codes.append(0)
        if self._output.as_json:
            say_json({**job_view(job), "id": None})
            return
        for each in job.files:
            if not self._output.quiet:
                tell(f"{each.name}: {human_bytes(each.size)}, would be fetched")
            say_path(each.path or "")

    def refused(self, error: GalionError, *, url: str | None = None) -> None:
        """There is no job: the URL never became one, or no such job can be worked on."""
        shown = None if url is None else redact(url)
        if self._output.as_json:
            empty = {"id": None, "url": shown, "platform": None, "status": "failed"}
            say_json({**empty, "files": [], "error": error.as_dict()})
        self._failed(shown or "", error)

    def _failed(self, what: str, error: GalionError) -> None:
        self._codes.append(error.exit_code)
        complain(error, about=what if self._several else "")

    @property
    def exit_code(self) -> int:
        """The exit code of the whole run."""
        return exit_code_of(self._codes)


def _error(job: Job) -> GalionError | None:
    if job.error is not None:
        return error_of(job.error.model_dump())
    if job.status in (Status.CANCELLED, Status.PAUSED):
        return Cancelled(
            f"The download was {job.status} by somebody else",
            hint=f"`galion jobs retry {job.id}` goes on with it.",
        )
    return None


def download(
    layers: Layers, manager: PluginManager, requests: Sequence[DownloadRequest], output: Output
) -> int:
    """Download everything; the exit code comes back."""

    async def work() -> int:
        report = Report(output, several=len(requests) > 1)
        jobs: dict[str, Job] = {}
        async with open_engine(layers, manager) as engine:
            outcomes = engine.submit_all(requests)
            for request, outcome in zip(requests, outcomes, strict=True):
                if isinstance(outcome, GalionError):
                    report.refused(outcome, url=request.url)
                else:
                    jobs[outcome.id] = outcome
            await _run(engine, jobs, output, report)
        return report.exit_code

    return _interruptible(work)


def retry(layers: Layers, manager: PluginManager, job_ids: Sequence[str], output: Output) -> int:
    """Work on known jobs again; the exit code comes back."""

    async def work() -> int:
        report = Report(output, several=len(job_ids) > 1)
        jobs: dict[str, Job] = {}
        async with open_engine(layers, manager) as engine:
            for job_id in job_ids:
                try:
                    jobs[job_id] = engine.retry(job_id)
                except GalionError as error:
                    report.refused(error)
            await _run(engine, jobs, output, report)
        return report.exit_code

    return _interruptible(work)


def dry_run(
    layers: Layers, manager: PluginManager, requests: Sequence[DownloadRequest], output: Output
) -> int:
    """Say what would be fetched; the exit code comes back."""

    async def work() -> int:
        report = Report(output, several=len(requests) > 1)
        async with open_engine(layers, manager) as engine:
            for request in requests:
                try:
                    job = await engine.preview(request)
                except GalionError as error:
                    report.refused(error, url=request.url)
                else:
                    report.previewed(job)
        return report.exit_code

    return _interruptible(work)


async def _run(engine: Engine, jobs: Mapping[str, Job], output: Output, report: Report) -> None:
    titles = {job_id: redact(job.url) for job_id, job in jobs.items()}
    with progress_display(engine.progress, titles, quiet=output.quiet) as display:

        def ended(job: Job) -> None:
            display.ended(job)
            report.job(job)

        ticking = asyncio.create_task(display.run())
        try:
            await engine.run(list(jobs), ended)
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)


def _interruptible(work: Callable[[], Awaitable[int]]) -> int:
    """Run to the end; the first Ctrl-C keeps what has arrived, the second leaves at once."""

    async def main() -> int:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        presses = 0

        def stop() -> None:
            tell("Stopping; what has arrived is kept. Press Ctrl-C again to leave at once.")
            task.cancel()

        def pressed(_number: int, _frame: FrameType | None) -> None:
            # Not loop.add_signal_handler: a plugin that keeps the loop busy must not hold us.
            nonlocal presses
            presses += 1
            if presses > 1:
                _leave_at_once()
            loop.call_soon_threadsafe(stop)

        with _handling(pressed):
            try:
                return await task
            except asyncio.CancelledError:
                tell("Stopped. Run the same command again to go on.")
                return Cancelled.exit_code

    return asyncio.run(main())


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _leave_at_once() -> NoReturn:
    if sys.stderr.isatty():
        os.write(2, _SHOW_CURSOR)  # the bars hide it
    os._exit(Cancelled.exit_code)
