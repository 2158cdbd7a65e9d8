"""Fetches one file again and again, each time in a new process: URL DIRECTORY NAME CONNECTIONS.

For every line of input a process is made and its id printed; once that has ended, an empty line.
The processes are forks of this one, so that none has to import anything.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Progress, Wanted
from galion_core.types import RemoteFile


async def fetch(url: str, directory: str, name: str, connections: str) -> None:
    mover = Mover(Limits(), Patience())
    wanted = Wanted(
        remote=RemoteFile(url=url),
        source="a source",
        directory=Path(directory),
        filename=name,
        connections=int(connections),
    )
    await mover.fetch(wanted, Progress())


for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        asyncio.run(fetch(*sys.argv[1:5]))
        os._exit(0)
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
    os.waitpid(child, 0)
    sys.stdout.write("\n")
    sys.stdout.flush()
