"""Claims a job and keeps it: ``hold_worker.py HOME``; prints the job's id and worker."""

from __future__ import annotations

import sys
from pathlib import Path

from galion_core.storage.tinystore import open_store

store = open_store(Path(sys.argv[1]))
job = store.jobs.claim(store.worker())
assert job is not None
sys.stdout.write(f"{job.id} {job.worker}\n")
sys.stdout.flush()
sys.stdin.read()
