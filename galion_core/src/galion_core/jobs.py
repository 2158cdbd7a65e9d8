"""A job: one URL on its way to its files, and the table of its legal moves."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Status(StrEnum):
    """Where a job is in its life (docs/architecture.md draws it)."""

    QUEUED = "queued"
    RESOLVING = "resolving"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    PROCESSING = "processing"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: States in which a worker holds the job.
RUNNING = frozenset(
    {Status.RESOLVING, Status.DOWNLOADING, Status.VERIFYING, Status.PROCESSING},
)
#: States that nobody leaves without being asked.
FINISHED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
UNFINISHED = frozenset(Status) - FINISHED

_STOPS = frozenset({Status.PAUSED, Status.FAILED, Status.CANCELLED})
#: The only place that says which state may follow which. A running job whose worker died goes back
#: to QUEUED, a finished one too when it is retried.
MOVES: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: _STOPS | {Status.RESOLVING},
    Status.RESOLVING: _STOPS | {Status.QUEUED, Status.DOWNLOADING},
    Status.DOWNLOADING: _STOPS | {Status.QUEUED, Status.VERIFYING},
    Status.VERIFYING: _STOPS | {Status.QUEUED, Status.PROCESSING},
    Status.PROCESSING: _STOPS | {Status.QUEUED, Status.COMPLETED},
    Status.PAUSED: frozenset({Status.QUEUED, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.QUEUED}),
    Status.CANCELLED: frozenset({Status.QUEUED}),
    Status.COMPLETED: frozenset(),
}


class _Record(BaseModel):
    """Immutable, and tolerant of fields that a newer version wrote."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class JobOptions(_Record):
    """What the user asked for beside the URL; nothing here is a secret."""

    directory: str
    """Absolute path."""
    filename: str | None = None
    checksum: str | None = None
    """``ALGORITHM=HEX``"""
    checksums_from: str | None = None
    """The link of a list of checksums, or ``auto``."""
    connections: int | None = None
    limit_rate: int | None = None
    """Bytes a second, over all its files; None: the setting download.limit_rate."""
    force: bool = False
    """Replace a file that has the name."""
    trusted: bool = True
    """A person typed the URL; False: only public addresses may be reached for it."""


class JobFile(_Record):
    """One file of a job."""

    id: str = ""
    """What the plugin needs to resolve this file again."""
    name: str | None = None
    path: str | None = None
    """Absolute; set once the name is known."""
    size: int | None = None
    """Bytes; None: not known yet."""
    sha256: str | None = None
    """Set when the file is published."""
    verified: bool = False
    """A digest given by the user, published by the platform or sent by the server was met."""
    kept: bool = False
    """The file was there already; nothing was fetched."""

    @property
    def done(self) -> bool:
        """The file is published."""
        return self.sha256 is not None


class JobError(_Record):
    """Why a job failed, as on every face."""

    code: str
    message: str
    details: dict[str, object] = Field(default_factory=dict)
    retryable: bool = False
    hint: str | None = None


class Job(_Record):
    """One URL on its way to its files."""

    id: str
    url: str
    """Without userinfo; shown to people only through ``urls.redact``."""
    options: JobOptions
    status: Status = Status.QUEUED
    platform: str | None = None
    files: tuple[JobFile, ...] = ()
    error: JobError | None = None
    warnings: tuple[str, ...] = ()
    """What went wrong after the files were published."""
    priority: int = 0
    """Higher runs first."""
    batch: str | None = None
    attempt: int = 0
    """Counts the claims; a worker whose attempt is no longer this one has lost the job."""
    worker: str | None = None
    """Who holds the job while it runs."""
    created_at: float = Field(default_factory=time.time)
    """Seconds since 1970, UTC."""
    updated_at: float = Field(default_factory=time.time)


def new_id(kind: str) -> str:
    """An unguessable id: ``dl_`` for jobs, ``batch_`` for batches, ``art_`` for artifacts."""
    return f"{kind}_{secrets.token_urlsafe(12).replace('-', '0').replace('_', '1')}"
