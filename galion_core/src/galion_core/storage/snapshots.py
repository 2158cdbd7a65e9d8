"""Snapshots: all documents in one file of checksummed lines, complete or not there at all.

``snapshot-N`` holds what was true when ``journal-N`` was begun. The first line says its format and
generation, the last one the number of documents.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from galion_core.errors import StoreError
from galion_core.storage.failures import damaged
from galion_core.storage.lines import BadLine, Change, Tables, changes, decode, encode

FORMAT = 1
#: Documents in a line: long lines load faster, short ones let other threads run between them.
_LINE = 32
_NAME = re.compile(r"(?P<kind>[a-z]+)-(?P<generation>[1-9][0-9]{0,17})")


def path_of(folder: Path, kind: str, generation: int) -> Path:
    """The file of a generation; kinds are ``snapshot`` and ``journal``."""
    return folder / f"{kind}-{generation}"


def generations(folder: Path, kind: str) -> list[int]:
    """The generations of which there is a file, oldest first."""
    names = (_NAME.fullmatch(name) for name in os.listdir(folder))
    return sorted(int(name["generation"]) for name in names if name and name["kind"] == kind)


def sync_folder(folder: Path) -> None:
    """Make sure that names given in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(folder: Path, generation: int, tables: Tables) -> None:
    """Publish a snapshot, then remove the files of the generations before it."""
    unfinished = path_of(folder, "unfinished", generation)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.writelines(_lines(generation, tables))
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path_of(folder, "snapshot", generation))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    sync_folder(folder)
    for kind in ("journal", "snapshot", "unfinished"):
        for old in generations(folder, kind):
            if old < generation:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path_of(folder, kind, old))


def _lines(generation: int, tables: Tables) -> Iterator[bytes]:
    yield encode({"snapshot": generation, "format": FORMAT})
    documents = (
        (name, doc_id, document)
        for name, table in tables.items()
        for doc_id, document in table.items()
    )
    while several := list(islice(documents, _LINE)):
        yield encode(several)
    yield encode({"end": sum(map(len, tables.values()))})


def read(folder: Path, generation: int) -> Iterator[Change]:
    """Every document of a snapshot; raises StoreError when one byte of it is wrong."""
    path = path_of(folder, "snapshot", generation)
    count = 0
    with open(path, "rb") as file:
        _check_header(path, generation, file.readline())
        for number, line in enumerate(file, start=2):
            try:
                value = decode(line)
                if value == {"end": count} and not file.read(1):
                    return
                several = changes(value)
            except BadLine as error:
                raise damaged(path, f"line {number}: {error}") from error
            count += len(several)
            yield from several
    raise damaged(path, "its end is missing")


def _check_header(path: Path, generation: int, line: bytes) -> None:
    try:
        header = decode(line)
    except BadLine as error:
        raise damaged(path, f"line 1: {error}") from error
    if not isinstance(header, dict) or header.get("snapshot") != generation:
        raise damaged(path, f"it is not the snapshot {generation}")
    if header.get("format") != FORMAT:
        raise StoreError(
            f"{path} was written by a newer version of Galion",
            hint="Update Galion.",
            details={"path": str(path), "format": header.get("format")},
        )
