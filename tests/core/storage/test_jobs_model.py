"""Any sequence of calls gives what a plain dict of jobs would give, before and after a reload."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from galion_core.errors import Conflict
from galion_core.jobs import FINISHED, MOVES, RUNNING, Job, JobOptions, Status, new_id
from galion_core.storage.tinystore import TinyStore

STATUSES = st.sampled_from(Status)


class JobsAgainstADict(RuleBasedStateMachine):
    """Two stores on one home, one of which makes snapshots all the time; the model: ``jobs``."""

    known = Bundle("known")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.stores = [self.opened(), self.opened()]
        self.jobs: dict[str, Job] = {}
        self.alive: list[set[str]] = [set(), set()]

    def opened(self) -> TinyStore:
        return TinyStore(self.home, snapshot_at=1500)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    @rule(
        target=known,
        priority=st.integers(-1, 1),
        url=st.sampled_from("ab"),
        batch=st.sampled_from(["x", "y", None]),
        which=st.integers(0, 1),
    )
    def add(self, priority: int, url: str, batch: str | None, which: int) -> str:
        options = JobOptions(directory="/data")
        job = Job(id=new_id("dl"), url=url, options=options, priority=priority, batch=batch)
        self.stores[which].jobs.add([job])
        self.jobs[job.id] = job
        return job.id

    @rule(job_id=known, to=STATUSES, attempt=st.none() | st.integers(0, 2), which=st.integers(0, 1))
    def move(self, job_id: str, to: Status, attempt: int | None, which: int) -> None:
        job = self.jobs.get(job_id)
        if job is None:
            return
        mine = attempt is None or (job.attempt == attempt and job.status in RUNNING)
        if mine and to in MOVES[job.status]:
            moved = self.stores[which].jobs.move(job_id, to, attempt=attempt)
            worker = job.worker if to in RUNNING else None
            expected = {"status": to, "worker": worker, "updated_at": moved.updated_at}
            assert moved == job.model_copy(update=expected)
            self.jobs[job_id] = moved
        else:
            try:
                self.stores[which].jobs.move(job_id, to, attempt=attempt)
            except Conflict:
                return
            raise AssertionError(f"{job.status} became {to}")

    @rule(which=st.integers(0, 1))
    def claim(self, which: int) -> None:
        worker = self.stores[which].worker()
        self.alive[which].add(worker)
        takable = [
            job
            for job in self.jobs.values()
            if job.status == Status.QUEUED
            or (job.status in RUNNING and job.worker not in self.alive[0] | self.alive[1])
        ]
        best = min(takable, key=lambda job: -job.priority, default=None)
        claimed = self.stores[which].jobs.claim(worker)
        if best is None or claimed is None:
            assert best is claimed
            return
        assert (claimed.id, claimed.attempt) == (best.id, best.attempt + 1)
        assert (claimed.status, claimed.worker) == (Status.RESOLVING, worker)
        self.jobs[claimed.id] = claimed

    @rule(job_id=known, which=st.integers(0, 1))
    def remove(self, job_id: str, which: int) -> None:
        job = self.jobs.get(job_id)
        gone = job is not None and job.status in FINISHED
        assert self.stores[which].jobs.remove([job_id]) == int(gone)
        if gone:
            del self.jobs[job_id]

    @rule(which=st.integers(0, 1))
    def open_again(self, which: int) -> None:
        """Its workers die."""
        self.alive[which].clear()
        self.stores[which].close()
        self.stores[which] = self.opened()

    @invariant()
    def all_stores_say_what_the_dict_says(self) -> None:
        newest_first = list(self.jobs.values())[::-1]
        for store in self.stores:
            assert store.jobs.list(limit=1000) == newest_first
            for status in Status:
                expected = [job for job in newest_first if job.status == status]
                assert store.jobs.list(status=[status], limit=1000) == expected
            for batch in "xy":
                expected = [job for job in newest_first if job.batch == batch]
                assert store.jobs.list(batch=batch, limit=1000) == expected
            for url in "ab":
                open_jobs = [j for j in newest_first if j.url == url and j.status not in FINISHED]
                assert store.jobs.unfinished(url, "/data") == next(iter(open_jobs), None)


TestJobsAgainstADict = JobsAgainstADict.TestCase
TestJobsAgainstADict.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
