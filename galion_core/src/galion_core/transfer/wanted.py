"""What is asked of the byte mover, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from galion_core.network.route import Route
from galion_core.transfer.journal import Identity
from galion_core.transfer.rates import Bucket
from galion_core.types import Checksum, RemoteFile


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pause before the next try."""

    until: float
    """Seconds of the monotonic clock."""
    why: str


@dataclass(slots=True)
class Progress:
    """Counters that the mover keeps up to date and any thread may read."""

    name: str | None = None
    received: int = 0
    """Bytes of the file that are there, those of earlier attempts included."""
    total: int | None = None
    """Bytes of the whole file; None: not known."""
    waiting: Waiting | None = None
    """Set while nothing is fetched because something went wrong."""


@dataclass(frozen=True, slots=True)
class Known:
    """A file that was published here before."""

    identity: Identity
    sha256: str
    size: int
    modified_ns: int
    """The file's mtime then; when it differs, somebody wrote to it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file to fetch."""

    remote: RemoteFile
    source: str
    """A stable name of the place it comes from, without secrets."""
    directory: Path
    """Absolute, links resolved."""
    filename: str | None = None
    """The final name, if it is known before the server is asked."""
    checksums: tuple[Checksum, ...] = ()
    """What the bytes must be; those of ``remote`` included."""
    replace: bool = False
    connections: int = 1
    """At most."""
    bucket: Bucket = field(default_factory=Bucket)
    """What limits its speed, together with others that have the same."""
    headers_for: Callable[[str], Mapping[str, str]] = lambda origin: {}
    """The request headers, secret ones included, that may go to an origin."""
    route: Callable[[], Route] = Route
    """Begins a chain of requests: says which addresses it may lead to."""
    refresh: Callable[[], Awaitable[RemoteFile]] | None = None
    """Makes a new link when this one has expired."""
    known: Callable[[Path], Known | None] = lambda path: None
    """What is remembered of a file on disk."""
    named: Callable[[str, int | None], None] = lambda name, size: None
    """Called on the event loop with the final name and the size, as the file begins."""
    verifying: Callable[[], None] = lambda: None
    """Called on the event loop once every byte is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A published file."""

    path: Path
    size: int
    sha256: str
    verified: bool
    """A checksum was met, if only the server's own."""
    identity: Identity
    kept: bool = False
    """The file was there already; nothing was fetched."""
