"""The library: what was fetched can be found again by path, by words and by relation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from galion_core.defaults import register_defaults
from galion_core.errors import InvalidInput
from galion_core.hookspecs import hookimpl
from galion_core.library.catalogue import artifact_id
from galion_core.library.library import Library
from galion_core.plugins.manager import PluginManager
from galion_core.storage.protocol import Store
from galion_core.storage.tinystore import open_store
from galion_core.types import Artifact, GraphEdge, IndexDocument


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home")
    yield opened
    opened.close()


def make_library(store: Store, tmp_path: Path, *plugins: object) -> Library:
    manager = PluginManager()
    register_defaults(manager)
    for number, plugin in enumerate(plugins):
        manager.register(plugin, f"plugin{number}")
    return Library(store, manager, tmp_path / "home", "keyword")


def artifact(name: str, **metadata: object) -> Artifact:
    path = Path("/models") / name
    return Artifact(
        id=artifact_id(path),
        job_id="dl_1",
        path=path,
        size=10,
        sha256="ab" * 32,
        verified=True,
        url="https://example.com/" + name,
        platform="shelf",
        metadata=metadata,
    )


def add(library: Library, artifact: Artifact, origin: dict[str, object]) -> None:
    library.keep(artifact, origin, asyncio.run(library.describe(artifact)))


def test_an_artifact_comes_back_as_it_went_in(store: Store, tmp_path: Path) -> None:
    library = make_library(store, tmp_path)
    kept = artifact("a.bin", title="A", tags=["x"])
    add(library, kept, {"etag": '"1"'})
    assert library.catalogue.get(kept.id) == kept
    assert list(library.catalogue) == [kept]
    assert library.catalogue.origin(kept.path) == {"etag": '"1"'}
    assert library.catalogue.get("art_unknown") is None
    assert library.catalogue.origin(Path("/elsewhere")) is None


def test_a_file_that_replaces_another_takes_its_record(store: Store, tmp_path: Path) -> None:
    library = make_library(store, tmp_path)
    add(library, artifact("a.bin", title="old"), {})
    add(library, artifact("a.bin", title="new"), {})
    assert len(library.catalogue) == 1
    assert [hit.artifact_id for hit in library.search("new")] == [artifact("a.bin").id]
    assert list(library.search("old")) == []


def test_search_finds_by_name_title_and_tag_and_says_why(store: Store, tmp_path: Path) -> None:
    library = make_library(store, tmp_path)
    anime = artifact("AnimeStyle_v2.safetensors", tags=["lora"])
    photo = artifact("photo.safetensors", description="Real photographs, no anime at all")
    for each in (anime, photo):
        add(library, each, {})
    hits = library.search("anime lora")
    assert [hit.artifact_id for hit in hits] == [anime.id, photo.id]
    assert hits[0].why == "matches anime, lora"
    assert 0 < hits[1].score < hits[0].score < 1


def test_what_is_added_after_the_index_was_opened_is_found(store: Store, tmp_path: Path) -> None:
    library = make_library(store, tmp_path)
    assert list(library.search("late")) == []
    add(library, artifact("late.bin"), {})
    assert len(library.search("late")) == 1


@pytest.mark.parametrize("query", ["", "   ", "!!! ???", "word " * 3000, "日本語", "🦊"])
def test_any_query_is_answered(store: Store, tmp_path: Path, query: str) -> None:
    library = make_library(store, tmp_path)
    add(library, artifact("a.bin"), {})
    assert list(library.search(query)) == []


def test_documents_of_all_plugins_are_merged_and_one_that_fails_costs_only_its_own(
    store: Store, tmp_path: Path
) -> None:
    class Good:
        @hookimpl
        def galion_index_document(self, artifact: Artifact) -> IndexDocument:
            return IndexDocument(text="zebra", tags=("Stripes ",))

    class Bad:
        @hookimpl
        def galion_index_document(self, artifact: Artifact) -> IndexDocument:
            raise RuntimeError("broken")

    library = make_library(store, tmp_path, Bad(), Good())
    add(library, artifact("a.bin"), {})
    assert len(library.search("zebra")) == 1
    [document] = library.documents
    assert document.tags == ("stripes",)


def test_the_graph_holds_the_surest_edge_between_known_artifacts(
    store: Store, tmp_path: Path
) -> None:
    one, two = artifact("1.bin"), artifact("2.bin")

    def edge(target: str, confidence: float) -> GraphEdge:
        return GraphEdge(
            source=one.id,
            target=target,
            relation="compatible_with",
            evidence="same base model",
            confidence=confidence,
        )

    class Related:
        @hookimpl
        def galion_graph_edges(self) -> list[GraphEdge]:
            return [edge(two.id, 0.5), edge(two.id, 0.9), edge("art_unknown", 1.0)]

    library = make_library(store, tmp_path, Related())
    for each in (one, two):
        add(library, each, {})
    assert library.graph() == [edge(two.id, 0.9)]


def test_an_unknown_index_backend_is_named_with_those_there_are(
    store: Store, tmp_path: Path
) -> None:
    library = Library(store, PluginManager(), tmp_path, "nowhere")
    with pytest.raises(InvalidInput, match="nowhere"):
        library.search("anything")
