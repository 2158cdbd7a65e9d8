"""The tools, and how each is asked for the same thing: the files, and proof of their bytes."""

from __future__ import annotations

import json
import shlex
import shutil
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from transfers.measuring import Failed
from transfers.workloads import PARALLEL, Body

GALION = str(Path(sysconfig.get_path("scripts")) / "galion")


@dataclass(frozen=True, slots=True)
class Order:
    """What one run shall bring into ``folder``/files; notes for the tool lie in ``folder``."""

    folder: Path
    origin: str
    bodies: list[Body]
    authority: Path
    slow: bool
    """A connection alone is slow, so that several help with one file."""

    @property
    def one(self) -> bool:
        """It is a single file."""
        return len(self.bodies) == 1

    def url(self, body: Body) -> str:
        """Where a file is."""
        return f"{self.origin}/{body.name}"

    def note(self, name: str, lines: Iterable[str]) -> str:
        """Write a file for the tool to read; its name."""
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines))
        return name

    def sums(self) -> str:
        """What ``sha256sum --check`` reads."""
        return self.note("SUMS", (f"{each.sha256}  files/{each.name}" for each in self.bodies))

    def links(self) -> str:
        """What Galion and aria2 read: links with their checksums."""
        return self.note(
            "links", (f"{self.url(each)}\n  checksum=sha-256={each.sha256}" for each in self.bodies)
        )


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, or several in a pipeline."""

    name: str
    needs: tuple[str, ...]
    command: Callable[[Order], list[str]]
    proves: Callable[[Order, str], object] = lambda order, output: None
    """Raises Failed when the output does not say that the bytes are right."""
    many: bool = True
    """It can be asked for more than one file."""

    @property
    def missing(self) -> list[str]:
        """What of it is not installed."""
        return [each for each in self.needs if shutil.which(each) is None]


def check(tool: Tool, order: Order, output: str) -> None:
    """Every file is there in full, and proven as the tool proves it; raises Failed."""
    for body in order.bodies:
        path = order.folder / "files" / body.name
        if not path.is_file() or path.stat().st_size != body.size:
            raise Failed(f"{body.name} did not arrive in full")
    tool.proves(order, output)


def _shell(*lines: list[str]) -> list[str]:
    return ["sh", "-c", " && ".join(shlex.join(line) for line in lines)]


_CHECK = ["sha256sum", "--check", "--quiet", "SUMS"]


def _galion(order: Order) -> list[str]:
    several = [] if order.one else ["-j", str(PARALLEL)]
    return [GALION, "download", "-q", "--json", "-d", "files", "-i", order.links(), *several]


def _galion_proves(order: Order, output: str) -> None:
    files = [each for line in output.splitlines() for each in json.loads(line)["files"]]
    proven = {(Path(each["path"]).name, each["sha256"]) for each in files if each["verified"]}
    if proven != {(each.name, each.sha256) for each in order.bodies}:
        raise Failed("not every file was proven")


def _aria2(order: Order) -> list[str]:
    shares = ["-x16", "-s16", "-k1M"] if order.slow else []
    common = ["-q", "--no-conf", "--file-allocation=none", f"--ca-certificate={order.authority}"]
    return ["aria2c", *common, *shares, "-j16", "-d", "files", "-i", order.links()]


def _curl_options(order: Order) -> list[str]:
    return ["curl", "-q", "-sS", "--no-progress-meter", "--fail", "--cacert", str(order.authority)]


def _curl(order: Order) -> list[str]:
    order.sums()
    lines = (f'url = "{order.url(each)}"\noutput = "files/{each.name}"' for each in order.bodies)
    several = [] if order.one else ["-Z", "--parallel-max", str(PARALLEL)]
    return _shell([*_curl_options(order), *several, "-K", order.note("links", lines)], _CHECK)


def _curl_tee(order: Order) -> list[str]:
    body = order.bodies[0]
    first = shlex.join([*_curl_options(order), order.url(body)])
    return ["sh", "-c", f"{first} | tee files/{body.name} | openssl dgst -sha256"]


def _curl_tee_proves(order: Order, output: str) -> None:
    if order.bodies[0].sha256 not in output:
        raise Failed("openssl has another digest")


def _wget2(order: Order) -> list[str]:
    order.sums()
    shares = [f"--chunk-size={order.bodies[0].size // PARALLEL}"] if order.slow else []
    links = order.note("links", (order.url(each) for each in order.bodies))
    common = ["-q", "--no-config", "--no-robots", f"--ca-certificate={order.authority}"]
    threads = f"--max-threads={PARALLEL}"
    return _shell(["wget2", *common, *shares, threads, "-P", "files", "-i", links], _CHECK)


#: Galion first; the others are what it is compared with.
TOOLS = [
    Tool("galion", (GALION,), _galion, _galion_proves),
    Tool("aria2c", ("aria2c",), _aria2),
    Tool("curl + sha256sum", ("curl", "sha256sum"), _curl),
    Tool("wget2 + sha256sum", ("wget2", "sha256sum"), _wget2),
    Tool(
        "curl | tee | openssl",
        ("curl", "tee", "openssl"),
        _curl_tee,
        _curl_tee_proves,
        many=False,
    ),
]
