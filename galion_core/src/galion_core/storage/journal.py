"""The journal: documents in memory, and on disk a line for each commit.

A commit appends one checksummed line (``lines``) to ``journal-N`` in one write, whatever the number
of documents. When that file has outgrown the last snapshot, ``journal-N+1`` is begun, the line
``{"next": N+1}`` ends the old file, and a thread writes ``snapshot-N+1`` (``snapshots``) while work
goes on; only then the files before it are removed. To load is to read the newest snapshot and the
journals from there on, along their ``next`` lines. So each moment between is a state that opens:

- the new journal is there, ``next`` is not: it is empty, and the old journal is still the last;
- ``next`` is there, the snapshot is not: the older snapshot and both journals are read;
- both are there, and so are older files: these are ignored, and removed by the next snapshot.

Several processes share the folder. Who writes holds the lock file, and first reads what the others
appended. Who reads needs no lock: half a line is not read, and comes whole the next time. Half a
line that a killed process left behind is cut off by the next writer.

What survives: a commit that returned survives the death of its process, kill -9 included, because
the operating system has the line. There is no fsync for each commit, only for snapshots and at
``close``: a power cut or a crash of the system itself can cost the commits of the last seconds
(30 with the usual settings of Linux); what is left is then still a state that was once true.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from galion_core.errors import StoreError
from galion_core.settings.places import make_private
from galion_core.storage import snapshots
from galion_core.storage.failures import damaged, explained
from galion_core.storage.lines import (
    Change,
    Document,
    Tables,
    apply,
    line_of,
    payload_of_changes,
    value_of,
)
from galion_core.storage.lines import changes as changes_in
from galion_core.storage.locks import locked
from galion_core.storage.log import Log, Superseded

#: Bytes of a journal that are worth a snapshot: a few thousand commits.
SNAPSHOT_AT = 4 << 20

_logger = logging.getLogger(__name__)


class Watcher(Protocol):
    """Keeps something up to date with a table."""

    def clear(self) -> None:
        """Forget everything: the table is loaded anew."""

    def changed(self, doc_id: str, document: Document | None) -> None:
        """The document is this now; None: removed. May be told twice."""


class Journal:
    """Tables of documents, shared by the threads of this process and by other processes.

    ``watchers`` are told of the changes of the tables that they are named after. ``snapshot_at``:
    bytes. Raises StoreError when the folder cannot be read or written, or what is in it is damaged.
    """

    def __init__(
        self,
        folder: Path,
        *,
        watchers: Mapping[str, Watcher] | None = None,
        snapshot_at: int = SNAPSHOT_AT,
    ) -> None:
        self.folder = folder
        self._watchers = watchers or {}
        self._snapshot_at = self._rotate_at = snapshot_at
        self._mutex = threading.RLock()
        self._lock_file = folder / "lock"
        self._exclusive = False
        self._gathering = False
        self._gathered: list[bytes] = []
        """Commits that are in the tables and not on disk, as JSON without the outer brackets."""
        self._log = Log(folder)
        self._tables: Tables = {}
        self._loaded = False
        self._closed = False
        self._snapshot: threading.Thread | None = None
        with explained("open the store in", folder):
            make_private(folder)
            with locked(self._lock_file):
                self._log.begin()
            try:
                self._catch_up()
            except BaseException:
                self._log.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[Tables]:
        """The tables as they are now, and stay meanwhile; not to be changed."""
        with self._mutex:
            if not self._exclusive:
                with explained("read the store in", self.folder):
                    self._catch_up()
            yield self._tables

    @contextmanager
    def exclusive(self) -> Iterator[Tables]:
        """Keep everybody else from writing, to decide on what is there; may be nested.

        Each commit within is a step of its own: it stays when a later one fails; see ``together``.
        """
        with self._mutex:
            if self._exclusive:
                yield self._tables
                return
            with ExitStack() as held:
                with explained("lock the store in", self.folder):
                    held.enter_context(locked(self._lock_file))
                    self._catch_up()
                    self._log.cut_torn_line()
                self._exclusive = True
                held.callback(setattr, self, "_exclusive", False)
                yield self._tables

    def commit(self, changes: Iterable[Change]) -> None:
        """Make the changes, all or none, and see them in the tables."""
        listed = list(changes)
        if not listed:
            return
        payload = payload_of_changes(listed)
        with self.together():
            # Read back, so that nobody who still holds a document can change what is stored.
            self._take_in(changes_in(value_of(payload)))
            self._gathered.append(payload[1:-1])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make the commits within one step, all or none, at the price of one; may be nested.

        They are in the tables at once, for this thread alone, and on disk when this ends well.
        """
        with self.exclusive():
            if self._gathering:
                yield
                return
            self._gathering = True
            try:
                yield
                if self._gathered:
                    with explained("write to the store in", self.folder):
                        self._log.append(line_of(b"[%s]" % b",".join(self._gathered)))
            except BaseException:
                self._loaded = not self._gathered and self._loaded
                raise
            finally:
                self._gathering = False
                self._gathered.clear()
            if self._log.offset >= self._rotate_at:
                with explained("write to the store in", self.folder):
                    self._make_snapshot()

    def version(self) -> tuple[int, int]:
        """Differs after every commit of any process."""
        with self.reading():
            return self._log.generation, self._log.offset

    def close(self) -> None:
        """Bring everything to the disk itself; whatever comes after raises StoreError."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
            if self._snapshot is not None:
                self._snapshot.join()
            try:
                with explained("write to the store in", self.folder):
                    self._log.sync()
            finally:
                self._log.close()

    def _catch_up(self) -> None:
        if self._closed:
            raise StoreError("The store is closed", hint="Open it again.")
        newest = None
        while True:
            try:
                if not self._loaded:
                    self._load()
                for changes in self._log.new():
                    self._take_in(changes)
                return
            except Superseded as gone:
                self._loaded = False
                before, newest = newest, self._newest_snapshot()
                if newest == before:
                    raise damaged(gone.path, "it is missing or was cut") from gone
            except BaseException:
                self._loaded = False  # something may be half taken in
                raise

    def _load(self) -> None:
        newest = self._newest_snapshot()
        self._tables.clear()
        for watcher in self._watchers.values():
            watcher.clear()
        if newest:
            try:
                with _no_collections():
                    self._take_in(snapshots.read(self.folder, newest))
            except FileNotFoundError as error:
                raise Superseded(error.filename) from error
        self._log.open(newest or 1)
        self._loaded = True

    def _newest_snapshot(self) -> int:
        return max(snapshots.generations(self.folder, "snapshot"), default=0)

    def _take_in(self, changes: Iterable[Change]) -> None:
        for change in changes:
            apply(change, self._tables)
            table, doc_id, document = change
            if watcher := self._watchers.get(table):
                watcher.changed(doc_id, document)

    def _make_snapshot(self) -> None:
        """Begin the next journal and leave the snapshot to a thread, once it is worth its price.

        A snapshot that fails loses nothing, so the commit that led to it does not fail with it.
        """
        if self._snapshot is not None and self._snapshot.is_alive():
            return
        try:
            self._rotate_at = max(self._snapshot_at, self._size_of_snapshot())
            if self._log.offset < self._rotate_at:
                return
            self._log.begin_next()
            pinned = {name: dict(table) for name, table in self._tables.items()}
            self._snapshot = threading.Thread(
                target=_write_snapshot,
                args=(self.folder, self._log.generation, pinned),
                daemon=True,
            )
            self._snapshot.start()
        except (OSError, RuntimeError) as error:  # RuntimeError: the interpreter is shutting down
            self._rotate_at = 2 * self._log.offset  # not again with every commit
            _logger.warning("No snapshot in %s: %s", self.folder, error)

    def _size_of_snapshot(self) -> int:
        newest = self._newest_snapshot()
        return snapshots.path_of(self.folder, "snapshot", newest).stat().st_size if newest else 0


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep the garbage collector from walking the growing tables again and again: half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _write_snapshot(folder: Path, generation: int, tables: Tables) -> None:
    try:
        snapshots.write(folder, generation, tables)
    except OSError as error:
        _logger.warning("No snapshot in %s: %s", folder, error)
