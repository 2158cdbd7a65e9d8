"""The pages, their code blocks, and a terminal in which the examples run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from galion_core.testing import FaultServer
from galion_core.testing.samples import KNOWN, sha256sums

ROOT = Path(__file__).resolve().parents[2]
GALION = Path(sysconfig.get_path("scripts")) / "galion"
NOTES = "What the model was trained on, and what not.\n"
#: Where the examples are run, as the pages call it.
HOME = "/home/you"

_FENCE = re.compile(
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    title: str | None = None


BlocksOf = Callable[[str, str], list[Block]]


def blocks_of(page: str, language: str) -> list[Block]:
    """The blocks of a page, given by its path below the root, in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [Block(each["language"], each["text"], each["title"]) for each in _FENCE.finditer(text)]
    return [each for each in found if each.language == language]


@dataclass
class Terminal:
    """Runs what the pages show in a folder of its own; hosts are served by a local server."""

    folder: Path
    server: FaultServer
    hosts: dict[str, str]
    """What a page says, and what is really asked."""
    environment: dict[str, str] = field(default_factory=dict)
    exit_code: int = 0

    def run(self, line: str) -> str:
        """What the command prints, stdout and stderr together, in the words of the page."""
        name, *arguments = shlex.split(self.real(line))
        if (name, arguments) == ("echo", ["$?"]):
            return f"{self.exit_code}\n"
        match name:
            case "galion":
                command = [str(GALION), *arguments]
            case "python":
                command = [sys.executable, *arguments]
            case "pip":
                command = self._pip(arguments)
            case _:
                raise AssertionError(f"no test runs {line!r}")
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.exit_code = ended.returncode
        return self.shown(ended.stdout)

    def real(self, text: str) -> str:
        """Text of a page, with the hosts that are really asked."""
        for said, asked in self.hosts.items():
            text = text.replace(said, asked)
        return text

    def shown(self, text: str) -> str:
        """What was printed, as a page shows it."""
        for said, asked in self.hosts.items():
            text = text.replace(asked, said)
        return text.replace(str(self.folder), HOME)

    def _pip(self, arguments: list[str]) -> list[str]:
        """Installs into a folder on PYTHONPATH, and asks no index."""
        modules = str(self.folder / "site-packages")
        self.environment["PYTHONPATH"] = modules
        offline = ["--no-build-isolation", "--no-deps", "--no-index", "--target", modules]
        kept = [each for each in arguments if each != "-e"]  # --target makes copies
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", *kept, *offline]


@pytest.fixture
def terminal(tmp_path: Path, galion_home: Path) -> Iterator[Terminal]:
    """A terminal in which example.com has a model and its notes."""
    folder = tmp_path / "you"
    folder.mkdir()
    with FaultServer() as server:
        server.add("/model.bin", KNOWN)
        server.add("/listed/known.bin", KNOWN)
        server.add("/listed/SHA256SUMS", sha256sums(), content_type="text/plain")
        server.add("/notes.txt", NOTES, content_type="text/plain")
        hosts = {"https://example.com": server.origin, "example.com": "127.0.0.1"}
        yield Terminal(folder, server, hosts)


@pytest.fixture
def blocks() -> BlocksOf:
    """Gives the blocks of a page in one language."""
    return blocks_of
