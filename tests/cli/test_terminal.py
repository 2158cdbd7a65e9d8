"""What is drawn on a terminal: a real one, whose other end the test holds."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, faults

if TYPE_CHECKING:
    from tests.cli.conftest import Galion, Publish

BODY = PatternBody(8 << 20)
HALF = 4 << 20
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal:
    """A pseudo-terminal; everything that is written to it is kept."""

    def __init__(self, columns: int) -> None:
        self._master, self.descriptor = pty.openpty()
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)
        self._changed = threading.Condition()
        self.raw = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the last writer has gone
            while data := os.read(self._master, 65536):
                with self._changed:
                    self.raw += data.decode(errors="replace")
                    self._changed.notify_all()

    @property
    def text(self) -> str:
        """What was written, control sequences left out."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", self.raw)

    def wait_for(self, pattern: str) -> None:
        with self._changed:
            seen = self._changed.wait_for(lambda: re.search(pattern, self.text), 30)
            assert seen, self.text[-2000:]

    def close(self) -> None:
        os.close(self.descriptor)
        self._reader.join()
        os.close(self._master)


@pytest.fixture
def wide(galion: Galion) -> Iterator[Terminal]:
    yield from _terminal(galion, 100)


@pytest.fixture
def narrow(galion: Galion) -> Iterator[Terminal]:
    yield from _terminal(galion, 40)


def _terminal(galion: Galion, columns: int) -> Iterator[Terminal]:
    terminal = Terminal(columns)
    yield terminal
    galion.stop()
    terminal.close()


@pytest.fixture
def go_on() -> threading.Event:
    return threading.Event()


@pytest.fixture(autouse=True)
def a_terminal_that_can_draw(galion: Galion) -> None:
    galion.environment["TERM"] = "xterm-256color"
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE"):
        galion.environment.pop(variable, None)


def half(server: FaultServer, path: str, until: threading.Event) -> str:
    stall = faults.Stall(after=HALF, until=until)
    return server.add(path, BODY, faults=[stall, faults.AcceptRangesNone()])


def test_a_bar_shows_name_percent_sizes_speed_and_time_left(
    galion: Galion, server: FaultServer, wide: Terminal
) -> None:
    url = server.add("/model.bin", BODY, faults=[faults.Throttle(8 << 20)])
    running = galion.start("download", url, stderr=wide.descriptor)
    wide.wait_for(r"model\.bin +[━╸╺]+ +\d+% +\d\.\d MiB/8\.0 MiB +\d+\.\d MiB/s +0:0\d")
    ended = running.end()
    assert (ended.code, ended.out) == (0, f"{galion.cwd / 'model.bin'}\n")
    assert wide.text.rstrip().endswith("model.bin: 8.0 MiB (no published checksum)")
    assert "Total" not in wide.text
    assert wide.raw.rindex(SHOW_CURSOR) > wide.raw.rindex(HIDE_CURSOR)


def test_several_downloads_have_a_total(
    galion: Galion, server: FaultServer, wide: Terminal, go_on: threading.Event
) -> None:
    urls = [half(server, f"/{name}.bin", go_on) for name in "ab"]
    running = galion.start("download", *urls, server.url("/missing"), stderr=wide.descriptor)
    wide.wait_for(r"Total \(1 of 3\) +[━╸╺]+ +50% +8\.0 MiB/16\.0 MiB")
    go_on.set()
    assert running.end().code == 9
    assert f"Error: {server.url('/missing')}: The file is not on 127.0.0.1" in wide.text


@pytest.mark.parametrize("option", [[], ["--json"]], ids=["paths", "json"])
def test_results_that_are_piped_reach_the_pipe_and_not_the_bars(
    galion: Galion, server: FaultServer, wide: Terminal, option: list[str]
) -> None:
    running = galion.start("download", server.add("/a", BODY), *option, stderr=wide.descriptor)
    path = str(galion.cwd / "a")
    assert path in running.end().out
    assert path not in wide.text


def test_on_one_terminal_paths_and_errors_stand_above_the_bars(
    galion: Galion, server: FaultServer, wide: Terminal, go_on: threading.Event
) -> None:
    urls = [server.add("/small", b"bytes"), half(server, "/model.bin", go_on)]
    running = galion.start("download", *urls, stdout=wide.descriptor, stderr=wide.descriptor)
    wide.wait_for(r"Total \(1 of 2\)[^\n]*\nmodel\.bin +[━╸╺]+ +50%")
    wide.wait_for(r"small: 5 B \(no published checksum\)\n")
    wide.wait_for(re.escape(f"{galion.cwd / 'small'}") + r"\n")
    go_on.set()
    assert running.end().code == 0


