"""How long a cancel takes, whatever the download is at: median and most of ten, milliseconds.

In one process: until ``Engine.cancel`` returns, when nothing is asked or written any more. (A file
that is whole is brought to the disk and gets its name first; that takes what the disk takes.) From
another process: from the end of `galion jobs cancel` to that of the command that downloads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from galion_core.engine.engine import Engine
from galion_core.engine.opening import open_engine
from galion_core.engine.request import DownloadRequest
from galion_core.jobs import Status
from galion_core.settings.layers import layers_of
from galion_core.startup import load_plugins
from galion_core.testing import FaultServer, PatternBody, SparseBody, faults, silent_port

RUNS = 10
TARGET_MS = 200
GALION = Path(sysconfig.get_path("scripts")) / "galion"

Until = Callable[[Engine, str], bool]


def some_bytes(engine: Engine, job_id: str) -> bool:
    return job_id in engine.progress and engine.progress[job_id].received > 0


def begun(engine: Engine, job_id: str) -> bool:
    return bool(engine.find([Status.DOWNLOADING]))


def asked(server: FaultServer) -> Until:
    return lambda engine, job_id: bool(server.requests)


async def cancel(settings: dict[str, object], url: str, until: Until) -> float:
    """Milliseconds of one cancel, once the download is as far as that."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["GALION_HOME"] = home
        layers = layers_of({"download.directory": f"{home}/files", **settings})
        async with open_engine(layers, load_plugins(layers, print)) as engine:
            job_id = engine.submit(DownloadRequest(url=url)).id
            working = asyncio.create_task(engine.work(job_id))
            while not until(engine, job_id):
                assert not working.done(), working.result()
                await asyncio.sleep(0.005)
            start = time.perf_counter()
            job = await engine.cancel(job_id)
            took = time.perf_counter() - start
            assert (await working).status is job.status is Status.CANCELLED
            assert not [*Path(home, "files").glob("*.part*")]
            return took * 1000


def within() -> Iterator[tuple[str, Callable[[], Awaitable[float]]]]:
    """What a download may be at."""

    def case(
        url: str, until: Until, server: FaultServer, **settings: object
    ) -> Callable[[], Awaitable[float]]:
        def run() -> Awaitable[float]:
            server.forget_requests()
            return cancel({f"download.{key}": value for key, value in settings.items()}, url, until)

        return run

    with FaultServer() as server, silent_port() as silent:
        slow = server.add("/slow", PatternBody(1 << 30), faults=[faults.Throttle(1 << 20)])
        yield "receiving, 1 connection", case(slow, some_bytes, server, connections=1)
        yield "receiving, up to 16 connections", case(slow, some_bytes, server)
        fast = server.add("/fast", SparseBody(20 << 30))
        yield "receiving at full speed", case(fast, some_bytes, server)
        yield "held by a limit of speed", case(fast, some_bytes, server, limit_rate="20K")
        busy = server.add("/busy", faults=[faults.Status(503, retry_after=100)])
        yield "waiting to try again", case(busy, asked(server), server)
        mute = server.add("/mute", faults=[faults.StallBeforeHeaders()])
        yield "waiting for an answer", case(mute, asked(server), server)
        hop = server.add_redirects("/hop", 1, to="/mute")
        yield "waiting behind a redirect", case(hop, asked(server), server)
        nowhere = f"http://127.0.0.1:{silent}/"
        yield "connecting", case(nowhere, begun, server)


def across(server: FaultServer) -> float:
    """Milliseconds of a cancel from another process, the end of the process included."""
    url = server.add("/slow", PatternBody(1 << 30), faults=[faults.Throttle(1 << 20)])
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "GALION_HOME": home}
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server.forget_requests()
        running = subprocess.Popen(
            [GALION, "download", url, "-d", f"{home}/files"],
            env=environment,
            **silent,  # type: ignore[call-overload]
        )
        server.wait_for(lambda seen: any(one.body_bytes_sent for one in seen))
        time.sleep(0.2)
        subprocess.run([GALION, "jobs", "cancel", "--all"], env=environment, check=True, **silent)  # type: ignore[call-overload]
        start = time.perf_counter()
        running.wait()
        took = time.perf_counter() - start
        assert not [*Path(home, "files").glob("*.part*")]
        return took * 1000


def show(what: str, times: list[float]) -> None:
    median, most = statistics.median(times), max(times)
    mark = "" if most <= TARGET_MS else "  TOO LONG"
    print(f"{what:32} {median:8.1f} {most:8.1f}{mark}", flush=True)


def main() -> None:
    print(f"{'':32} {'median':>8} {'most':>8}")
    with contextlib.closing(within()) as cases:
        for what, run in cases:
            show(what, [asyncio.run(timed(run)) for _ in range(RUNS)])
    with FaultServer() as server:
        show("from another process", [across(server) for _ in range(RUNS)])


async def timed(run: Callable[[], Awaitable[float]]) -> float:
    return await run()


if __name__ == "__main__":
    main()
