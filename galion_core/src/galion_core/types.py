"""The values that cross a hook: frozen, typed, made of plain data."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from galion_core.digests import ALGORITHMS
from galion_core.errors import InvalidInput

if TYPE_CHECKING:
    from galion_core.storage.protocol import Store
    from galion_core.urls import ParsedUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformInfo:
    """A platform that a plugin serves."""

    name: str
    """Short and lower case: the word in ``platform`` fields."""
    title: str
    hosts: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    """URLs a person would paste."""
    credentials: tuple[str, ...] = ()
    """Names of the environment variables that may hold a token."""
    home: str = ""


class Confidence(IntEnum):
    """How sure a platform is that a URL is its own; the highest bid wins."""

    FALLBACK = 10
    """Any link will do."""
    HOST = 50
    """The host is right, the path is not known."""
    EXACT = 100
    """Host and path are right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformMatch:
    """A platform's bid for a URL."""

    platform: str
    kind: str
    """What the URL points at, in the platform's own word: model, release, file."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """What the URL itself says, without asking the network: ``{"modelId": "12345"}``."""
    confidence: Confidence = Confidence.EXACT


@dataclass(frozen=True, slots=True)
class Checksum:
    """A digest as hex, lower case: crc32, md5, sha1, sha256, sha512 or blake3.

    The first three show damage on the way, but not that nobody meant it.

    >>> Checksum.parse("SHA-256=" + "AB" * 32).algorithm
    'sha256'
    """

    algorithm: str
    value: str
    by: str = field(default="", compare=False)
    """Who says so, in words that "says" can follow; filled in by the core."""

    def __post_init__(self) -> None:
        """Refuse what no hash could give."""
        algorithm = ALGORITHMS.get(self.algorithm)
        if algorithm is None:
            raise InvalidInput(
                f"Unknown checksum algorithm {self.algorithm[:40]!r}",
                hint=f"Use one of {', '.join(ALGORITHMS)}.",
            )
        length = algorithm.hex_digits
        if not re.fullmatch(f"[0-9a-f]{{{length}}}", self.value):
            raise InvalidInput(
                f"A {self.algorithm} checksum has {length} hex digits, not {self.value[:200]!r}",
                hint=f"Write it as {self.algorithm}=HEX.",
            )

    @classmethod
    def parse(cls, text: str, *, by: str = "") -> Checksum:
        """Read ``ALGORITHM=HEX``; raises InvalidInput."""
        algorithm, _, value = text.partition("=")
        return cls(algorithm.strip().lower().replace("-", ""), value.strip().lower(), by)

    def __str__(self) -> str:
        return f"{self.algorithm}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file that a platform offers."""

    url: str
    """Where the bytes are now; may be a signed link: it is used and forgotten."""
    id: str = ""
    """What the plugin needs to resolve this file again; kept with the job."""
    name: str | None = None
    """None: the server's answer names it (Content-Disposition, else the URL)."""
    size: int | None = None
    """Bytes."""
    checksums: tuple[Checksum, ...] = ()
    folder: str = ""
    """Where it belongs below the chosen directory, with ``/`` between parts."""
    mirrors: tuple[str, ...] = ()
    """Other places of the same bytes."""
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a URL stands for: the files to fetch and what is known about them."""

    files: tuple[RemoteFile, ...]
    title: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    """JSON values; kept with the artifact and given to the index."""


class HttpResponse(Protocol):
    """An answer of a platform's API, its body limited in size."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""

    @property
    def text(self) -> str:
        """The body as text."""

    def json(self) -> object:
        """The body as JSON; raises DownloadFailed when it is not."""


class HttpClient(Protocol):
    """The small talk with platforms: credentials are added by origin and never leave it."""

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """The answer to a GET, redirects followed; its status is for the caller to judge."""


class ResolveContext(Protocol):
    """What ``galion_resolve_url`` may use."""

    @property
    def url(self) -> ParsedUrl:
        """What the user gave."""

    @property
    def http(self) -> HttpClient:
        """For the platform's API."""

    @property
    def settings(self) -> Mapping[str, object]:
        """The plugin's own table of the configuration."""

    @property
    def file_id(self) -> str | None:
        """Set when one file's link is to be made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthRequest:
    """Who is asked for credentials, for which origin."""

    platform: str
    origin: str
    """scheme://host:port of the request that will carry them."""
    url: ParsedUrl
    """What the user gave, userinfo included."""
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Headers that may go to these origins and nowhere else."""

    origins: tuple[str, ...]
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that was fetched, proven and published."""

    id: str
    job_id: str
    path: Path
    size: int
    """Bytes."""
    sha256: str
    verified: bool
    """A digest given by the user, published by the platform or sent by the server was met."""
    url: str
    platform: str
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file name."""
        return self.path.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """What a post-processor adds."""

    metadata: Mapping[str, object] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostProcessor:
    """A step after publishing; lower ``order`` runs first, names break ties."""

    name: str
    run: Callable[[Artifact], ProcessResult | Awaitable[ProcessResult | None] | None]
    applies: Callable[[Artifact], bool] = lambda artifact: True
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDocument:
    """What can be searched about an artifact; several documents of one artifact are merged."""

    text: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    artifact_id: str = ""
    """Filled in by the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """A relation between two artifacts, with the reason to believe it."""

    source: str
    target: str
    relation: str
    evidence: str
    confidence: float = 1.0
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexHit:
    """An artifact that a search found."""

    artifact_id: str
    score: float
    """0 to 1, higher is better."""
    why: str = ""


class Index(Protocol):
    """A searchable index; it is a cache and can be rebuilt from the catalogue at any time."""

    def add(self, documents: Sequence[IndexDocument]) -> None:
        """Add or replace documents by artifact id."""

    def remove(self, artifact_ids: Iterable[str]) -> None:
        """Forget artifacts; unknown ids are ignored."""

    def search(self, query: str, limit: int) -> Sequence[IndexHit]:
        """The best hits, best first."""

    def close(self) -> None:
        """Release what is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBackend:
    """A kind of index; ``open`` gets the folder it may use."""

    name: str
    open: Callable[[Path], Index]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBackend:
    """A kind of store; ``open`` gets Galion's home folder."""

    name: str
    open: Callable[[Path], Store]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a job."""

    type: str
    """``job.`` and the job's new status, such as ``job.completed``."""
    job_id: str
    at: float
    """Seconds since 1970, UTC."""
    data: Mapping[str, object] = field(default_factory=dict)
    """The job as ``--json`` shows it."""
