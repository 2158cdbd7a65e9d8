"""The store on one machine: TinyDB on a journal, in Galion's home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

from galion_core.storage.jobindex import JobIndex
from galion_core.storage.jobtable import TinyJobs
from galion_core.storage.journal import SNAPSHOT_AT, Journal
from galion_core.storage.protocol import JobTable, Records, Store
from galion_core.storage.tables import Database, JournalStorage, JournalTable
from galion_core.storage.workers import Workers

_JOBS = "jobs"


def open_store(home: Path) -> Store:
    """The store in ``home``, made when there is none; raises StoreError."""
    return TinyStore(home)


class TinyStore:
    """Jobs and records in ``catalogue/``, workers in ``workers/``; ``snapshot_at`` is in bytes."""

    def __init__(self, home: Path, *, snapshot_at: int = SNAPSHOT_AT) -> None:
        index = JobIndex()
        self._journal = Journal(
            home / "catalogue", watchers={_JOBS: index}, snapshot_at=snapshot_at
        )
        self._database = Database(self._journal, storage=JournalStorage)
        self._workers = Workers(home / "workers")
        self._jobs = TinyJobs(self._table(_JOBS), index, self._workers.alive)

    @property
    def jobs(self) -> JobTable:
        """The jobs."""
        return self._jobs

    def records(self, kind: str) -> Records:
        """The records of one kind; made on first use."""
        if kind == _JOBS:
            raise ValueError("Jobs have a table of their own")
        return TinyRecords(self._table(kind))

    def worker(self) -> str:
        """A new worker's name, alive until this store is closed or its process ends."""
        return self._workers.new()

    def together(self) -> AbstractContextManager[None]:
        """Make the changes within as one."""
        return self._journal.together()

    def version(self) -> object:
        """A value that changes whenever any process changed anything."""
        return self._journal.version()

    def close(self) -> None:
        """End the workers of this store, and bring everything to the disk."""
        self._workers.close()
        self._database.close()

    def _table(self, name: str) -> JournalTable:
        return cast(JournalTable, self._database.table(name))


class TinyRecords:
    """Records of one kind in a table."""

    def __init__(self, table: JournalTable) -> None:
        self._table = table

    def put(self, record_id: str, record: Mapping[str, object]) -> None:
        """Keep or replace a record."""
        self._table.replace(record_id, record)

    def get(self, record_id: str) -> Mapping[str, object] | None:
        """The record, or None."""
        return self._table.find(record_id)

    def remove(self, record_id: str) -> None:
        """Forget a record; unknown ids are ignored."""
        self._table.remove(doc_ids=[cast(Any, record_id)])

    def items(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        """All records, oldest first."""
        for document in self._table:
            yield str(document.doc_id), document

    def __len__(self) -> int:
        return len(self._table)
