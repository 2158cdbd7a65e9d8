"""Run downloads in the foreground: progress, results, Ctrl-C, exit code."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from galion_core.cli.bars import progress_display
from galion_core.cli.output import complain, say, say_json, tell
from galion_core.engine.engine import Engine
from galion_core.engine.opening import open_engine
from galion_core.engine.request import DownloadRequest
from galion_core.engine.views import job_view
from galion_core.errors import GalionError, SomeFailed, error_of
from galion_core.jobs import Job
from galion_core.plugins.manager import PluginManager
from galion_core.settings.layers import Layers
from galion_core.urls import redact

INTERRUPTED = 130

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Output:
    """How results are shown."""

    as_json: bool = False
    quiet: bool = False


class Report:
    """Shows each job as it ends, and remembers what the exit code needs."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._ended = 0
        self._errors: list[GalionError] = []

    def job(self, job: Job) -> None:
        """The job has ended."""
        self._ended += 1
        error = None if job.error is None else error_of(job.error.model_dump())
        if error is not None:
            self._errors.append(error)
        if self._output.as_json:
            say_json(job_view(job))
        elif error is None:
            for each in job.files:
                say(each.path or "")
        if error is not None:
            complain(error)
        for warning in job.warnings:
            tell(f"Warning: {warning}")

    def refused(self, url: str, error: GalionError) -> None:
        """The URL never became a job."""
        self._ended += 1
        self._errors.append(error)
        if self._output.as_json:
            empty = {"id": None, "url": redact(url), "platform": None, "status": "failed"}
            say_json({**empty, "files": [], "error": error.as_dict()})
        complain(error)

    @property
    def exit_code(self) -> int:
        """0, the code of the errors when all failed alike, else that some failed."""
        codes = {each.exit_code for each in self._errors}
        if not codes:
            return 0
        all_alike = len(codes) == 1 and len(self._errors) == self._ended
        return codes.pop() if all_alike else SomeFailed.exit_code


def download(
    layers: Layers, manager: PluginManager, requests: Sequence[DownloadRequest], output: Output
) -> int:
    """Download everything; the exit code comes back."""

    async def work() -> int:
        report = Report(output)
        async with open_engine(layers, manager) as engine:
            job_ids = _submit(engine, requests, report)
            await _run(engine, job_ids, output, report)
        return report.exit_code

    return _interruptible(work)


def retry(layers: Layers, manager: PluginManager, job_ids: Sequence[str], output: Output) -> int:
    """Work on known jobs again; the exit code comes back."""

    async def work() -> int:
        report = Report(output)
        async with open_engine(layers, manager) as engine:
            queued = [engine.retry(job_id).id for job_id in job_ids]
            await _run(engine, queued, output, report)
        return report.exit_code

    return _interruptible(work)


def dry_run(
    layers: Layers, manager: PluginManager, requests: Sequence[DownloadRequest], output: Output
) -> int:
    """Say what would be fetched; the exit code comes back."""

    async def work() -> int:
        report = Report(output)
        async with open_engine(layers, manager) as engine:
            for request in requests:
                try:
                    report.job(await engine.preview(request))
                except GalionError as error:
                    report.refused(request.url, error)
        return report.exit_code

    return _interruptible(work)


def _submit(engine: Engine, requests: Sequence[DownloadRequest], report: Report) -> list[str]:
    job_ids: dict[str, None] = {}
    for request in requests:
        try:
            job_ids[engine.submit(request).id] = None
        except GalionError as error:
            report.refused(request.url, error)
    return list(job_ids)


async def _run(engine: Engine, job_ids: list[str], output: Output, report: Report) -> None:
    with progress_display(engine, quiet=output.quiet, total=len(job_ids)) as display:

        def ended(job: Job) -> None:
            display.ended(job)
            report.job(job)

        ticking = asyncio.create_task(display.run())
        try:
            await engine.run(job_ids, ended)
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)


def _interruptible(work: Callable[[], Awaitable[int]]) -> int:
    """Run to the end; the first Ctrl-C keeps what has arrived, the second ends at once."""

    async def main() -> int:
        task = asyncio.ensure_future(work())
        presses = 0

        def stop() -> None:
            nonlocal presses
            presses += 1
            if presses > 1:
                os._exit(INTERRUPTED)
            tell("Stopping; what has arrived is kept. Press Ctrl-C again to stop at once.")
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            return await task
        except asyncio.CancelledError:
            tell("Stopped. Run the same command again to go on.")
            return INTERRUPTED

    return asyncio.run(main())
