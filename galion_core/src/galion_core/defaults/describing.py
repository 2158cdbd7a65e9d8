"""What can be said of any artifact: its name, where it came from, what its metadata call it."""

from __future__ import annotations

from collections.abc import Mapping

from galion_core.hookspecs import hookimpl
from galion_core.types import Artifact, IndexDocument
from galion_core.urls import parse_url

#: Metadata that describe the artifact in words.
_TEXTS = ("title", "description", "author")


@hookimpl
def galion_index_document(artifact: Artifact, metadata: Mapping[str, object]) -> IndexDocument:
    """Describe an artifact by what the core knows."""
    texts = [artifact.name, *(str(metadata[key]) for key in _TEXTS if metadata.get(key))]
    tags = metadata.get("tags")
    return IndexDocument(
        text="\n".join(texts),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list | tuple) else (),
        fields={"platform": artifact.platform, "host": parse_url(artifact.url).host},
    )
