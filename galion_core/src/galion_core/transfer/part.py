"""The part file: bytes that are not yet proven, under ``NAME.part`` beside the target."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from galion_core.errors import Conflict, DiskError
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.journal import Identity, PartJournal

#: Pieces that one system call takes (IOV_MAX of Linux).
_VECTORS = 1024


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the file system says into an error a person can read."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise DiskError(
            f"{path} cannot be written: {why}",
            hint="Choose another directory with -d, free some space, or mend the permissions.",
            details={"path": str(path), "errno": error.errno, "reason": why},
        ) from error


class Part:
    """An open, locked part file with its journal; one process at a time has it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self._journal = PartJournal(target.with_name(target.name + ".part.journal"))
        self.blocks: set[int] = set()
        """The blocks that are there."""
        self._changing = threading.RLock()
        with disk_errors(self.path):
            target.parent.mkdir(parents=True, exist_ok=True)
            self.descriptor = _open_locked(self.path)

    def left_over(self) -> Identity | None:
        """Of which file an earlier attempt left blocks here, if it left any that can be used."""
        found = self._journal.read()
        if found is None:
            return None
        identity, finished = found
        there = os.fstat(self.descriptor).st_size
        size = identity.validators.size
        usable = {index for index in finished if _lies_within(index, size, there)}
        if size is not None and len(usable) * BLOCK >= size:
            # Ask for one again, so that the server says whether the file is still the same.
            usable.discard(max(usable, default=0))
        self.blocks = usable
        return identity if usable else None

    def begin(self, identity: Identity) -> None:
        """Start from nothing."""
        with self._changing, disk_errors(self.path):
            os.ftruncate(self.descriptor, 0)
            self._journal.start(identity)
            self.blocks = set()

    def resume(self) -> None:
        """Go on from what ``left_over`` found."""
        with disk_errors(self.path):
            self._journal.resume(self.blocks)

    def write(self, offset: int, pieces: Iterable[bytes]) -> None:
        """Put bytes in their place, one piece behind the other."""
        views = deque(memoryview(piece) for piece in pieces)
        with disk_errors(self.path):
            while views:
                written = os.pwritev(self.descriptor, list(islice(views, _VECTORS)), offset)
                offset += written
                while views and written >= len(views[0]):
                    written -= len(views.popleft())
                if written:
                    views[0] = views[0][written:]

    def arrived(self, index: int) -> None:
        """The block is complete."""
        with disk_errors(self._journal.path):
            self._journal.add(index)
        self.blocks.add(index)  # only now: ``sync`` counts the lines by it, on another thread

    def sync(self) -> None:
        """Bring what has arrived to the disk itself, so that a power cut does not cost it.

        The part may be begun anew or closed meanwhile, for this can take seconds.
        """
        blocks, count = self.blocks, len(self.blocks)
        with disk_errors(self.path):
            own = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.fdatasync(own)
            finally:
                os.close(own)
            with self._changing:
                if blocks is self.blocks and self.descriptor >= 0:
                    self._journal.synced(count)

    def close(self) -> None:
        """Let go of the part; it stays for the next attempt, unless nothing of it can be used."""
        with self._changing:
            if self.descriptor < 0:
                return
            if not self.blocks:
                self.remove()
                return
            self._journal.close()
            self._release()

    def discard(self) -> None:
        """Forget the bytes: they are wrong."""
        self.blocks = set()

    def remove(self) -> None:
        """Delete the part and its journal."""
        with self._changing:
            self._journal.remove()
            with contextlib.suppress(OSError):
                self.path.unlink()
            self._release()

    def _release(self) -> None:
        os.close(self.descriptor)
        self.descriptor = -1


def remove_part(target: Path) -> None:
    """Delete what is left of a download that will not be gone on with; raises Conflict."""
    if os.path.lexists(target.with_name(target.name + ".part")):
        Part(target).remove()


def _lies_within(index: int, size: int | None, there: int) -> bool:
    """Whether a file of this size has such a block, and whether all of it can be there."""
    end = (index + 1) * BLOCK
    if size is None:
        return end <= there
    return index * BLOCK < size and min(end, size) <= there


def _open_locked(path: Path) -> int:
    """Open and lock the file that has this name now, not one that was just published or removed."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        descriptor = os.open(path, flags, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Conflict(
                f"{path} is being written by another download",
                hint="Wait for it, or choose another name with -o.",
                details={"path": str(path)},
            ) from None
        with contextlib.suppress(FileNotFoundError):
            status = os.fstat(descriptor)
            if os.path.samestat(status, path.lstat()):
                if status.st_nlink == 1:
                    return descriptor
                # It has another name: a file that was published when its process was killed.
                path.unlink()
        os.close(descriptor)
