"""How far a job is: counters that any thread may read at any time."""

from __future__ import annotations

from dataclasses import dataclass, field

from galion_core.transfer.wanted import Progress, Waiting


@dataclass(slots=True)
class JobProgress:
    """The progress of one job's files."""

    job_id: str
    files: list[Progress] = field(default_factory=list)

    @property
    def received(self) -> int:
        """Bytes that are there."""
        return sum(each.received for each in self.files)

    @property
    def total(self) -> int | None:
        """Bytes of all files; None while any of them is unknown."""
        totals = [each.total for each in self.files]
        return None if not totals or None in totals else sum(each or 0 for each in totals)

    @property
    def waiting(self) -> Waiting | None:
        """Of the files that wait to be tried again, the one whose turn comes first."""
        waits = [each.waiting for each in self.files]
        return min(filter(None, waits), key=lambda each: each.until, default=None)

    @property
    def name(self) -> str | None:
        """The file's name, or how many there are."""
        if len(self.files) == 1:
            return self.files[0].name
        return f"{len(self.files)} files" if self.files else None
