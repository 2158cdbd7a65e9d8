"""How fast files come from nginx on loopback, next to other tools and to the targets.

The tools take turns, so that whatever else the machine does meets them alike.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from transfers.measuring import Cost, Failed, run
from transfers.server import Server, nginx
from transfers.table import lines
from transfers.tools import TOOLS, Order, Tool, check
from transfers.workloads import MIB, RATE, Body, Workload, make_bodies, workloads

#: Bytes of a run that stay until the end: ext4 passes over the inodes of files that were deleted
#: within minutes, so that who makes thousands of files would pay for those of the run before.
SMALL = 100 * MIB


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # nginx ends too
    if nginx() is None:
        print("nginx is not installed: transfers are not measured")
        return 0
    failures = 0
    for tool in TOOLS:
        if tool.missing:
            print(f"{tool.name} is left out: {', '.join(tool.missing)} is not installed")
    with tempfile.TemporaryDirectory(prefix="galion-bench-", dir=options.folder) as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # where root starts nginx, its worker is somebody else
        files, state = folder / "served", folder / "nginx"
        files.mkdir()
        state.mkdir()
        with Server(state, files, rate=RATE) as server:
            for workload in workloads(options.scale):
                if workload.key in options.only:
                    bodies = make_bodies(workload, files)
                    failures += _measure(workload, bodies, server, folder, options.rounds)
                    if workload.total > SMALL:
                        for body in bodies:
                            (files / body.name).unlink()
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="Runs of each tool.")
    parser.add_argument("--only", default="a,b,c,d", help="Workloads, as a,b.")
    parser.add_argument("--scale", type=float, default=1, help="Fewer bytes and files: 0.1.")
    parser.add_argument("--folder", help="On which disk; else where temporary files are.")
    options = parser.parse_args()
    options.only = options.only.split(",")
    return options


def _measure(
    workload: Workload, bodies: list[Body], server: Server, folder: Path, rounds: int
) -> int:
    """Run, and print; how many runs failed comes back."""
    tools = [each for each in TOOLS if not each.missing and (each.many or workload.count == 1)]
    runs: dict[str, list[Cost]] = {tool.name: [] for tool in tools}
    failures = 0
    for number in range(rounds):
        for place, tool in enumerate(tools):
            there = folder / f"run-{workload.key}{number}{place}"
            try:
                runs[tool.name].append(_once(tool, workload, bodies, server, there))
            except Failed as error:
                failures += 1
                print(f"  {tool.name}: {error}", file=sys.stderr)
    print("\n".join(lines(workload, runs)), flush=True)
    return failures


def _once(tool: Tool, workload: Workload, bodies: list[Body], server: Server, folder: Path) -> Cost:
    """One run in a fresh folder, with an empty home; raises Failed."""
    (folder / "files").mkdir(parents=True)
    origin = getattr(server.origins, workload.origin)
    order = Order(folder, origin, bodies, server.authority, slow=workload.origin == "slow")
    environment = os.environ | {
        "HOME": str(folder),
        "GALION_HOME": str(folder / "home"),
        "GALION_CONFIG": str(folder / "config.toml"),
        "SSL_CERT_FILE": str(server.authority),
    }
    try:
        command = tool.command(order)
        os.sync()  # what others left to be written is not this tool's to wait for
        cost, output = run(command, folder, environment)
        check(tool, order, output)
    finally:
        if workload.total > SMALL:
            shutil.rmtree(folder)
    return cost


if __name__ == "__main__":
    sys.exit(main())
