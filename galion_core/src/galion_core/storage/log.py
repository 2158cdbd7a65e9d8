"""The journal files as one long log: where this process reads on, and where it appends.

Everything that writes here needs the lock of the folder; reading does not.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from galion_core.errors import StoreError
from galion_core.storage.failures import damaged
from galion_core.storage.lines import BadLine, Change, changes, decode, encode, is_whole
from galion_core.storage.snapshots import generations, path_of, sync_folder

_CLOSED = -1
_APPEND = os.O_RDWR | os.O_APPEND

_logger = logging.getLogger(__name__)


class Superseded(Exception):
    """The file is gone or not what it was: a newer snapshot took its place, or it is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


class Log:
    """A position in the log: ``offset`` bytes of ``generation`` have been read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generation = 0
        self.offset = 0
        self._file = _CLOSED
        self._unsynced = False

    def begin(self) -> None:
        """Make the first file in a folder that holds neither journal nor snapshot."""
        if not (generations(self.folder, "journal") or generations(self.folder, "snapshot")):
            os.close(self._create(1))

    def open(self, generation: int) -> None:
        """Read on from the beginning of a generation; raises Superseded."""
        path = path_of(self.folder, "journal", generation)
        try:
            file = os.open(path, _APPEND)
        except FileNotFoundError as error:
            raise Superseded(path) from error
        self.close()
        self._file, self.generation, self.offset = file, generation, 0

    def new(self) -> Iterator[list[Change]]:
        """The commits that were not read before; a stat when there are none. Raises Superseded."""
        while self._has_more():
            for line in self._lines():
                if not is_whole(line):
                    return  # being written, or left torn: who holds the lock can tell
                self.offset += len(line)
                try:
                    value = decode(line)
                    if isinstance(value, dict):
                        self._follow(value)
                        break
                    several = changes(value)
                except BadLine as error:
                    raise damaged(self.path, f"before byte {self.offset}: {error}") from error
                yield several

    @property
    def path(self) -> Path:
        """The file that is read and appended to."""
        return path_of(self.folder, "journal", self.generation)

    def append(self, line: bytes) -> None:
        """Write a line, whole or not at all; ``new`` does not give it."""
        self._unsynced = True
        try:
            written = os.write(self._file, line)
            # The disk took a part: asking for the rest gives the reason.
            while written < len(line):
                written += os.write(self._file, line[written:])
        except BaseException:
            # A whole line may have been read by others already: then it stays.
            if os.fstat(self._file).st_size < self.offset + len(line):
                os.ftruncate(self._file, self.offset)
            raise
        self.offset += len(line)

    def cut_torn_line(self) -> None:
        """Cut off what a writer that died left behind, so that the next line begins a line.

        More than half a line is kept in a file beside: that is no kill -9 but a damaged disk.
        """
        size = os.fstat(self._file).st_size
        if size == self.offset:
            return
        rest = os.pread(self._file, size - self.offset, self.offset)
        if b"\n" in rest:
            aside = self.folder / f"damaged-{self.generation}-{self.offset}"
            aside.touch(0o600)
            aside.write_bytes(rest)
            _logger.warning("%s was damaged: what could not be read is now in %s", self.path, aside)
        os.ftruncate(self._file, self.offset)

    def begin_next(self) -> None:
        """End this file and begin the next."""
        generation = self.generation + 1
        os.close(self._create(generation))
        self.append(encode({"next": generation}))
        self.open(generation)

    def sync(self) -> None:
        """Bring what this process appended to the disk itself."""
        if self._unsynced:
            os.fsync(self._file)
            self._unsynced = False

    def close(self) -> None:
        """Close the file, if one is open."""
        if self._file != _CLOSED:
            file, self._file = self._file, _CLOSED
            os.close(file)

    def _create(self, generation: int) -> int:
        path = path_of(self.folder, "journal", generation)
        # What a power cut may have left there comes after lines that it took: it cannot be used.
        file = os.open(path, _APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
        sync_folder(self.folder)
        return file

    def _has_more(self) -> bool:
        state = os.fstat(self._file)
        if state.st_size < self.offset:
            raise Superseded(self.path)
        if state.st_size == self.offset and state.st_nlink == 0:
            raise StoreError(
                f"The store in {self.folder} was removed while it was in use",
                hint="Start the program again.",
            )
        return state.st_size > self.offset

    def _lines(self) -> Iterator[bytes]:
        with open(self._file, "rb", closefd=False) as file:
            file.seek(self.offset)
            yield from file

    def _follow(self, value: dict[str, object]) -> None:
        if value != {"next": self.generation + 1}:
            raise BadLine("it does not name the next journal")
        self.open(self.generation + 1)
