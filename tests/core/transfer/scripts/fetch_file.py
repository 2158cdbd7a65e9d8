"""Fetches one file in a process of its own: URL DIRECTORY NAME [LARGEST FILE IN BYTES].

Prints the error as JSON, or nothing.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from galion_core.errors import GalionError
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Progress, Wanted
from galion_core.types import RemoteFile


async def fetch(url: str, directory: str, name: str) -> None:
    mover = Mover(Limits(), Patience(retries=0))
    wanted = Wanted(
        remote=RemoteFile(url=url), source="a source", directory=Path(directory), filename=name
    )
    try:
        await mover.fetch(wanted, Progress())
    except GalionError as error:
        sys.stdout.write(json.dumps(error.as_dict()))
    finally:
        mover.close()


if len(sys.argv) > 4:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
asyncio.run(fetch(*sys.argv[1:4]))
