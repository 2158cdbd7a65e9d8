"""What a person asks for, checked before anything is started."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from galion_core.engine.checksum_files import check_place
from galion_core.errors import DiskError, InvalidInput
from galion_core.jobs import Job, JobOptions, new_id
from galion_core.types import Checksum
from galion_core.urls import MAX_NAME, ParsedUrl, parse_url

#: What the byte mover's own promises hang on.
_OWN_HEADERS = frozenset(
    {"accept-encoding", "connection", "content-length", "if-range", "range", "transfer-encoding"}
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """A URL to download, and how."""

    url: str
    directory: str | Path | None = None
    """None: the setting download.directory."""
    filename: str | None = None
    checksum: str | None = None
    """``ALGORITHM=HEX``"""
    checksums_from: str | None = None
    """The link of a list such as SHA256SUMS, or ``auto``: one beside the file."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent to the URL's own origin only, never stored."""
    connections: int | None = None
    limit_rate: int | None = None
    """Bytes a second."""
    force: bool = False
    """Replace a file that has the name."""
    trusted: bool = True
    """A person typed the URL, or a program of theirs; False: it came from somebody else, as over
    the network, and nothing but public addresses may be reached for it."""
    priority: int = 0
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """What of a request is never written down."""

    url: ParsedUrl
    """With userinfo."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def make_job(request: DownloadRequest, default_directory: str) -> tuple[Job, Secrets]:
    """A new job for a request; raises InvalidInput, InvalidUrl or DiskError."""
    url = parse_url(request.url)
    checksum = None if request.checksum is None else str(Checksum.parse(request.checksum))
    place = None if request.checksums_from is None else check_place(request.checksums_from)
    options = JobOptions(
        directory=str(_directory(request.directory or default_directory)),
        filename=None if request.filename is None else _filename(request.filename),
        checksum=checksum,
        checksums_from=place,
        connections=request.connections,
        limit_rate=request.limit_rate,
        force=request.force,
        trusted=request.trusted,
    )
    for name, value in request.headers.items():
        _check_header(name, value)
    job = Job(
        id=new_id("dl"),
        url=str(url),
        options=options,
        priority=request.priority,
        batch=request.batch,
    )
    return job, Secrets(url, dict(request.headers))


def _directory(directory: str | Path) -> Path:
    path = Path(os.path.realpath(Path(directory).expanduser()))
    if path.exists() and not path.is_dir():
        raise DiskError(
            f"{path} is a file, not a directory",
            hint="Choose a directory with -d; to name the file, use -o.",
            details={"path": str(path)},
        )
    return path


def _filename(name: str) -> str:
    unusable = name in ("", ".", "..") or re.search(r"[/\\\x00-\x1f\x7f]", name)
    if unusable or len(name.encode(errors="replace")) > MAX_NAME:
        raise InvalidInput(
            f"{name[:100]!r} is not a file name",
            hint=f"Give one name of at most {MAX_NAME} bytes with -o, and the directory with -d.",
        )
    return name


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
        raise InvalidInput(
            f"{name[:100]!r} is not a usable header",
            hint="Write -H 'Name: value', one line each.",
        )
    if name.lower() in _OWN_HEADERS:
        raise InvalidInput(
            f"The header {name} is Galion's own to set",
            hint="Leave it out: parts, resuming and encodings are taken care of.",
        )
