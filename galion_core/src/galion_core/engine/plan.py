"""Where each file of a resolution goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from galion_core.errors import InvalidInput, NotFound, PolicyError
from galion_core.jobs import Job, JobFile
from galion_core.text import redact
from galion_core.types import Checksum, RemoteFile, Resolution
from galion_core.urls import safe_name


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file to fetch, and its place in the job."""

    index: int
    remote: RemoteFile
    directory: Path
    filename: str | None
    """None: the server names it."""
    checksums: tuple[Checksum, ...]


def plan(job: Job, resolution: Resolution) -> list[PlannedFile]:
    """Names and places for all files; raises NotFound, InvalidInput or PolicyError."""
    files = resolution.files
    if not files:
        raise NotFound(
            f"There is nothing to download at {redact(job.url)}",
            hint="Open the link in a browser to see what it holds.",
        )
    options = job.options
    if len(files) > 1 and (options.filename or options.checksum):
        raise InvalidInput(
            f"The link stands for {len(files)} files, but a name or checksum is of one",
            hint="Leave out -o and --checksum, or give the link of one file.",
        )
    given = (Checksum.parse(options.checksum, by="the request"),) if options.checksum else ()
    platform = f"the platform {job.platform}" if job.platform else "the platform"
    root = Path(options.directory)
    directories = {folder: _below(root, folder) for folder in {each.folder for each in files}}
    taken: set[str] = set()
    planned = []
    for index, (remote, before) in enumerate(zip(files, _earlier(job, files), strict=True)):
        directory = directories[remote.folder]
        name = options.filename or (Path(before.path).name if before and before.path else None)
        if name is None and remote.name:
            name = _unused(directory, safe_name(remote.name), taken)
        if name:
            taken.add(_spot(directory, name))
        published = (replace(each, by=platform) for each in remote.checksums)
        planned.append(PlannedFile(index, remote, directory, name, (*given, *published)))
    return planned


def job_files(job: Job, planned: Sequence[PlannedFile]) -> tuple[JobFile, ...]:
    """The files as the job records them; those of an earlier attempt keep what is known."""
    earlier = _earlier(job, [each.remote for each in planned])
    return tuple(
        before
        or JobFile(
            id=each.remote.id,
            name=each.filename,
            path=str(each.directory / each.filename) if each.filename else None,
            size=each.remote.size,
        )
        for each, before in zip(planned, earlier, strict=True)
    )


def _earlier(job: Job, files: Sequence[RemoteFile]) -> list[JobFile | None]:
    """What an earlier attempt recorded of each file; by its place where it has no id."""
    by_id = {each.id: each for each in job.files if each.id}
    nameless = [None if each.id else each for each in job.files]
    by_place = nameless if len(nameless) == len(files) else [None] * len(files)
    return [
        by_id.get(each.id) if each.id else there
        for each, there in zip(files, by_place, strict=True)
    ]


def _below(root: Path, folder: str) -> Path:
    """The folder below the root, every part made safe, links resolved; raises PolicyError."""
    if not folder:
        return root  # its own links were resolved when the job was made
    parts = [safe_name(part, default="") for part in folder.replace("\\", "/").split("/")]
    path = Path(os.path.realpath(root.joinpath(*(part for part in parts if part))))
    if not path.is_relative_to(root):
        raise PolicyError(
            f"{folder!r} leads out of {root}",
            hint="Remove the link in that directory, or choose another one with -d.",
            details={"folder": folder, "directory": str(root)},
        )
    return path


def _spot(directory: Path, name: str) -> str:
    """What two files may not share; there are file systems that ignore case."""
    return str(directory / name).casefold()


def _unused(directory: Path, name: str, taken: set[str]) -> str:
    """The name, numbered when another file of the job has it."""
    stem, dot, extension = name.partition(".")
    number = 2
    while _spot(directory, name) in taken:
        name = f"{stem} ({number}){dot}{extension}"
        number += 1
    return name
