"""The job table: what its callers may rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from pydantic import ValidationError

from galion_core.errors import Conflict, NotFound, StoreError
from galion_core.jobs import FINISHED, Job, JobError, JobFile, JobOptions, Status
from galion_core.storage.lines import encode
from galion_core.storage.tinystore import TinyStore

MakeJob = Callable[..., Job]
OpenStore = Callable[..., TinyStore]


def added(store: TinyStore, *jobs: Job) -> list[str]:
    store.jobs.add(jobs)
    return [job.id for job in jobs]


def ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def test_a_job_is_what_was_added_in_every_store(
    store: TinyStore, open_again: OpenStore, job: MakeJob
) -> None:
    mine = job(
        files=[JobFile(id="1", name="ä.bin", size=3)],
        error=JobError(code="X", message="m", details={"a": [1, None]}),
        batch="batch_1",
        priority=-2,
    )
    added(store, mine)
    assert store.jobs.get(mine.id) == mine
    assert open_again().jobs.get(mine.id) == mine


def test_an_unknown_job_is_not_found(store: TinyStore) -> None:
    for call in (store.jobs.get, store.jobs.move, lambda job_id: store.jobs.list(after=job_id)):
        with pytest.raises(NotFound, match="dl_no"):
            call("dl_no")


def test_jobs_are_added_all_or_none(store: TinyStore, job: MakeJob) -> None:
    first, twice = job(), job()
    added(store, first)
    for several in ([job(), first], [twice, twice]):
        with pytest.raises(Conflict):
            store.jobs.add(several)
    assert ids(store.jobs.list()) == [first.id]


def test_pages_go_from_the_newest_to_the_oldest_without_gap_or_repetition(
    store: TinyStore, job: MakeJob
) -> None:
    # The clock was set back meanwhile.
    every = added(store, *(job(created_at=100.0 - n) for n in range(7)))
    pages: list[list[str]] = [ids(store.jobs.list(limit=3))]
    while page := ids(store.jobs.list(limit=3, after=pages[-1][-1])):
        pages.append(page)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(chain.from_iterable(pages)) == every[::-1]


def test_a_list_is_narrowed_by_status_and_batch(store: TinyStore, job: MakeJob) -> None:
    a, b, c, d = added(store, job(batch="x"), job(batch="x"), job(batch="y"), job())
    store.jobs.move(b, Status.CANCELLED)
    store.jobs.move(c, Status.FAILED)
    assert ids(store.jobs.list(status=[Status.QUEUED])) == [d, a]
    assert ids(store.jobs.list(status=FINISHED)) == [c, b]
    assert ids(store.jobs.list(status=FINISHED, after=c)) == [b]
    assert ids(store.jobs.list(batch="x")) == [b, a]
    assert ids(store.jobs.list(batch="x", status=[Status.QUEUED, Status.FAILED])) == [a]
    assert ids(store.jobs.list(status=[])) == ids(store.jobs.list(batch="z")) == []


def test_unfinished_is_the_newest_job_for_the_same_url_and_directory(
    store: TinyStore, job: MakeJob
) -> None:
    other = JobOptions(directory="/other")
    first, second, _, _ = added(store, job(), job(), job("https://x.example/"), job(options=other))

    def found() -> str | None:
        unfinished = store.jobs.unfinished("https://example.com/f.bin", "/data")
        return unfinished and unfinished.id

    assert found() == second
    store.jobs.move(second, Status.CANCELLED)
    assert found() == first
    store.jobs.move(first, Status.PAUSED)
    assert found() == first
    store.jobs.move(second, Status.QUEUED)
    assert found() == second


def test_claims_take_the_highest_priority_first_then_the_oldest(
    store: TinyStore, job: MakeJob
) -> None:
    low, old, new, high = added(
        store, job(priority=-1), job(), job(created_at=0), job(priority=5, created_at=9e9)
    )
    late = added(store, job())[0]
    store.jobs.move(late, priority=4)
    worker = store.worker()
    claimed = [store.jobs.claim(worker) for _ in range(6)]
    assert [job and job.id for job in claimed] == [high, late, old, new, low, None]


def test_a_claimed_job_is_resolving_and_held_and_counts_the_attempt(
    store: TinyStore, job: MakeJob
) -> None:
    (job_id,) = added(store, job(updated_at=0))
    worker = store.worker()
    claimed = store.jobs.claim(worker)
    assert claimed == store.jobs.get(job_id)
    assert claimed is not None
    assert (claimed.status, claimed.worker, claimed.attempt) == (Status.RESOLVING, worker, 1)
    assert claimed.updated_at > 0


def test_a_claim_can_be_narrowed_to_some_jobs(store: TinyStore, job: MakeJob) -> None:
    a, b, c = added(store, job(priority=9), job(), job(priority=1))
    worker = store.worker()
    claimed = [store.jobs.claim(worker, job_ids=[b, c, "dl_no"]) for _ in range(3)]
    assert [job and job.id for job in claimed] == [c, b, None]
    assert store.jobs.get(a).status == Status.QUEUED
    assert store.jobs.claim(worker, job_ids=[]) is None


def test_a_job_that_is_not_queued_is_not_claimed(store: TinyStore, job: MakeJob) -> None:
    a, b = added(store, job(), job())
    store.jobs.move(a, Status.PAUSED)
    store.jobs.move(b, Status.CANCELLED)
    assert store.jobs.claim(store.worker()) is None
    assert store.jobs.claim(store.worker(), job_ids=[a, b]) is None


def test_a_replaced_worker_cannot_move_its_job_any_more(
    store: TinyStore, open_again: OpenStore, job: MakeJob
) -> None:
    (job_id,) = added(store, job())
    first = open_again()
    lost = first.jobs.claim(first.worker())
    assert lost is not None
    first.close()
    taken = store.jobs.claim(store.worker())
    assert taken is not None
    with pytest.raises(Conflict, match="no longer held by attempt 1"):
        store.jobs.move(job_id, Status.DOWNLOADING, attempt=lost.attempt)
    moved = store.jobs.move(job_id, Status.DOWNLOADING, attempt=taken.attempt)
    assert (moved.status, moved.worker) == (Status.DOWNLOADING, taken.worker)


@pytest.mark.parametrize("to", [Status.PAUSED, Status.CANCELLED, Status.QUEUED])
def test_a_job_taken_out_of_its_workers_hands_loses_the_worker(
    store: TinyStore, job: MakeJob, to: Status
) -> None:
    (job_id,) = added(store, job())
    claimed = store.jobs.claim(store.worker())
    assert claimed is not None
    assert store.jobs.move(job_id, to).worker is None
    with pytest.raises(Conflict):
        store.jobs.move(job_id, attempt=claimed.attempt, files=[])


def test_an_illegal_move_is_refused_and_names_the_legal_ones(
    store: TinyStore, job: MakeJob
) -> None:
    (job_id,) = added(store, job())
    with pytest.raises(Conflict, match="cannot become completed") as caught:
        store.jobs.move(job_id, Status.COMPLETED, priority=3)
    assert "cancelled, failed, paused, resolving" in (caught.value.hint or "")
    assert store.jobs.get(job_id).priority == 0


def test_a_move_changes_the_fields_it_is_given(store: TinyStore, job: MakeJob) -> None:
    (job_id,) = added(store, job(updated_at=0))
    files = (JobFile(id="1", sha256="0" * 64, verified=True),)
    error = JobError(code="X", message="m")
    moved = store.jobs.move(job_id, Status.FAILED, files=files, error=error, platform="web")
    assert moved == store.jobs.get(job_id)
    assert (moved.files, moved.error, moved.platform) == (files, error, "web")
    assert moved.updated_at > 0
    assert store.jobs.move(job_id, Status.QUEUED, error=None).error is None


def test_a_move_refuses_fields_and_values_that_a_job_cannot_have(
    store: TinyStore, job: MakeJob
) -> None:
    (job_id,) = added(store, job())
    for field in ("colour", "id", "updated_at", "status"):
        with pytest.raises(TypeError, match=field):
            store.jobs.move(job_id, **{field: 1})
    with pytest.raises(ValidationError):
        store.jobs.move(job_id, priority="high")
    assert store.jobs.get(job_id).priority == 0


def test_only_finished_jobs_are_removed(store: TinyStore, job: MakeJob) -> None:
    a, b, c = added(store, job(batch="x"), job(batch="x"), job(batch="x"))
    store.jobs.move(a, Status.CANCELLED)
    store.jobs.move(b, Status.FAILED)
    assert store.jobs.remove([a, a, c, "dl_no"]) == 1
    assert ids(store.jobs.list(batch="x")) == [c, b]
    assert store.jobs.remove([b]) == 1
    assert ids(store.jobs.list()) == [c]


def test_two_stores_in_one_process_see_each_others_changes(
    store: TinyStore, open_again: OpenStore, job: MakeJob
) -> None:
    other = open_again()
    version = other.version()
    (job_id,) = added(store, job())
    assert other.version() != version
    assert ids(other.jobs.list()) == [job_id]
    claimed = other.jobs.claim(other.worker())
    assert claimed is not None
    assert store.jobs.claim(store.worker()) is None
    assert store.jobs.get(job_id) == claimed


def test_what_a_newer_version_wrote_beside_stays(
    home: Path, open_again: OpenStore, job: MakeJob
) -> None:
    document = job(id="dl_1").model_dump(mode="json")
    document |= {"colour": "blue", "options": document["options"] | {"mood": 7}}
    (home / "catalogue").mkdir(parents=True)
    (home / "catalogue" / "journal-1").write_bytes(encode([["jobs", "dl_1", document]]))
    store = open_again()
    store.jobs.move("dl_1", Status.FAILED, priority=2)
    last = (home / "catalogue" / "journal-1").read_bytes().splitlines()[-1]
    ((_, _, written),) = json.loads(last.partition(b" ")[2])
    assert (written["colour"], written["options"]["mood"]) == ("blue", 7)
    assert (written["status"], written["priority"]) == ("failed", 2)


def test_a_record_that_is_no_job_is_named(home: Path, open_again: OpenStore) -> None:
    (home / "catalogue").mkdir(parents=True)
    strange = {"id": "dl_1", "status": [], "options": 3, "priority": "x", "batch": {}}
    (home / "catalogue" / "journal-1").write_bytes(encode([["jobs", "dl_1", strange]]))
    with pytest.raises(StoreError, match="dl_1"):
        open_again().jobs.get("dl_1")
