"""The journal beside a part file: which file it is a part of, and which blocks have arrived.

Text: a first line of JSON, then a line for each finished block, and ``s N`` once the first N of
them are on the disk itself. A line is one write, so that a killed process tears none but the last.
After the machine itself went down only those N are believed: the page cache was lost.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.headers import Validators

FORMAT = 1
_SYNCED = "s "


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file a part is of."""

    source: str
    """A hash over the place it comes from; never the link itself, which may be a secret."""
    digest: str | None
    """The published or given checksum, ``ALGORITHM=HEX``."""
    validators: Validators

    def same_file(self, other: Identity) -> bool:
        """The bytes of one may stand beside the bytes of the other."""
        sizes_differ = None not in (self.validators.size, other.validators.size) and (
            self.validators.size != other.validators.size
        )
        if self.digest or other.digest:
            # A digest outlives links and servers, and the finished file is checked against it.
            return self.digest == other.digest and not sizes_differ
        return self.source == other.source and self.validators.agree(other.validators)


class PartJournal:
    """Appends to the journal of one part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def read(self) -> tuple[Identity, list[int]] | None:
        """What an earlier attempt left, or None when that cannot be used."""
        try:
            text = self.path.read_bytes().decode("ascii")
        except (OSError, UnicodeDecodeError):
            return None
        first, newline, rest = text.partition("\n")
        if not newline:
            return None
        try:
            head = json.loads(first)
            if head["format"] != FORMAT or head["block"] != BLOCK:
                return None
            identity = Identity(head["source"], head["digest"], Validators(**head["validators"]))
            booted = head["boot"]
        except (ValueError, KeyError, TypeError):
            return None
        return identity, _finished(rest, believed=booted == _boot())

    def start(self, identity: Identity) -> None:
        """Begin a new journal, replacing the old one."""
        head = {"format": FORMAT, "block": BLOCK, "boot": _boot(), **asdict(identity)}
        self._open(os.O_TRUNC)
        self._append(json.dumps(head))

    def resume(self) -> None:
        """Go on with the journal that is there."""
        self._open(0)

    def add(self, index: int) -> None:
        """Write down a finished block."""
        self._append(str(index))

    def synced(self, count: int) -> None:
        """Write down that the first ``count`` finished blocks are on the disk itself."""
        self._append(f"{_SYNCED}{count}")

    def close(self) -> None:
        """Close the file; it stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def _open(self, extra: int) -> None:
        self.close()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | extra
        self._descriptor = os.open(self.path, flags, 0o600)

    def _append(self, line: str) -> None:
        if self._descriptor is not None:
            os.write(self._descriptor, f"{line}\n".encode())


def _finished(text: str, *, believed: bool) -> list[int]:
    """The finished blocks of the journal's lines, up to the first that is torn."""
    lines = text.split("\n")[:-1]
    finished: list[int] = []
    synced = 0
    for line in lines:
        if line.startswith(_SYNCED) and line[2:].isdigit():
            synced = int(line[2:])
        elif line.isdigit() and len(line) < 12:
            finished.append(int(line))
        else:
            break
    return finished if believed else finished[:synced]


def _boot() -> str | None:
    """A name for this run of the machine; None where the system has none, and all is believed."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
