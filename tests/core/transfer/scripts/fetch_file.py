"""Fetches one file in a process of its own: URL DIRECTORY [OPTIONS].

Prints the error as JSON, or nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import resource
import sys
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from galion_core.errors import GalionError
from galion_core.transfer import headers
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Progress, Wanted
from galion_core.types import RemoteFile


def jumping_clock() -> None:
    """The clock on the wall jumps by years, back and forth, whenever somebody looks at it."""
    years = itertools.cycle([0, 10, -30, 3])
    right = time.time

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(days=365 * next(years))

    time.time = lambda: right() + next(years) * 365 * 86400
    headers.datetime = Jumping


async def fetch(said: argparse.Namespace) -> None:
    mover = Mover(Limits(), Patience(retries=said.retries, wait=0.01))
    wanted = Wanted(
        remote=RemoteFile(url=said.url),
        source="a source",
        directory=said.directory,
        filename=said.name,
        connections=said.connections,
    )
    try:
        await mover.fetch(wanted, Progress())
    except GalionError as error:
        sys.stdout.write(json.dumps(error.as_dict()))
    finally:
        mover.close()


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("directory", type=Path)
parser.add_argument("--name")
parser.add_argument("--connections", type=int, default=1)
parser.add_argument("--retries", type=int, default=0)
parser.add_argument("--largest-file", type=int, help="bytes")
parser.add_argument("--clock-jumps", action="store_true")
arguments = parser.parse_args()
if arguments.largest_file:
    resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.largest_file, resource.RLIM_INFINITY))
if arguments.clock_jumps:
    jumping_clock()
asyncio.run(fetch(arguments))
