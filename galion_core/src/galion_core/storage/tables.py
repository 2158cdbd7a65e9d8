"""TinyDB on the journal: a Storage and a Table, by TinyDB's own ways of extension.

What TinyDB hands out belongs to the caller: changing it changes nothing that is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, ItemsView, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar, cast

from tinydb import Storage, TinyDB
from tinydb import table as tinydb_table
from tinydb.queries import QueryLike
from tinydb.utils import LRUCache

from galion_core.storage.journal import Journal
from galion_core.storage.lines import Change, Document

_Value = TypeVar("_Value")


def identified(document: Mapping[str, object], doc_id: str) -> tinydb_table.Document:
    """The document as TinyDB takes it when the caller names the id."""
    return tinydb_table.Document(document, cast(Any, doc_id))  # its annotation says int


class JournalStorage(Storage):
    """A journal as TinyDB's storage."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def read(self) -> dict[str, dict[str, Any]]:
        """A copy of everything; tables do without."""
        with self.journal.reading() as tables:
            return _copied(tables)

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Store the difference between what there is and ``data``."""
        with self.journal.exclusive() as tables:
            for name in tables.keys() | data.keys():
                draft = _Draft(tables.get(name, {}))
                draft.become(data.get(name, {}))
                self.journal.commit(draft.changes(name))

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()


class _NoCache(LRUCache[Any, Any]):
    """Keeps no query's results: another process may have changed them since."""

    def set(self, key: object, value: object) -> None:
        """Forget it."""


class JournalTable(tinydb_table.Table):
    """A table whose updates cost what they touch, and whose ids are text.

    An updater that raises changes nothing. Documents without an id of their own get a random one.
    """

    document_id_class = str  # type: ignore[assignment]
    query_cache_class = _NoCache

    @property
    def journal(self) -> Journal:
        """Where the documents are."""
        return cast(JournalStorage, self._storage).journal

    def find(self, doc_id: str) -> tinydb_table.Document | None:
        """The document with this id."""
        return self.get(doc_id=cast(Any, doc_id))

    def peek(self, doc_id: str) -> Mapping[str, Any] | None:
        """The document as it is stored: not to be changed, and none of what it holds."""
        with self.journal.reading() as tables:
            return tables.get(self.name, {}).get(doc_id)

    def replace(self, doc_id: str, document: Mapping[str, object]) -> None:
        """Keep the document under the id, in place of what was there."""
        self.journal.commit([(self.name, doc_id, dict(document))])

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        """TinyDB's upsert, as one step for other processes too."""
        with self.journal.exclusive():
            return super().upsert(document, cond)

    def _get_next_id(self) -> Any:  # noqa: ANN401 - TinyDB says int
        return secrets.token_hex(8)

    def _read_table(self) -> Any:  # noqa: ANN401 - TinyDB says dict, and needs only a mapping
        with self.journal.reading() as tables:
            return _Copies(tables.get(self.name, {}))

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        with self.journal.exclusive() as tables:
            draft = _Draft(tables.get(self.name, {}))
            updater(draft)
            self.journal.commit(draft.changes(self.name))


class Database(TinyDB):
    """TinyDB with these tables: ``Database(journal, storage=JournalStorage)``."""

    table_class = JournalTable

    def drop_table(self, name: str) -> None:
        """Remove all documents of the table."""
        with cast(JournalStorage, self.storage).journal.exclusive():
            super().drop_table(name)

    def drop_tables(self) -> None:
        """Remove all documents of all tables."""
        with cast(JournalStorage, self.storage).journal.exclusive():
            super().drop_tables()


class _Copies(Mapping[str, Document]):
    """A table as TinyDB reads it: each document is copied when it is looked at, the table never."""

    def __init__(self, documents: dict[str, Document]) -> None:
        self._documents = documents

    def __getitem__(self, doc_id: str) -> Document:
        return _copied(self._documents[doc_id])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._documents))

    def __len__(self) -> int:
        return len(self._documents)

    def items(self) -> ItemsView[str, Document]:
        """All documents of this moment, whatever other threads do meanwhile."""
        return ItemsView(_Copies(dict(self._documents)))


class _Draft(MutableMapping[str, Document]):
    """A table as TinyDB changes it: a document is copied when it is touched, and so remembered."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._touched: dict[str, Document | None] = {}

    def __getitem__(self, doc_id: str) -> Document:
        if doc_id not in self._touched:
            self._touched[doc_id] = _copied(self._documents[doc_id])
        document = self._touched[doc_id]
        if document is None:
            raise KeyError(doc_id)
        return document

    def __setitem__(self, doc_id: str, document: Document) -> None:
        self._touched[doc_id] = document

    def __delitem__(self, doc_id: str) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._touched[doc_id] = None

    def __contains__(self, doc_id: object) -> bool:
        if doc_id in self._touched:
            return self._touched[doc_id] is not None
        return doc_id in self._documents

    def __iter__(self) -> Iterator[str]:
        yield from (doc_id for doc_id in self._documents if doc_id in self)
        yield from (doc_id for doc_id in self._touched if self._is_new(doc_id))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Remove all documents; the inherited way would walk the table once for each."""
        self._touched = dict.fromkeys(self._documents)

    def become(self, documents: Mapping[str, Document]) -> None:
        """Hold exactly these documents."""
        self.clear()
        self._touched.update(documents)

    def changes(self, table: str) -> Iterator[Change]:
        """What is not as it was."""
        for doc_id, document in self._touched.items():
            # By their text, because 1 == True == 1.0 and yet JSON tells them apart.
            if repr(document) != repr(self._documents.get(doc_id)):
                yield table, doc_id, document

    def _is_new(self, doc_id: str) -> bool:
        return doc_id in self and doc_id not in self._documents


def _copied(value: _Value) -> _Value:
    """A copy of a JSON value, all the way down."""
    copy: Any = value
    if isinstance(value, dict):
        copy = {key: _copied(item) for key, item in value.items()}
    elif isinstance(value, list):
        copy = [_copied(item) for item in value]
    return cast(_Value, copy)
