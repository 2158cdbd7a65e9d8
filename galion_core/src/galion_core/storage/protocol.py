"""What a store can do; narrow enough for TinyDB on one machine and for PostgreSQL on many."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from galion_core.jobs import Job, Status  # pydantic: half of the time that a start takes


class JobTable(Protocol):
    """The jobs. Every change is one atomic step, seen by all processes that share the store."""

    def add(self, jobs: Iterable[Job]) -> None:
        """Keep new jobs, all or none; raises Conflict when an id is taken."""

    def get(self, job_id: str) -> Job:
        """The job; raises NotFound."""

    def list(
        self,
        *,
        status: Collection[Status] | None = None,
        batch: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> list[Job]:
        """Newest first; ``after`` is the id of the last job of the page before."""

    def unfinished(self, url: str, directory: str) -> Job | None:
        """The newest job for the same URL and directory that is not finished."""

    def claim(self, worker: str, *, job_ids: Collection[str] | None = None) -> Job | None:
        """Take one job to work on, and return it: RESOLVING, one attempt more, held by ``worker``.

        Taken are QUEUED jobs and running ones whose worker is dead: highest priority first, then
        oldest. ``job_ids`` narrows the choice. None when there is nothing to take.
        """

    def move(
        self,
        job_id: str,
        *to: Status,
        attempt: int | None = None,
        **changes: object,
    ) -> Job:
        """Change a job: its status along the legal moves (jobs.MOVES), other fields as given.

        Several steps are one change; without any the status stays.

        ``attempt`` makes it conditional: Conflict when the job has been claimed again since, or is
        no longer running. Raises Conflict for an illegal move and NotFound for an unknown id. A
        job that leaves the running states loses its worker.
        """

    def remove(self, job_ids: Iterable[str]) -> int:
        """Forget finished jobs; the others stay. Returns how many went."""


class Records(Protocol):
    """Documents of one kind by id, such as the catalogue's artifacts."""

    def put(self, record_id: str, record: Mapping[str, object]) -> None:
        """Keep or replace a record."""

    def get(self, record_id: str) -> Mapping[str, object] | None:
        """The record, or None."""

    def remove(self, record_id: str) -> None:
        """Forget a record; unknown ids are ignored."""

    def items(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        """All records, oldest first."""

    def __len__(self) -> int: ...


class Store(Protocol):
    """Jobs and records."""

    @property
    def jobs(self) -> JobTable:
        """The jobs."""

    def records(self, kind: str) -> Records:
        """The records of one kind; made on first use."""

    def worker(self) -> str:
        """A new worker's name, alive until this store is closed or its process ends."""

    def together(self) -> AbstractContextManager[None]:
        """Make the changes within as one: all or none, for the price of one.

        Each still answers and raises for itself. Nobody else changes anything meanwhile, so keep it
        short.
        """

    def version(self) -> object:
        """A value that changes whenever any process changed anything; cheap enough to poll."""

    def close(self) -> None:
        """Give up what is held; the workers of this store are dead from here on."""
