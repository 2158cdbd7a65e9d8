"""What a command costs, the processes that it starts included.

The command is run by this file as a small program of its own: the kernel counts the memory of who
starts a process into the peak of that process, and the benchmark itself is large.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Of one run."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, of the user and of the system."""
    memory: float
    """MiB at the peak of the largest process."""


class Failed(Exception):
    """The command did not do what was asked."""


def run(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[Cost, str]:
    """Run it in a folder; its cost, and what it printed. Raises Failed."""
    report = folder / "cost.json"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", __file__, str(report), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise Failed(f"exit code {ended.returncode}: {ended.stderr[-500:].strip()}")
    return Cost(**json.loads(report.read_text())), ended.stdout


def _measure(report: str, command: list[str]) -> int:
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - start
    cost = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}
    with open(report, "w") as file:
        json.dump(cost, file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_measure(sys.argv[1], sys.argv[2:]))
