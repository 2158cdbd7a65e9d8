"""Ends a writer before each of its system calls in turn: ``crash_steps.py FOLDER``.

So each step of a commit, of a new journal and of a snapshot is once the last one that was made.
After each the journal opens, holds what was acknowledged, and takes new commits. Prints, for each
kind of call, how often it was the end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from galion_core.storage.journal import Journal

FOLDER = Path(sys.argv[1])
CALLS = ("open", "write", "fsync", "rename", "unlink", "ftruncate", "close")
COMMITS = 6


def end_at(step: int, tell: int) -> None:
    """Make the process end right before its system call number ``step``."""
    really_write, calls = os.write, iter(range(step))

    def ending(name: str) -> Any:  # noqa: ANN401 - it stands for any call
        really = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            if next(calls, None) is None:
                really_write(tell, f"end {name}\n".encode())
                os._exit(0)
            return really(*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, ending(name))


def write(folder: Path, step: int, tell: int) -> None:
    acknowledge = os.write
    end_at(step, tell)
    journal = Journal(folder, snapshot_at=100)
    for number in range(COMMITS):
        journal.commit([("t", str(number), {"text": "x" * 50})])
        acknowledge(tell, f"ack {number}\n".encode())
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()  # so that the order of the calls is always the same
    journal.close()
    acknowledge(tell, b"end whole\n")


def run(folder: Path, step: int) -> tuple[int, str]:
    """How many commits were acknowledged, and the call before which the writer ended."""
    read, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            write(folder, step, tell)
        finally:
            os._exit(0)
    os.close(tell)
    with open(read) as lines:
        *acknowledged, last = lines.read().splitlines()
    os.waitpid(pid, 0)
    return len(acknowledged), last.removeprefix("end ")


def check(folder: Path, acknowledged: int) -> None:
    for _ in range(2):  # the first opening mends, the second finds it mended
        journal = Journal(folder, snapshot_at=100)
        with journal.reading() as tables:
            ids = [doc_id for doc_id in tables.get("t", {}) if doc_id.isdigit()]
        assert ids in [list(map(str, range(n))) for n in (acknowledged, acknowledged + 1)], ids
        journal.commit([("t", "after", {})])
        journal.close()


ends: Counter[str] = Counter()
while "whole" not in ends:
    folder = FOLDER / str(ends.total())
    acknowledged, end = run(folder, ends.total())
    ends[end] += 1
    check(folder, acknowledged)
sys.stdout.write(json.dumps(ends) + "\n")
