"""Real downloads by the real command: ``python -m galion_core.testing.demo``.

A sample site on loopback serves the files; nothing else is asked of the network. What arrives is in
``demo/`` below the current folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from galion_core.cli.output import human_bytes
from galion_core.errors import IntegrityError
from galion_core.testing.bodies import Body, PatternBody
from galion_core.testing.samples import CUT, KNOWN, LARGE, MIB, NAMED, sample_site
from galion_core.testing.server import FaultServer

FOLDER = "demo"
QUICK = PatternBody(8 * MIB, seed=1)


@dataclass(frozen=True, slots=True)
class Step:
    """A download, and what must come of it."""

    about: str
    path: str
    name: str
    """The file's name below FOLDER."""
    body: Body | None
    """What the file must hold; None: there must be no file."""
    options: tuple[str, ...] = ()
    exit_code: int = 0
    requests: int = 1
    """How many the server must have seen, at least."""


def steps(large: Body) -> tuple[Step, ...]:
    """What is shown, in this order."""
    checksum = ("--checksum", f"sha256={KNOWN.sha256()}")
    return (
        Step("A large file, with a progress bar.", "/large.bin", "large.bin", large),
        Step('The server proposes the name "../../evil.sh".', "/named", "evil.sh", NAMED),
        Step(
            "The server cuts the connection twice; the download goes on from where it was.",
            "/cut.bin",
            "cut.bin",
            CUT,
            requests=3,
        ),
        Step(
            "The file's sha256 is known, so the bytes are proven before the file gets its name.",
            "/known.bin",
            "known.bin",
            KNOWN,
            checksum,
        ),
        Step(
            "A login page under a model's name is refused.",
            "/login-page.safetensors",
            "login-page.safetensors",
            None,
            exit_code=IntegrityError.exit_code,
        ),
    )


def run(step: Step, server: FaultServer, environment: dict[str, str]) -> Iterator[str]:
    """Show one step; what was not as expected comes back in words."""
    say(f"\n# {step.about}")
    code = galion("download", server.url(step.path), "-d", FOLDER, *step.options, **environment)
    if step.exit_code:
        say(f"(exit code {code})")
    if code != step.exit_code:
        yield f"{step.path}: the exit code is {code} instead of {step.exit_code}"
    if len(server.requests_to(step.path)) < step.requests:
        yield f"{step.path}: the server saw fewer than {step.requests} requests"
    path = Path(FOLDER, step.name)
    if step.body is None:
        if path.exists():
            yield f"{path} exists, and should not"
    elif not path.is_file() or sha256(path) != step.body.sha256():
        yield f"{path} does not hold what the server has"


def galion(*arguments: str, **environment: str) -> int:
    """Run the command as a person would, on this terminal; its exit code."""
    say(f"$ {shlex.join(['galion', *arguments])}")
    script = Path(sys.executable).with_name("galion")
    module = [sys.executable, "-c", "from galion_core.cli import main; main()"]
    command = [str(script)] if script.exists() else module
    return subprocess.run([*command, *arguments], env=environment, check=False).returncode


def sha256(path: Path) -> str:
    """The digest of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say(text: str) -> None:
    """Print at once, so that the command's own lines come after it."""
    print(text, flush=True)  # noqa: T201 - it is a program


def clean(shown: tuple[Step, ...]) -> None:
    """Remove what an earlier demo left, and nothing else."""
    for step in shown:
        for ending in ("", ".part", ".part.journal"):
            Path(FOLDER, step.name + ending).unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Show everything; 0 when all was as expected."""
    parser = argparse.ArgumentParser(prog="python -m galion_core.testing.demo", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take a small file for the large one")
    large = QUICK if parser.parse_args(arguments).quick else LARGE
    shown = steps(large)
    clean(shown)
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as home, sample_site() as server:
        if large is QUICK:
            server.add("/large.bin", QUICK)
        own = {name: value for name, value in os.environ.items() if not name.startswith("GALION_")}
        environment = own | {"GALION_HOME": home, "no_proxy": "127.0.0.1"}
        say(f"The sample site is at {server.url('/')}")
        for step in shown:
            problems += run(step, server, environment)
        say("\n# What was downloaded, and what was not.")
        if galion("jobs", **environment) != 0:
            problems.append("galion jobs failed")
    say("\nThe files are here:")
    for path in (Path(FOLDER, step.name) for step in shown):
        if path.is_file():
            say(f"  {path.absolute()}  {human_bytes(path.stat().st_size)}")
    say("\n".join(("\nNot as expected:", *problems)) if problems else "\nAll as expected.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
