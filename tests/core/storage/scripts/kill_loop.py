"""Kills writers with SIGKILL, two at once: ``kill_loop.py HOME ROUNDS SNAPSHOT_AT``.

Each writer acknowledges every record that it stored, on a pipe. After each round the store opens
and holds all that was acknowledged in all rounds, and at most one more of each writer.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from galion_core.storage.tinystore import TinyStore

HOME, ROUNDS, SNAPSHOT_AT = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def write_for_ever(name: str, acknowledge: int) -> None:
    records = TinyStore(HOME, snapshot_at=SNAPSHOT_AT).records("artifacts")
    number = 0
    while True:
        records.put(f"{name}-{number}", {"number": number, "text": "ä\n" * 20})
        records.put(f"{name}-last", {"number": number})
        os.write(acknowledge, b"%d\n" % number)
        number += 1


def start(name: str) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            write_for_ever(name, write)
        finally:
            os._exit(1)  # a writer never ends by itself
    os.close(write)
    return pid, read


def kill_after(writes: int, pid: int, acknowledged: int) -> int:
    """Kill the writer once it acknowledged so many; how many it did in the end."""
    with open(acknowledged, "rb") as lines:
        count = 0
        while count < writes:
            if not lines.readline():
                raise SystemExit("a writer ended by itself")
            count += 1
        os.kill(pid, signal.SIGKILL)
        count += len(lines.readlines())
    os.waitpid(pid, 0)
    return count


def check(acknowledged: dict[str, int]) -> None:
    store = TinyStore(HOME, snapshot_at=SNAPSHOT_AT)
    records = store.records("artifacts")
    for name, count in acknowledged.items():
        for number in range(count):
            record = records.get(f"{name}-{number}")
            assert record == {"number": number, "text": "ä\n" * 20}, f"{name}-{number}: {record}"
        last = records.get(f"{name}-last") or {}
        assert last.get("number") in (count - 1, count), f"{name}: {count}, {last}"
        assert records.get(f"{name}-{count + 1}") is None
    store.close()


acknowledged: dict[str, int] = {}
for round_number in range(ROUNDS):
    writers = {f"w{round_number}{letter}": 3 + 7 * round_number % 23 for letter in "ab"}
    started = {name: start(name) for name in writers}
    for name, (pid, pipe) in started.items():
        acknowledged[name] = kill_after(writers[name], pid, pipe)
    check(acknowledged)
sys.stdout.write(f"{len(acknowledged)} killed, {sum(acknowledged.values())} acknowledged\n")
