"""How long the command takes to start, as medians, next to the targets and to bare Python."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

RUNS = 15
GALION = str(Path(sysconfig.get_path("scripts")) / "galion")
BARE = [sys.executable, "-c", "pass"]
TARGETS_MS = {
    "galion --version": 40,
    "galion plugins": 100,
    "galion detect https://example.com/f.bin": 150,
}


def milliseconds(command: list[str], environment: dict[str, str]) -> float:
    """The median wall time of a run that succeeds."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])  # the first run warms the caches of files and bytecode


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"GALION_HOME": home}
        bare = milliseconds(BARE, environment)
        print(f"{'command':<42}{'median':>8}{'target':>8}{'x python':>10}")
        print(f"{'python -c pass':<42}{bare:>5.0f} ms{'':>8}{1:>10.1f}")
        for command, target in TARGETS_MS.items():
            took = milliseconds([GALION, *command.split()[1:]], environment)
            print(f"{command:<42}{took:>5.0f} ms{target:>5} ms{took / bare:>10.1f}")


if __name__ == "__main__":
    main()
