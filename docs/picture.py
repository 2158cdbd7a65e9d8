"""Draw ``assets/terminal.svg``: a real download from the sample site, seen half way through.

Run it as ``python docs/picture.py``.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from galion_core.testing.samples import sample_site

PICTURE = Path(__file__).parent / "assets" / "terminal.svg"
COLUMNS, ROWS = 100, 30
#: What the folder is called in the picture.
HOME = "/home/you"
FILES = ("large.bin", "cut.bin", "named", "known.bin", "login-page.safetensors")

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[?\d;]*)(?P<command>[A-Za-z])|(?P<character>.)", re.DOTALL
)
#: The frame that is shown, up to where the next one begins.
_HALF_WAY = re.compile(r"large\.bin[^\n]* 5\d% .*?(?=\r\x1b\[2K)", re.DOTALL)
_FONT = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


class Screen:
    """As much of a terminal as the progress bars need."""

    def __init__(self) -> None:
        self._lines: list[dict[int, str]] = [{}]
        self._row = self._column = 0
        self._colour = ""

    def write(self, text: str) -> None:
        """Take in what a program writes."""
        for token in _TOKEN.finditer(text):
            if token["command"]:
                self._obey(token)
            else:
                self._put(token["character"])

    def _obey(self, token: re.Match[str]) -> None:
        match token["command"]:
            case "m":
                self._colour = token[0]
            case "A":
                self._row -= int(token["arguments"] or 1)
            case "K":
                self._lines[self._row].clear()

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            if self._row == len(self._lines):
                self._lines.append({})
        else:
            self._lines[self._row][self._column] = f"{self._colour}{character}\x1b[0m"
            self._column += 1

    def lines(self) -> list[str]:
        """What is seen, colours included."""
        return [
            "".join(line.get(place, " ") for place in range(max(line, default=-1) + 1))
            for line in self._lines
        ]


def recorded() -> str:
    """What the command writes to a terminal."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with tempfile.TemporaryDirectory() as folder, sample_site() as server:
        urls = [server.url(f"/{name}") for name in FILES]
        command = ["galion", "download", "-d", "models", *urls]
        program = Path(sys.executable).with_name("galion")
        environment = os.environ | {"GALION_HOME": f"{folder}/.galion", "TERM": "xterm-256color"}
        galion = subprocess.Popen(
            [program, *command[1:]],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        said = bytearray()
        while True:
            try:
                said += os.read(leader, 65536)
            except OSError:  # the last one who could write has gone
                break
        galion.wait()
        prompt = "$ " + " \\\r\n    ".join([shlex.join(command[:4]), *urls])
        return f"{prompt}\r\n{said.decode()}".replace(folder, HOME)


def main() -> None:
    """Write the picture."""
    said = recorded()
    half_way = _HALF_WAY.search(said)
    if half_way is None:
        raise SystemExit("The large file was never seen half way; try again.")
    screen = Screen()
    screen.write(said[: half_way.end()])
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for line in screen.lines():
        console.print(Text.from_ansi(line))
    # Rich would ask a server for its font; the reader's own will do.
    template = _FONT.sub("", CONSOLE_SVG_FORMAT)
    PICTURE.write_text(console.export_svg(title="galion", code_format=template), encoding="utf-8")


if __name__ == "__main__":
    main()
