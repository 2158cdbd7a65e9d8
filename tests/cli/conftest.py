"""The installed ``galion`` command as a user runs it: another process, a home of its own."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from galion_core.cli.app import run
from galion_core.testing import FaultServer

GALION = Path(sysconfig.get_path("scripts")) / "galion"
PATIENCE = 60

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True)
class Ended:
    """What came of a call."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def object(self) -> dict[str, Any]:
        """The only one."""
        (found,) = self.objects
        return found


class Running:
    """A call that goes on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Ended(self.process.returncode, out, err)


def _obey_permissions() -> None:
    """In the child: root may ignore permissions no more; others never could."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


@dataclass
class Galion:
    """Calls the command in ``cwd``, with ``environment`` and no waiting between retries."""

    cwd: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)

    def __call__(
        self,
        *arguments: str | Path,
        text: str = "",
        env: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> Ended:
        """Run to the end; ``text`` is its stdin, ``before`` is done in the child first."""
        running = self.start(*arguments, env=env, before=before, stdin=subprocess.PIPE)
        out, err = running.process.communicate(text, timeout=PATIENCE)
        return Ended(running.process.returncode, out, err)

    def start(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> Running:
        """Run, and do not wait."""
        process = subprocess.Popen(
            [str(GALION), *map(str, arguments)],
            cwd=self.cwd,
            encoding="utf-8",
            errors="surrogateescape",
            env={**self.environment, **(env or {})},
            preexec_fn=before,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        self.started.append(Running(process))
        return self.started[-1]

    def obeying_permissions(self, *arguments: str | Path) -> Ended:
        """Run as somebody whom permissions stop."""
        return self(*arguments, before=_obey_permissions)

    def stop(self) -> None:
        """End what still runs."""
        for running in self.started:
            process = running.process
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            process.wait()

    @property
    def files(self) -> list[str]:
        """The names of everything in ``cwd``."""
        return sorted(path.name for path in self.cwd.iterdir())

    def everything_written(self) -> bytes:
        """All that stands in the home."""
        return b"\n".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


@pytest.fixture
def galion(galion_home: Path, tmp_path: Path) -> Iterator[Galion]:
    cwd = tmp_path / "here"
    cwd.mkdir()
    made = Galion(cwd, galion_home, {**os.environ, "GALION_DOWNLOAD__RETRY_WAIT": "0"})
    yield made
    made.stop()


Call = Callable[..., Ended]


@pytest.fixture
def call(
    galion_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Call:
    """Calls the command in this process: for what needs no other, and many cases of it."""
    cwd = tmp_path / "here"
    cwd.mkdir(exist_ok=True)
    monkeypatch.chdir(cwd)

    def call(*arguments: str) -> Ended:
        code = run(arguments)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


Publish = Callable[[str, str], None]


@pytest.fixture
def publish(galion: Galion, tmp_path: Path) -> Publish:
    """Puts a plugin where the command finds it: ``publish(name, source)``."""
    site = tmp_path / "site"
    site.mkdir()
    known = galion.environment.get("PYTHONPATH")
    galion.environment["PYTHONPATH"] = os.pathsep.join([str(site), *([known] if known else [])])

    def publish(name: str, source: str) -> None:
        module = f"plugin_{name}"
        (site / f"{module}.py").write_text(source)
        info = site / f"galion_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: galion-{name}\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[galion.plugins.v1]\n{name} = {module}\n")

    return publish
