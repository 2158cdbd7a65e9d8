"""Adds jobs, one commit each: ``add_jobs.py HOME COUNT``."""

from __future__ import annotations

import sys
from pathlib import Path

from galion_core.jobs import Job, JobOptions, new_id
from galion_core.storage.tinystore import open_store

store = open_store(Path(sys.argv[1]))
sys.stdin.read()  # all begin when all are ready
for number in range(int(sys.argv[2])):
    url = f"https://example.com/{number}"
    store.jobs.add([Job(id=new_id("dl"), url=url, options=JobOptions(directory="/data"))])
store.close()
