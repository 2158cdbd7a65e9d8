"""Progress on stderr: bars on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from galion_core.cli.output import human_bytes, tell
from galion_core.engine.engine import Engine
from galion_core.jobs import Job, Status
from galion_core.urls import redact, visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Seconds between two looks at the counters.
_BAR_TICK = 0.1
#: Seconds between two plain lines.
_LINE_TICK = 5.0


class Display(Protocol):
    """Shows how far the jobs are."""

    async def run(self) -> None:
        """Keep showing, until cancelled."""

    def ended(self, job: Job) -> None:
        """A job has ended."""


@contextlib.contextmanager
def progress_display(engine: Engine, *, quiet: bool, total: int) -> Iterator[Display]:
    """The display that suits where stderr goes; ``total`` is how many jobs there are."""
    if quiet:
        yield _Quiet()
    elif sys.stderr.isatty():
        with _rich_progress() as progress:
            yield _Bars(engine, progress, total)
    else:
        yield _Lines(engine)


class _Quiet:
    async def run(self) -> None:
        """Show nothing."""

    def ended(self, job: Job) -> None:
        """Show nothing."""


class _Lines:
    """For logs and pipes: a line now and then for what is under way, one for each end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self) -> None:
        """Print a line for each job under way, every few seconds."""
        while True:
            await asyncio.sleep(_LINE_TICK)
            for each in self._engine.progress.values():
                share = f" ({100 * each.received / each.total:.0f}%)" if each.total else ""
                size = f"{human_bytes(each.received)} of {human_bytes(each.total)}"
                tell(f"{each.name or each.job_id}: {size}{share}")

    def ended(self, job: Job) -> None:
        """Print what came of a job."""
        for each in job.files:
            if each.done:
                proof = "verified" if each.verified else "no published checksum"
                tell(f"{each.name}: {human_bytes(each.size)}, sha256 {each.sha256} ({proof})")
        if job.status is not Status.COMPLETED:
            tell(f"{redact(job.url)}: {job.status}")


class _Bars:
    """For people: a bar for each job under way, and one for all of them."""

    def __init__(self, engine: Engine, progress: Progress, total: int) -> None:
        self._engine = engine
        self._progress = progress
        self._rows: dict[str, TaskID] = {}
        self._done_bytes = 0
        self._ended = 0
        self._total = total
        self._all = progress.add_task("Total", total=None, visible=total > 1)

    async def run(self) -> None:
        """Look at the counters and redraw, ten times a second."""
        while True:
            self._update()
            await asyncio.sleep(_BAR_TICK)

    def ended(self, job: Job) -> None:
        """Show the job's last state; its bar stays above the others."""
        self._update()
        self._ended += 1
        size = sum(each.size or 0 for each in job.files if each.done)
        self._done_bytes += size
        row = self._rows.pop(job.id, None)
        if row is None:
            row = self._progress.add_task(_title(job), total=None)
        if job.status is Status.COMPLETED:
            self._progress.update(row, description=_title(job), completed=size, total=size)
        self._progress.stop_task(row)
        self._update()

    def _update(self) -> None:
        received, sizes = self._done_bytes, [self._done_bytes]
        for job_id, each in list(self._engine.progress.items()):
            if job_id not in self._rows:
                self._rows[job_id] = self._progress.add_task("", total=None)
            name = visible(each.name or job_id)
            row = self._rows[job_id]
            self._progress.update(row, description=name, completed=each.received, total=each.total)
            received += each.received
            sizes.append(each.total or 0)
        waiting = self._total - self._ended - len(self._rows)
        known = waiting == 0 and all(sizes[1:])
        self._progress.update(
            self._all,
            description=f"Total ({self._ended} of {self._total})",
            completed=received,
            total=sum(sizes) if known else None,
        )


def _title(job: Job) -> str:
    names = [each.name for each in job.files if each.name]
    return visible(names[0]) if len(names) == 1 else redact(job.url)


def _rich_progress() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.table import Column

    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=2, no_wrap=True)),
        BarColumn(table_column=Column(ratio=1)),
        TaskProgressColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        expand=True,
    )
