"""The library: everything that was fetched, searchable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from galion_core.library.catalogue import Catalogue
from galion_core.library.documents import Documents, merge
from galion_core.library.graph import edges
from galion_core.plugins.backends import pick
from galion_core.plugins.manager import PluginManager
from galion_core.storage.protocol import Store
from galion_core.types import Artifact, GraphEdge, Index, IndexBackend, IndexDocument, IndexHit


class Library:
    """Catalogue, documents and index of one store; the index is opened when it is first needed."""

    def __init__(self, store: Store, manager: PluginManager, home: Path, backend: str) -> None:
        self.catalogue = Catalogue(store)
        self.documents = Documents(store)
        self._manager = manager
        self._home = home
        self._backend = backend
        self._index: Index | None = None

    async def describe(self, artifact: Artifact) -> IndexDocument:
        """What can be searched about an artifact: what the plugins say, as one document."""
        answers = await self._manager.collect_async(
            "galion_index_document", artifact=artifact, metadata=artifact.metadata
        )
        return merge(artifact.id, [each.value for each in answers])

    def keep(
        self, artifact: Artifact, origin: Mapping[str, object], document: IndexDocument
    ) -> None:
        """Keep an artifact; ``origin`` says from which version of which source it came."""
        self.catalogue.add(artifact, origin)
        self.documents.add(document)
        if self._index is not None:
            self._index.add([document])

    def search(self, query: str, limit: int = 10) -> Sequence[IndexHit]:
        """The best hits for a query, best first."""
        return self._open().search(query, limit)

    def graph(self) -> list[GraphEdge]:
        """The relations between the artifacts."""
        return edges(self._manager, list(self.documents))

    def close(self) -> None:
        """Close the index, if it was opened."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def _open(self) -> Index:
        if self._index is None:
            folder = self._home / "index" / self._backend
            backend: IndexBackend = pick(
                self._manager, "galion_register_index_backends", "index", self._backend
            )
            self._index = backend.open(folder)
            self._index.add(list(self.documents))
        return self._index
