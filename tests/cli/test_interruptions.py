"""Stopped by a person, by the system, by another process: what has arrived is kept."""

from __future__ import annotations

import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, faults

if TYPE_CHECKING:
    from tests.cli.conftest import Galion, Publish, Running

BODY = PatternBody(8 << 20)
HALF = 4 << 20


@pytest.fixture
def url(server: FaultServer) -> str:
    """A file whose first delivery stops in the middle, and stays silent."""
    return server.add("/model.bin", BODY, faults=[faults.Stall(after=HALF, times=1)])


def half_way(galion: Galion, server: FaultServer, url: str, *options: str) -> Running:
    """A download that has got some of the bytes."""
    running = galion.start("download", url, *options)
    part = galion.cwd / "model.bin.part"
    server.wait_for(lambda seen: any(one.body_bytes_sent >= HALF for one in seen))
    while not (part.exists() and part.stat().st_size >= HALF // 2):
        assert running.process.poll() is None
    return running


def only_job(galion: Galion) -> dict[str, object]:
    return galion("jobs", "--json").object


def test_ctrl_c_keeps_what_has_arrived_and_the_same_command_goes_on(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url)
    running.signal(signal.SIGINT)
    ended = running.end()
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.splitlines() == [
        "Stopping; what has arrived is kept. Press Ctrl-C again to leave at once.",
        "Stopped. Run the same command again to go on.",
    ]
    job = only_job(galion)
    assert job["status"] == "paused"

    server.forget_requests()
    again = galion("download", url, "--json")
    assert (again.code, again.object["id"]) == (0, job["id"])
    first = server.requests[0]
    assert first.range is not None
    assert first.range != "bytes=0-"
    assert again.object["files"][0]["sha256"] == BODY.sha256()
    assert galion.files == ["model.bin"]


def test_sigterm_is_a_ctrl_c(galion: Galion, server: FaultServer, url: str) -> None:
    running = half_way(galion, server, url)
    running.signal(signal.SIGTERM)
    assert running.end().code == 130
    assert only_job(galion)["status"] == "paused"


SLOW_TO_HEAR = """
import time
from galion_core import hookimpl

@hookimpl
def galion_event(event):
    if event.type == "job.paused":
        print("hearing", flush=True)
        time.sleep(60)
"""


@pytest.mark.row("SIGINT twice", ends="exit 130")
def test_a_second_ctrl_c_leaves_at_once(
    galion: Galion, server: FaultServer, url: str, publish: Publish
) -> None:
    publish("slow", SLOW_TO_HEAR)
    running = half_way(galion, server, url)
    running.signal(signal.SIGINT)
    assert running.process.stdout is not None
    assert running.process.stdout.readline() == "hearing\n"
    running.signal(signal.SIGINT)
    assert running.end().code == 130


def test_after_kill_9_the_same_command_takes_the_same_job_up(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url)
    running.signal(signal.SIGKILL)
    running.end()
    job = only_job(galion)
    assert job["status"] == "downloading"

    server.forget_requests()
    again = galion("download", url, "--json")
    assert (again.code, again.object["id"]) == (0, job["id"])
    assert any(one.range is not None and one.range != "bytes=0-" for one in server.requests)
    assert galion.files == ["model.bin"]


def test_who_asks_again_may_ask_for_something_else(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url)
    running.signal(signal.SIGKILL)
    running.end()
    ended = galion("download", url, "--checksum", f"sha256={'0' * 64}", "--json")
    assert (ended.code, ended.object["error"]["code"]) == (7, "INTEGRITY_FAILED")
    assert "model.bin" not in galion.files


def test_retry_takes_up_a_job_whose_process_died(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url)
    running.signal(signal.SIGKILL)
    running.end()
    ended = galion("jobs", "retry", str(only_job(galion)["id"]))
    assert (ended.code, galion.files) == (0, ["model.bin"])


def test_two_processes_with_one_url_do_not_disturb_each_other(
    galion: Galion, server: FaultServer
) -> None:
    go_on = threading.Event()
    url = server.add("/model.bin", BODY, faults=[faults.Stall(after=HALF, until=go_on, times=1)])
    first = half_way(galion, server, url)
    second = galion("download", url, "--json")
    assert (second.code, second.object["error"]["code"]) == (1, "CONFLICT")
    assert "`galion jobs`" in second.err
    assert galion("jobs", "retry", str(only_job(galion)["id"])).code == 1
    go_on.set()
    ended = first.end()
    assert (ended.code, galion.files) == (0, ["model.bin"])
    assert (galion.cwd / "model.bin").read_bytes() == BODY.content()


def test_cancel_stops_the_download_of_another_process_and_deletes_what_it_had(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url, "--json")
    job_id = str(only_job(galion)["id"])
    cancelled = galion("jobs", "cancel", job_id)
    assert (cancelled.code, cancelled.err) == (0, f"{job_id} is cancelled\n")
    ended = running.end()
    assert (ended.code, ended.object["status"], ended.object["error"]) == (130, "cancelled", None)
    assert f"galion jobs retry {job_id}" in ended.err
    assert galion.files == []
    again = galion("jobs", "retry", job_id, "--json")
    assert (again.code, again.object["id"], galion.files) == (0, job_id, ["model.bin"])


def test_pause_stops_the_download_of_another_process_and_resume_goes_on_with_it(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url, "--json")
    job_id = str(only_job(galion)["id"])
    paused = galion("jobs", "pause", job_id)
    assert (paused.code, paused.err) == (0, f"{job_id} is paused\n")
    ended = running.end()
    assert (ended.code, ended.object["status"], ended.object["error"]) == (130, "paused", None)
    assert "was paused by somebody else" in ended.err
    assert f"`galion jobs resume {job_id}` goes on with it" in ended.err
    assert galion.files == ["model.bin.part", "model.bin.part.journal"]

    server.forget_requests()
    again = galion("jobs", "resume", job_id, "--json")
    assert (again.code, again.object["id"], galion.files) == (0, job_id, ["model.bin"])
    assert server.requests[0].range not in (None, "bytes=0-")


def test_all_downloads_can_be_paused_resumed_and_cancelled_at_once(
    galion: Galion, server: FaultServer
) -> None:
    names = ["/a", "/b", "/c"]
    urls = [server.add(name, BODY, faults=[faults.Stall(times=1)]) for name in names]
    running = galion.start("download", *urls, "-j", "2")
    server.wait_for(2)
    paused = galion("jobs", "pause", "--all")
    assert (paused.code, len(paused.err.splitlines())) == (0, 3)
    assert running.end().code == 130
    assert {each["status"] for each in galion("jobs", "--json").objects} == {"paused"}

    stalled = server.add("/c", BODY, faults=[faults.Stall()])
    assert stalled == urls[2]
    resumed = galion.start("jobs", "resume", "--all")
    server.wait_for(lambda seen: any(one.path == "/c" for one in seen))
    assert galion("jobs", "cancel", "--all").code == 0
    assert resumed.end().code in (9, 130)
    assert galion("jobs", "--json").objects[0]["status"] == "cancelled"
    assert galion("jobs", "list", "--status", "paused").out == ""


def test_cancelling_a_paused_job_deletes_what_it_had(
    galion: Galion, server: FaultServer, url: str
) -> None:
    running = half_way(galion, server, url)
    running.signal(signal.SIGINT)
    running.end()
    assert "model.bin.part" in galion.files
    assert galion("jobs", "cancel", str(only_job(galion)["id"])).code == 0
    assert galion.files == []


def test_a_reader_who_leaves_ends_the_command_without_a_traceback(
    galion: Galion, server: FaultServer
) -> None:
    """As in ``galion download A B | head -1``."""
    urls = [server.add(f"/{name}", b"bytes") for name in "abc"]
    running = galion.start("download", *urls, "-j", "1")
    assert running.process.stdout is not None
    running.process.stdout.close()
    running.process.stdout = None
    assert running.process.stderr is not None
    said = running.process.stderr.read()
    assert running.process.wait() == 1
    assert "Traceback" not in said
    assert "Exception ignored" not in said


def test_a_reader_of_both_outputs_who_leaves_is_no_drama_either(galion: Galion) -> None:
    running = galion.start("config", "show", stderr=subprocess.STDOUT)
    assert running.process.stdout is not None
    running.process.stdout.close()
    running.process.stdout = None
    assert running.process.wait() == 1
