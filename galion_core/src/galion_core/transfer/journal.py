"""The journal beside a part file: which file it is a part of, and which blocks have arrived.

Text: a first line of JSON; ``b ID`` names the run of the machine (its boot) and makes all blocks
before it void; then a line for each finished block, and ``s N`` once the first N since ``b`` are on
the disk itself. A line is one write, so that a killed process tears none but the last, and who goes
on cuts that off. After the machine itself went down only those N are believed: the page cache was
lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from galion_core.errors import InvalidInput
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.headers import Validators
from galion_core.types import Checksum

FORMAT = 1
_LINE = re.compile(r"(?P<block>\d{1,11})|s (?P<synced>\d{1,11})|b (?P<boot>[\w-]{1,40})")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file a part is of."""

    source: str
    """A hash over the place it comes from; never the link itself, which may be a secret."""
    digest: str | None
    """The published or given checksum, ``ALGORITHM=HEX``; never the server's own word."""
    validators: Validators

    @property
    def resumable(self) -> bool:
        """A later answer can be told to be of the same file."""
        return self.digest is not None or self.validators.resumable

    def same_file(self, other: Identity) -> bool:
        """The bytes of one may stand beside the bytes of the other."""
        if self.digest or other.digest:
            # A digest outlives links and servers, and the finished file is checked against it.
            contradict = self.validators.contradict(other.validators)
            return self.digest == other.digest and not contradict
        return self.source == other.source and self.validators.agree(other.validators)


class PartJournal:
    """Appends to the journal of one part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._found = _Found()
        self._beginning: Identity | None = None

    def read(self) -> tuple[Identity, list[int]] | None:
        """What an earlier attempt left, or None when that cannot be used."""
        try:
            text = self.path.read_bytes().decode("ascii")
            first, newline, rest = text.partition("\n")
            identity = _identity(json.loads(first)) if newline else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError, InvalidInput):
            return None
        if identity is None:
            return None
        self._found = _finished(rest)
        self._found.length += len(first) + 1
        return identity, self._found.believed

    def start(self, identity: Identity) -> None:
        """Begin a new journal, emptying an old one; a new file is made with the first block.

        A small file is there before it has one: making and deleting a journal for each would take
        longer than fetching it (file systems put off using the place of a deleted file again).
        """
        self._beginning = identity
        with contextlib.suppress(FileNotFoundError):
            self._open(os.O_TRUNC)

    def resume(self, blocks: Iterable[int]) -> None:
        """Go on with the journal that was read, of whose blocks only these are there."""
        found, kept = self._found, set(blocks)
        descriptor = self._open(os.O_CREAT)
        os.ftruncate(descriptor, found.length)
        if found.boot == _boot() and kept == set(found.blocks):
            return
        sure = kept & set(found.blocks[: found.synced])
        self._append(
            f"b {_boot()}",
            *map(str, sorted(sure)),
            f"s {len(sure)}",
            *map(str, sorted(kept - sure)),
        )
        if kept != set(found.believed):
            os.fsync(descriptor)  # a power cut must not bring back what is not there

    def add(self, index: int) -> None:
        """Write down a finished block."""
        if self._beginning is not None:
            head = {"format": FORMAT, "block": BLOCK, **asdict(self._beginning)}
            self._beginning = None
            self._open(os.O_CREAT | os.O_TRUNC)
            self._append(json.dumps(head), f"b {_boot()}")
        self._append(str(index))

    def synced(self, count: int) -> None:
        """Write down that the first ``count`` finished blocks are on the disk itself."""
        self._append(f"s {count}")

    def close(self) -> None:
        """Close the file; it stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _open(self, extra: int) -> int:
        self.close()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | extra
        self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor

    def _append(self, *lines: str) -> None:
        if self._descriptor is None:
            return
        data = "".join(f"{line}\n" for line in lines).encode()
        while data:  # a full disk takes a part, and refuses the next
            data = data[os.write(self._descriptor, data) :]


@dataclass(slots=True)
class _Found:
    """What the lines of a journal say."""

    blocks: list[int] = field(default_factory=list)
    synced: int = 0
    boot: str = ""
    length: int = 0
    """Bytes up to the first line that is torn or makes no sense."""

    @property
    def believed(self) -> list[int]:
        return self.blocks if self.boot == _boot() else self.blocks[: self.synced]


def _identity(head: dict[str, Any]) -> Identity | None:
    """The identity in the first line; None or an error where the line is not ours."""
    validators = head["validators"]
    size, claimed = validators["size"], validators.get("digest")
    texts = (head["source"], head["digest"], validators["etag"], validators["modified"], claimed)
    if (
        (head["format"], head["block"]) != (FORMAT, BLOCK)
        or not all(each is None or re.fullmatch(r"[^\x00-\x1f\x7f]*", each) for each in texts)
        or not (size is None or (type(size) is int and size >= 0))
        or texts[0] is None
    ):
        return None
    digest = None if claimed is None else str(Checksum.parse(claimed))
    return Identity(texts[0], texts[1], Validators(texts[2], texts[3], size, digest))


def _finished(text: str) -> _Found:
    found = _Found()
    for line in text.split("\n")[:-1]:
        said = _LINE.fullmatch(line)
        if said is None:
            break
        if said["boot"]:
            found.blocks, found.synced, found.boot = [], 0, said["boot"]
        elif said["synced"]:
            found.synced = int(said["synced"])
        else:
            found.blocks.append(int(said["block"]))
        found.length += len(line) + 1
    return found


def _boot() -> str:
    """A name for this run of the machine; always the same where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
