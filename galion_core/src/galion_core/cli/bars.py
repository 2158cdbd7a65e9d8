"""Progress for people: a bar for each download under way, and one for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.table import Column

from galion_core.cli.display import tell_files
from galion_core.cli.meter import Meter, time_left, waiting_words
from galion_core.cli.output import human_bytes
from galion_core.engine.progress import JobProgress
from galion_core.jobs import Job
from galion_core.text import visible

#: Seconds between two looks at the counters.
_TICK = 0.1
#: On terminals with fewer columns the name and the time left matter more than a bar and sizes.
_NARROW = 70


@contextlib.contextmanager
def drawn_bars(progress: Mapping[str, JobProgress], titles: Mapping[str, str]) -> Iterator[Bars]:
    """Bars at the foot of the terminal, gone at the end; what is said meanwhile stands above."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    with Progress(
        *_columns(narrow=console.width < _NARROW),
        console=console,
        auto_refresh=False,
        transient=True,
        expand=True,
        # Results that are piped elsewhere must arrive there, and not between the bars.
        redirect_stdout=sys.stdout.isatty(),
    ) as drawing:
        yield Bars(drawing, progress, titles)


def _columns(*, narrow: bool) -> Iterator[ProgressColumn]:
    yield TextColumn(
        "{task.description}",
        markup=False,
        table_column=Column(ratio=2, no_wrap=True, overflow="ellipsis"),
    )
    if not narrow:
        yield BarColumn(bar_width=None, table_column=Column(ratio=1))
    yield _text("percent", 4)
    if not narrow:
        yield _text("size", 19)
    yield _text("speed", 11)
    yield _text("left", 7)


def _text(field: str, width: int) -> ProgressColumn:
    """A column as wide as its widest text will be, so that nothing jumps about."""
    column = Column(justify="right", no_wrap=True, min_width=width)
    return TextColumn(f"{{task.fields[{field}]}}", markup=False, table_column=column)


class Bars:
    """One row for each job that is under way; a job that has ended becomes lines above."""

    def __init__(
        self, drawing: Progress, progress: Mapping[str, JobProgress], titles: Mapping[str, str]
    ) -> None:
        self._drawing = drawing
        self._progress = progress
        self._titles = titles
        self._rows: dict[str, TaskID] = {}
        self._meters: dict[str, Meter] = {}
        self._ended: set[str] = set()
        self._ended_bytes = 0
        self._total = self._new_row("", visible=len(titles) > 1)

    async def run(self) -> None:
        """Look at the counters and redraw, ten times a second."""
        while True:
            self._update()
            self._drawing.refresh()
            await asyncio.sleep(_TICK)

    def ended(self, job: Job) -> None:
        """Take the job's bar away and say what is there now."""
        self._ended.add(job.id)
        self._ended_bytes += sum(each.size or 0 for each in job.files if each.done)
        row = self._rows.pop(job.id, None)
        if row is not None:
            self._drawing.remove_task(row)
        self._update()
        self._drawing.refresh()  # or else the line below would redraw the bar that has gone
        tell_files(job, digests=False)  # they would not fit on a line

    def _update(self) -> None:
        under_way = {key: each for key, each in self._progress.items() if key not in self._ended}
        for job_id, each in under_way.items():
            name = each.name or self._titles.get(job_id, job_id)
            name = visible(name + waiting_words(each.waiting, monotonic()))
            if job_id not in self._rows:
                self._rows[job_id] = self._new_row(name)
                self._meters[job_id] = Meter()
            meter = self._meters[job_id]
            meter.feed(each.received)
            self._show(self._rows[job_id], name, each.received, each.total, meter.speed)
        self._show_total(list(under_way.values()), [self._meters[key].speed for key in under_way])

    def _show_total(self, under_way: list[JobProgress], speeds: list[float | None]) -> None:
        ended, jobs = len(self._ended), len(self._titles)
        received = self._ended_bytes + sum(each.received for each in under_way)
        total: int | None = self._ended_bytes
        for each in under_way:
            total = None if total is None or each.total is None else total + each.total
        if ended + len(under_way) < jobs:  # of those that wait no size is known
            total = None
        known = [speed for speed in speeds if speed is not None]
        name = f"Total ({ended} of {jobs})"
        self._show(self._total, name, received, total, sum(known) if known else None)

    def _new_row(self, name: str, *, visible: bool = True) -> TaskID:
        return self._drawing.add_task(name, total=None, visible=visible, **_fields(0, None, None))

    def _show(
        self, row: TaskID, name: str, received: int, total: int | None, speed: float | None
    ) -> None:
        fields = _fields(received, total, speed)
        self._drawing.update(row, description=name, completed=received, total=total, **fields)


def _fields(received: int, total: int | None, speed: float | None) -> dict[str, Any]:
    known = human_bytes(received) + (f"/{human_bytes(total)}" if total is not None else "")
    return {
        "percent": f"{100 * received // total}%" if total else "",
        "size": known if received or total else "",
        "speed": "" if speed is None else f"{human_bytes(speed)}/s",
        "left": time_left(None if total is None else max(0, total - received), speed),
    }