def test_on_a_narrow_terminal_the_name_matters_more_than_the_bar(
    galion: Galion, server: FaultServer, narrow: Terminal, go_on: threading.Event
) -> None:
    running = galion.start("download", half(server, "/model.bin", go_on), stderr=narrow.descriptor)
    narrow.wait_for(r"model\.bin +50%")
    go_on.set()
    assert running.end().code == 0
    assert "━" not in narrow.text


def test_wide_characters_are_cut_to_fit(
    galion: Galion, server: FaultServer, narrow: Terminal, go_on: threading.Event
) -> None:
    url = half(server, "/" + "%E6%97%A5" * 30 + ".bin", go_on)
    running = galion.start("download", url, stderr=narrow.descriptor)
    narrow.wait_for("日…? +50%")
    go_on.set()
    assert running.end().code == 0


def test_no_color_means_no_colour(
    galion: Galion, server: FaultServer, wide: Terminal, go_on: threading.Event
) -> None:
    galion.environment["NO_COLOR"] = "1"
    urls = [half(server, "/model.bin", go_on), server.url("/missing")]
    running = galion.start("download", *urls, stderr=wide.descriptor)
    wide.wait_for("model.bin +[━╸╺]+ +50%")
    go_on.set()
    running.end()
    assert "Error:" in wide.text
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", wide.raw) is None


@pytest.mark.parametrize(
    ("variables", "error"),
    [({}, "\x1b[1;31mError:\x1b[0m "), ({"NO_COLOR": "1"}, "Error: ")],
    ids=["colour", "NO_COLOR"],
)
def test_errors_are_red_on_a_terminal_unless_no_color_is_set(
    galion: Galion, wide: Terminal, variables: dict[str, str], error: str
) -> None:
    galion.start("detect", "nonsense", stderr=wide.descriptor, env=variables).end()
    assert wide.raw.startswith(error)


def test_a_dumb_terminal_gets_plain_lines(
    galion: Galion, server: FaultServer, wide: Terminal
) -> None:
    galion.environment["TERM"] = "dumb"
    galion.start("download", server.add("/a", b"bytes"), stderr=wide.descriptor).end()
    assert wide.text.startswith("a: 5 B, sha256 ")
    assert "\x1b" not in wide.raw


def test_quiet_draws_nothing(galion: Galion, server: FaultServer, wide: Terminal) -> None:
    galion.start("download", server.add("/a", b"bytes"), "-q", stderr=wide.descriptor).end()
    assert wide.raw == ""


def test_ctrl_c_says_what_happens_and_shows_the_cursor_again(
    galion: Galion, server: FaultServer, wide: Terminal, go_on: threading.Event
) -> None:
    running = galion.start("download", half(server, "/model.bin", go_on), stderr=wide.descriptor)
    wide.wait_for("50%")
    running.signal(signal.SIGINT)
    assert running.end().code == 130
    assert "Stopping; what has arrived is kept." in wide.text
    assert "Stopped. Run the same command again to go on." in wide.text
    assert wide.raw.rindex(SHOW_CURSOR) > wide.raw.rindex(HIDE_CURSOR)


STUCK = """
import time
from galion_core import hookimpl

@hookimpl
def galion_event(event):
    if event.type == "job.paused":
        print("stuck", flush=True)
        time.sleep(60)
"""


def test_leaving_at_once_shows_the_cursor_again(
    galion: Galion,
    server: FaultServer,
    wide: Terminal,
    go_on: threading.Event,
    publish: Publish,
) -> None:
    publish("stuck", STUCK)
    running = galion.start("download", half(server, "/model.bin", go_on), stderr=wide.descriptor)
    wide.wait_for("50%")
    running.signal(signal.SIGINT)
    assert running.process.stdout is not None
    assert running.process.stdout.readline() == "stuck\n"
    running.signal(signal.SIGINT)
    assert running.end().code == 130
    assert wide.raw.rindex(SHOW_CURSOR) > wide.raw.rindex(HIDE_CURSOR)
