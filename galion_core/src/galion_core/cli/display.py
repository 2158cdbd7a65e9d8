"""How far the downloads are, on stderr: bars on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Protocol

from galion_core.cli.meter import waiting_words
from galion_core.cli.output import human_bytes, tell
from galion_core.engine.progress import JobProgress
from galion_core.jobs import Job

#: Seconds between two plain lines.
_LINE_TICK = 5.0


class Display(Protocol):
    """Shows how far the jobs are."""

    async def run(self) -> None:
        """Keep showing, until cancelled."""

    def ended(self, job: Job) -> None:
        """A job has ended."""


@contextlib.contextmanager
def progress_display(
    progress: Mapping[str, JobProgress], titles: Mapping[str, str], *, quiet: bool
) -> Iterator[Display]:
    """The display that suits where stderr goes; ``titles`` names each job, by id."""
    if quiet:
        yield _Quiet()
    elif sys.stderr.isatty() and os.environ.get("TERM") not in (None, "", "dumb"):
        from galion_core.cli.bars import drawn_bars

        with drawn_bars(progress, titles) as bars:
            yield bars
    else:
        yield _Lines(progress, titles)


def tell_files(job: Job, *, digests: bool) -> None:
    """A line for each file that is there, on stderr."""
    for each in job.files:
        if each.done:
            kept = "is there already, " if each.kept else ""
            digest = f", sha256 {each.sha256}" if digests else ""
            proof = "verified" if each.verified else "no published checksum"
            tell(f"{each.name}: {kept}{human_bytes(each.size)}{digest} ({proof})")


class _Quiet:
    async def run(self) -> None:
        """Show nothing."""

    def ended(self, job: Job) -> None:
        """Show nothing."""


class _Lines:
    """For logs and pipes: a line now and then for what is under way, one for each end."""

    def __init__(self, progress: Mapping[str, JobProgress], titles: Mapping[str, str]) -> None:
        self._progress = progress
        self._titles = titles

    async def run(self) -> None:
        """Print a line for each job under way, every few seconds."""
        while True:
            await asyncio.sleep(_LINE_TICK)
            for job_id, each in self._progress.items():
                share = f" ({100 * each.received / each.total:.0f}%)" if each.total else ""
                size = f"{human_bytes(each.received)} of {human_bytes(each.total)}"
                waits = waiting_words(each.waiting, monotonic())
                tell(f"{each.name or self._titles.get(job_id, job_id)}: {size}{share}{waits}")

    def ended(self, job: Job) -> None:
        """Print what came of a job."""
        tell_files(job, digests=True)
