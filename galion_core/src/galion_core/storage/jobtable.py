"""The jobs in a table: each change is one decision under the store's lock, and one commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from galion_core.errors import Conflict, NotFound, StoreError
from galion_core.jobs import FINISHED, MOVES, RUNNING, Job, Status
from galion_core.storage.jobindex import JobIndex, priority_of
from galion_core.storage.tables import JournalTable, identified

#: Fields that only the table itself sets.
_OWN = frozenset({"id", "status", "attempt", "updated_at"})


class TinyJobs:
    """The JobTable on TinyDB; ``alive`` tells whether a worker is.

    A document is changed only in the fields that change, so that what a newer version of Galion
    wrote beside them stays.
    """

    def __init__(self, table: JournalTable, index: JobIndex, alive: Callable[[str], bool]) -> None:
        self._table = table
        self._index = index
        self._alive = alive

    def add(self, jobs: Iterable[Job]) -> None:
        """Keep new jobs, all or none; raises Conflict when an id is taken."""
        documents = [identified(job.model_dump(mode="json"), job.id) for job in jobs]
        try:
            self._table.insert_multiple(documents)
        except ValueError as error:
            raise Conflict(
                f"A job is there already: {error}", hint="Give each job an id of its own."
            ) from error

    def get(self, job_id: str) -> Job:
        """The job; raises NotFound."""
        return _job(self._document(job_id))

    def list(
        self,
        *,
        status: Collection[Status] | None = None,
        batch: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> list[Job]:
        """Newest first; ``after`` is the id of the last job of the page before.

        Raises NotFound when that job has been removed meanwhile.
        """
        with self._table.journal.reading():
            if after is not None:
                self._document(after)
            ids = self._index.newest(status=status, batch=batch, after=after, limit=limit)
            return [self.get(job_id) for job_id in ids]

    def unfinished(self, url: str, directory: str) -> Job | None:
        """The newest job for the same URL and directory that is not finished."""
        with self._table.journal.reading():
            job_id = self._index.newest_unfinished(url, directory)
            return None if job_id is None else self.get(job_id)

    def claim(self, worker: str, *, job_ids: Collection[str] | None = None) -> Job | None:
        """Take one job to work on; None when there is nothing to take."""
        with self._table.journal.reading():
            if self._next(job_ids) is None:
                return None  # without the lock, so that idle workers disturb nobody
        with self._table.journal.exclusive():
            document = self._next(job_ids)
            if document is None:
                return None
            return self._change(
                document,
                status=Status.RESOLVING,
                attempt=_job(document).attempt + 1,
                worker=worker,
            )

    def move(
        self,
        job_id: str,
        *to: Status,
        attempt: int | None = None,
        **changes: object,
    ) -> Job:
        """Change a job; raises NotFound, and Conflict when the move is not legal (any more)."""
        if refused := changes.keys() & _OWN or changes.keys() - Job.model_fields.keys():
            raise TypeError(f"A move cannot set {', '.join(sorted(refused))}")
        with self._table.journal.exclusive():
            document = self._document(job_id)
            job = _job(document)
            if attempt is not None and (job.attempt != attempt or job.status not in RUNNING):
                raise Conflict(
                    f"Job {job_id} is no longer held by attempt {attempt}",
                    hint="Stop working on it: somebody else decided about it.",
                    details={"id": job_id, "status": job.status, "attempt": job.attempt},
                )
            for before, after in pairwise((job.status, *to)):
                _check_move(job_id, before, after)
            if to:
                changes["status"] = to[-1]
                if to[-1] not in RUNNING:
                    changes["worker"] = None
            return self._change(document, **changes)

    def remove(self, job_ids: Iterable[str]) -> int:
        """Forget finished jobs; the others stay. Returns how many went."""
        with self._table.journal.exclusive():
            documents = [self._table.peek(job_id) for job_id in set(job_ids)]
            finished = [d["id"] for d in documents if d and d.get("status") in FINISHED]
            return len(self._table.remove(doc_ids=finished))

    def _document(self, job_id: str) -> Mapping[str, Any]:
        document = self._table.peek(job_id)
        if document is None:
            raise NotFound(
                f"There is no job {job_id}",
                hint="List the jobs to see which there are.",
                details={"id": job_id},
            )
        return document

    def _next(self, job_ids: Collection[str] | None) -> Mapping[str, Any] | None:
        """Which job to claim."""
        ids = self._index.claimable(self._alive) if job_ids is None else job_ids
        documents = (self._table.peek(job_id) for job_id in ids)
        return min(
            (document for document in documents if document and self._is_takable(document)),
            key=lambda document: (-priority_of(document), self._index.age(str(document["id"]))),
            default=None,
        )

    def _is_takable(self, document: Mapping[str, Any]) -> bool:
        status = document.get("status")
        return status == Status.QUEUED or (
            status in RUNNING and not self._alive(str(document.get("worker")))
        )

    def _change(self, document: Mapping[str, Any], **changes: object) -> Job:
        changes["updated_at"] = time.time()
        changed = Job.model_validate({**document, **changes})
        fields = changed.model_dump(mode="json", include=set(changes))
        self._table.replace(changed.id, {**document, **fields})
        return changed


def _check_move(job_id: str, before: Status, after: Status) -> None:
    if after in MOVES[before]:
        return
    legal = ", ".join(sorted(MOVES[before])) or "nothing"
    raise Conflict(
        f"Job {job_id} is {before} and cannot become {after}",
        hint=f"From {before} it can become: {legal}.",
        details={"id": job_id, "status": before, "to": after},
    )


def _job(document: Mapping[str, Any]) -> Job:
    try:
        return Job.model_validate(document)
    except ValidationError as error:
        raise StoreError(
            f"The record of job {document.get('id')} cannot be understood",
            hint="If a newer version of Galion wrote it, update Galion; "
            "else restore Galion's folder from a backup.",
            details={"fields": [".".join(map(str, item["loc"])) for item in error.errors()]},
        ) from error
