"""One record for each published file, found again by its path."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from galion_core.storage.protocol import Records, Store
from galion_core.types import Artifact


def artifact_id(path: Path) -> str:
    """The id of the artifact at an absolute path; a file that replaces another takes its id."""
    return "art_" + hashlib.sha256(os.fsencode(path)).hexdigest()[:20]


class Catalogue:
    """The artifacts, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._records: Records = store.records("artifacts")

    def add(self, artifact: Artifact, origin: Mapping[str, object]) -> None:
        """Keep an artifact; ``origin`` says from which version of which source it came."""
        self._records.put(
            artifact.id,
            {
                "job_id": artifact.job_id,
                "path": str(artifact.path),
                "size": artifact.size,
                "sha256": artifact.sha256,
                "verified": artifact.verified,
                "url": artifact.url,
                "platform": artifact.platform,
                "metadata": dict(artifact.metadata),
                "origin": dict(origin),
            },
        )

    def get(self, wanted: str) -> Artifact | None:
        """The artifact with this id."""
        record = self._records.get(wanted)
        return None if record is None else _artifact(wanted, record)

    def origin(self, path: Path) -> Mapping[str, object] | None:
        """From which version of which source the file at ``path`` came; None when unknown."""
        record = self._records.get(artifact_id(path))
        origin = record.get("origin") if record else None
        return origin if isinstance(origin, Mapping) else None

    def __iter__(self) -> Iterator[Artifact]:
        for wanted, record in self._records.items():
            yield _artifact(wanted, record)

    def __len__(self) -> int:
        return len(self._records)


def _artifact(wanted: str, record: Mapping[str, object]) -> Artifact:
    metadata = record.get("metadata")
    size = record["size"]
    assert isinstance(size, int)
    return Artifact(
        id=wanted,
        job_id=str(record["job_id"]),
        path=Path(str(record["path"])),
        size=size,
        sha256=str(record["sha256"]),
        verified=bool(record["verified"]),
        url=str(record["url"]),
        platform=str(record["platform"]),
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )
