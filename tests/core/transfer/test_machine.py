"""The machine fails while several connections are at work."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.core.transfer.row import ETAG, FILE, MIB, NAMES, PACE, asked, check_economy

from galion_core.errors import DiskError
from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.testing.messages import http_date
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity, PartJournal
from galion_core.transfer.wanted import Fetched

Fetch = Callable[..., Fetched]
SCRIPTS = Path(__file__).parent / "scripts"
KILLS = 30
LANES = 8


@pytest.mark.row("SIGKILL at 30 random moments, several connections")
def test_thirty_kills_cost_at_most_a_block_of_each_connection(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    """The server counts what it gave to the kernel; it is slow, so that little is under way."""
    body = PatternBody(96 * MIB, seed=4)
    slow = threading.Event()
    slow.set()
    throttle = faults.Throttle(4 * MIB, when=lambda request: slow.is_set())
    url = server.add("/file.bin", body, faults=[throttle])
    script = SCRIPTS / "fetch_in_forks.py"
    command = [sys.executable, str(script), url, str(directory), "file.bin", str(LANES)]
    journal = PartJournal(directory / "file.bin.part.journal")
    chance, pipe = random.Random(21), subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None
        for _ in range(KILLS):
            found = journal.read()
            there = set(found[1]) if found else set()
            before = len(server.requests)
            moment = chance.randrange(5 * MIB)
            forks.stdin.write("\n")
            process = int(forks.stdout.readline())
            server.wait_for(
                lambda seen, before=before, moment=moment: (
                    len(seen) > before
                    and sum(each.body_bytes_sent for each in seen[before:]) >= moment
                )
            )
            os.kill(process, signal.SIGKILL)
            assert forks.stdout.readline() == "\n"
            server.wait_until_idle()
            # What the journal knew is not asked for again.
            for request in server.requests[before:]:
                assert not there & {asked(request)[0] // BLOCK}
    slow.clear()
    killed = len(server.requests)
    assert killed > 2 * KILLS
    assert fetch(url, filename="file.bin").sha256 == body.sha256()
    assert {path.name for path in directory.iterdir()} == {"file.bin"}
    sent = sum(request.body_bytes_sent for request in server.requests)
    assert sent <= body.size + KILLS * LANES * BLOCK
    # Sharper: each connection lost a block, and a beat that was in the buffers.
    assert sent <= body.size + 2 * BLOCK * killed


@pytest.mark.row("gaps that an earlier run left, several connections")
@pytest.mark.parametrize("there", [{0, 3, 4, 9, 15}, {1, 2}, set(range(0, 16, 2)), {15}], ids=str)
def test_only_the_gaps_are_asked_for(
    there: set[int], server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    part = bytearray(FILE.size)
    journal = PartJournal(directory / "file.bin.part.journal")
    journal.start(Identity("a source", None, Validators(etag=ETAG, size=FILE.size)))
    for index in there:
        part[index * BLOCK : (index + 1) * BLOCK] = FILE.content(index * BLOCK, (index + 1) * BLOCK)
        journal.add(index)
    journal.close()
    (directory / "file.bin.part").write_bytes(part)
    url = server.add("/file.bin", FILE, faults=[PACE])
    assert fetch(url, filename="file.bin", connections=LANES).sha256 == FILE.sha256()
    assert not there & {asked(request)[0] // BLOCK for request in server.requests}
    sent = sum(request.body_bytes_sent for request in server.requests)
    assert sent <= FILE.size - len(there) * BLOCK + 2 * BLOCK * len(server.requests)


@pytest.mark.row("a disk that is full in mid-file, several connections", ends=DiskError)
def test_a_disk_that_fills_keeps_what_all_connections_brought(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = server.add("/file.bin", FILE, faults=[PACE])
    script = SCRIPTS / "fetch_file.py"
    command = [sys.executable, str(script), url, str(directory), f"--connections={LANES}"]
    said = subprocess.run(
        [*command, f"--largest-file={10 * MIB + 1000}"], capture_output=True, text=True, check=True
    )
    assert json.loads(said.stdout)["code"] == "DISK_ERROR"
    assert said.stderr == ""
    assert {path.name for path in directory.iterdir()} == NAMES - {"file.bin"}
    server.wait_until_idle()
    server.forget_requests()
    assert fetch(url, filename="file.bin", connections=LANES).sha256 == FILE.sha256()
    assert all(request.range for request in server.requests)
    check_economy(server)


@pytest.mark.row("a clock that jumps by years")
@pytest.mark.parametrize("connections", [1, LANES])
def test_a_clock_that_jumps_does_not_matter(
    connections: int, server: FaultServer, directory: Path
) -> None:
    wait = faults.Status(503, times=1, retry_after=timedelta(seconds=1))
    cut = faults.CutBody(5 * MIB, times=1)
    url = server.add("/file.bin", FILE, faults=[wait, cut, PACE])
    command = [sys.executable, str(SCRIPTS / "fetch_file.py"), url, str(directory)]
    command += [f"--connections={connections}", "--retries=3", "--clock-jumps"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (said.stdout, said.stderr) == ("", "")
    assert (directory / "file.bin").read_bytes() == FILE.content()
    assert sum(request.range is None for request in server.requests) == 2


@pytest.mark.row("Retry-After as a date, by a clock that is years off")
@pytest.mark.parametrize("years", [-10, 10])
def test_a_date_to_wait_for_is_one_of_the_servers_clock(
    years: int, server: FaultServer, fetch: Fetch
) -> None:
    def later(seconds: int) -> str:
        return http_date(datetime.now(UTC) + timedelta(days=365 * years, seconds=seconds))

    wait = faults.Status(503, times=1, headers={"Date": later(0), "Retry-After": later(1)})
    url = server.add("/file.bin", FILE, faults=[wait])
    assert fetch(url).sha256 == FILE.sha256()
    first, second = server.requests
    assert second.at - first.at > 0.99
