"""Several processes, some of them killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from galion_core.jobs import Job, Status
from galion_core.storage.tinystore import TinyStore

SCRIPTS = Path(__file__).parent / "scripts"


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPTS / script), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output_of(script: str, *arguments: object) -> str:
    process = start(script, *arguments)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert err == ""
    return out


def test_eight_processes_add_fifty_jobs_each_and_all_are_there(home: Path) -> None:
    processes = [start("add_jobs.py", home, 50) for _ in range(8)]
    results = [(process.communicate(timeout=100), process.returncode) for process in processes]
    assert results == [(("", ""), 0)] * 8
    store = TinyStore(home)
    assert len(store.jobs.list(limit=1000)) == 400
    store.close()


def test_fifty_kills_lose_nothing_acknowledged(home: Path) -> None:
    assert output_of("kill_loop.py", home, 25, 1 << 20).startswith("50 killed")


def test_kills_while_snapshots_are_made_lose_nothing_acknowledged(home: Path) -> None:
    assert output_of("kill_loop.py", home, 10, 1000).startswith("20 killed")
    snapshots = [path.name for path in (home / "catalogue").glob("snapshot-*")]
    assert snapshots
    assert "snapshot-2" not in snapshots  # there were several, and the old ones went


def test_an_end_before_any_system_call_leaves_a_store_that_opens(tmp_path: Path) -> None:
    ends = json.loads(output_of("crash_steps.py", tmp_path))
    assert ends.keys() >= {"open", "write", "fsync", "rename", "unlink", "whole"}


def test_the_job_of_a_killed_worker_can_be_claimed_at_once_and_the_living_keeps_its_own(
    store: TinyStore, home: Path, job: Callable[..., Job]
) -> None:
    store.jobs.add([job()])
    with start("hold_worker.py", home) as holder:
        assert holder.stdout is not None
        job_id, worker = holder.stdout.readline().split()
        assert store.jobs.get(job_id).worker == worker
        assert store.jobs.claim(store.worker()) is None
        holder.kill()
    mine = store.worker()
    claimed = store.jobs.claim(mine)
    assert claimed is not None
    assert (claimed.id, claimed.worker, claimed.attempt) == (job_id, mine, 2)
    assert claimed.status == Status.RESOLVING
