"""What is fetched: the files, where from, and how fast that shall be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
#: Bytes a second of a connection to the slow origin.
RATE = 20 * MIB
#: What any tool may do at once: files, or connections to one file.
PARALLEL = 16


@dataclass(frozen=True, slots=True)
class Body:
    """One file of the server."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What Galion shall reach; None: nothing is asked."""

    ratios: Mapping[str, float] = field(default_factory=dict)
    """Wall time next to a tool's, at most, by the tool's name; ``best``: next to every tool's."""
    cpu_per_gib: float | None = None
    """Seconds, at most."""
    files_per_second: float | None = None
    """At least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Some files of one size, from one origin."""

    key: str
    title: str
    origin: str
    """The field of Origins."""
    count: int
    size: int
    targets: Targets

    @property
    def total(self) -> int:
        """Bytes."""
        return self.count * self.size


def workloads(scale: float) -> list[Workload]:
    """All of them, with fewer bytes or fewer files for a scale below 1."""

    def some(number: int) -> int:
        return max(1, int(number * scale))

    return [
        Workload(
            key="a",
            title="one file over https",
            origin="tls",
            count=1,
            size=some(2048 * MIB),
            targets=Targets(ratios={"aria2c": 0.65, "curl | tee | openssl": 1.0}, cpu_per_gib=1.7),
        ),
        Workload(
            key="b",
            title="one file, 20 MiB/s for each connection",
            origin="slow",
            count=1,
            size=some(256 * MIB),
            targets=Targets(ratios={"aria2c": 1.0}),
        ),
        Workload(
            key="c",
            title="small files",
            origin="plain",
            count=some(2000),
            size=4096,
            targets=Targets(ratios={"aria2c": 1.0}, files_per_second=3000),
        ),
        Workload(
            key="d",
            title="middling files over https",
            origin="tls",
            count=some(100),
            size=20 * MIB,
            targets=Targets(ratios={"best": 0.9}),
        ),
    ]


def make_bodies(workload: Workload, folder: Path) -> list[Body]:
    """Write the files with random bytes, which nothing can compress or guess."""
    return list(_bodies(workload, folder))


def _bodies(workload: Workload, folder: Path) -> Iterator[Body]:
    for number in range(workload.count):
        name, digest, rest = f"{workload.key}{number:04}.bin", hashlib.sha256(), workload.size
        with (folder / name).open("wb") as file:
            while rest:
                data = os.urandom(min(rest, MIB))
                digest.update(data)
                file.write(data)
                rest -= len(data)
        yield Body(name, workload.size, digest.hexdigest())
