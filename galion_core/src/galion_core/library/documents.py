"""What can be searched about each artifact, kept in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from galion_core.storage.protocol import Records, Store
from galion_core.types import IndexDocument


def merge(artifact_id: str, documents: Iterable[IndexDocument]) -> IndexDocument:
    r"""One document out of what several plugins said; of two values for a field the first stays.

    >>> merge("a", [IndexDocument(text="x", tags=("b",)), IndexDocument(text="y", tags=("B ",))])
    IndexDocument(text='x\ny', tags=('b',), fields={}, artifact_id='a')
    """
    texts: list[str] = []
    tags: dict[str, None] = {}
    fields: dict[str, str] = {}
    for each in documents:
        if each.text.strip():
            texts.append(each.text.strip())
        tags |= dict.fromkeys(_normal(tag) for tag in each.tags if tag.strip())
        fields = {**each.fields, **fields}
    return IndexDocument(
        text="\n".join(texts), tags=tuple(tags), fields=fields, artifact_id=artifact_id
    )


def _normal(tag: str) -> str:
    return " ".join(tag.casefold().split())


class Documents:
    """The merged documents, by artifact."""

    def __init__(self, store: Store) -> None:
        self._records: Records = store.records("documents")

    def add(self, document: IndexDocument) -> None:
        """Keep or replace a document."""
        self._records.put(
            document.artifact_id,
            {"text": document.text, "tags": list(document.tags), "fields": dict(document.fields)},
        )

    def __iter__(self) -> Iterator[IndexDocument]:
        for artifact_id, record in self._records.items():
            tags, fields = record.get("tags"), record.get("fields")
            yield IndexDocument(
                text=str(record.get("text", "")),
                tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
                fields=fields if isinstance(fields, Mapping) else {},
                artifact_id=artifact_id,
            )

    def __len__(self) -> int:
        return len(self._records)
