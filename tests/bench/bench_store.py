"""What a change costs at different sizes of the store, on average, and what opening it costs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from galion_core.jobs import Job, JobFile, JobOptions, new_id
from galion_core.storage.protocol import Store
from galion_core.storage.tinystore import open_store

SIZES = (1_000, 10_000, 50_000)
RUNS = 1_000
TARGET_MS = 1


def new_job(number: int) -> Job:
    return Job(
        id=new_id("dl"),
        url=f"https://example.com/files/{number}.bin",
        options=JobOptions(directory="/home/user/Downloads"),
        files=(JobFile(id=str(number), name=f"{number}.bin", size=number),),
    )


def milliseconds(action: Callable[[int], object], runs: int = RUNS) -> float:
    """The mean time of a run."""
    start = time.perf_counter()
    for number in range(runs):
        action(number)
    return (time.perf_counter() - start) * 1000 / runs


def measure(store: Store, ids: Sequence[str]) -> Iterator[float]:
    """A move, a record replaced, a claim, a page of the list: milliseconds each."""
    jobs, records, worker = store.jobs, store.records("bench"), store.worker()
    yield milliseconds(lambda n: jobs.move(ids[n % len(ids)], priority=n % 3))
    yield milliseconds(lambda n: records.put("one", {"number": n, "text": "x" * 300}))
    yield milliseconds(lambda n: jobs.claim(worker), 100)
    yield milliseconds(lambda n: jobs.list(), 100)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        have = 0
        print(f"{'ms at':>8}{'move':>8}{'put':>8}{'claim':>8}{'list 50':>9}   target {TARGET_MS}")
        for size in SIZES:
            jobs = [new_job(number) for number in range(have, size)]
            store = open_store(home)
            store.jobs.add(jobs)
            store.close()  # and the snapshot that this began
            have = size
            store = open_store(home)
            move, put, claim, page = measure(store, [job.id for job in jobs])
            print(f"{size:>8}{move:>8.3f}{put:>8.3f}{claim:>8.3f}{page:>9.3f}")
            store.close()
        start = time.perf_counter()
        store = open_store(home)
        print(f"open at {have} jobs: {time.perf_counter() - start:.2f} s")
        store.close()


if __name__ == "__main__":
    main()
