"""Response headers: what of them a transfer needs, parsed strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from galion_core.transfer.digest_fields import server_digest
from galion_core.types import Checksum

#: Bytes of headers that are kept of one answer (R32).
MAX_HEADERS = 256 * 1024


class Headers(Mapping[str, str]):
    """Header fields by lower-case name; repeated ones joined by comma (RFC 9110 5.2)."""

    def __init__(self, lines: list[str]) -> None:
        self._fields: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                continue
            key = name.strip().lower()
            known = self._fields.get(key)
            self._fields[key] = value.strip() if known is None else f"{known}, {value.strip()}"

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True)
class ContentRange:
    """The bytes that a 206 says it holds (RFC 9110 14.4)."""

    first: int
    last: int
    total: int | None
    """None: the server does not know (``*``)."""


_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.IGNORECASE | re.ASCII)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,19})", re.IGNORECASE | re.ASCII)


def parse_content_range(text: str) -> ContentRange | None:
    """The range, or None when the text does not say one that makes sense.

    >>> parse_content_range("bytes 0-9/100")
    ContentRange(first=0, last=9, total=100)
    """
    found = _CONTENT_RANGE.fullmatch(text.strip())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    total = None if found[3] == "*" else int(found[3])
    if first > last or (total is not None and last >= total):
        return None
    return ContentRange(first, last, total)


def unsatisfied_total(text: str) -> int | None:
    """The size in the Content-Range of a 416, ``bytes */N``."""
    found = _UNSATISFIED.fullmatch(text.strip())
    return int(found[1]) if found else None


def content_length(headers: Mapping[str, str]) -> int | None:
    """Content-Length in bytes; None when it is missing or not one number."""
    text = headers.get("content-length", "")
    parts = {part.strip() for part in text.split(",")}
    only = parts.pop()
    return int(only) if not parts and re.fullmatch(r"[0-9]{1,19}", only) else None


def http_date(text: str | None) -> datetime | None:
    """A date of HTTP, or None."""
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that Retry-After asks for, given as seconds or as a date (RFC 9110 10.2.3).

    A date is one of the server's clock, which may be another than ours.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    date = http_date(text)
    if date is None:
        return None
    answered = now or http_date(headers.get("date")) or datetime.now(UTC)
    return max(0.0, (date - answered).total_seconds())


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of a file from another."""

    etag: str | None = None
    """Strong ones only: a weak one says nothing about bytes (RFC 9110 8.8.1)."""
    modified: str | None = None
    """Last-Modified, where it is strong: at least a second older than the answer."""
    size: int | None = None
    """Bytes of the whole file."""
    digest: str | None = None
    """What the server's Repr-Digest says, ``ALGORITHM=HEX``. Two that differ are of two versions;
    two that agree are no proof, since the word is the server's own."""

    @classmethod
    def of(cls, headers: Mapping[str, str], size: int | None) -> Validators:
        """Read them from an answer whose whole file has ``size`` bytes."""
        etag = headers.get("etag", "").strip()
        modified = http_date(headers.get("last-modified"))
        answered = http_date(headers.get("date")) or datetime.now(UTC)
        digest = server_digest(headers, "Repr-Digest")
        strong = modified is not None and (answered - modified).total_seconds() >= 1
        return cls(
            etag=etag if re.fullmatch(r'"[^"]*"', etag) else None,
            modified=headers["last-modified"].strip() if strong else None,
            size=size,
            digest=None if digest is None else str(digest),
        )

    @property
    def claims(self) -> tuple[Checksum, ...]:
        """The digest as what the bytes must meet."""
        by = "the server's own Repr-Digest"
        return () if self.digest is None else (Checksum.parse(self.digest, by=by),)

    @property
    def resumable(self) -> bool:
        """A later answer can be told to be of the same version."""
        return self.etag is not None or self.modified is not None

    @property
    def if_range(self) -> str | None:
        """The value of If-Range (RFC 9110 13.1.5)."""
        return self.etag or self.modified

    def agree(self, other: Validators) -> bool:
        """Both speak of the same version, as far as both speak, and of something at all."""
        pairs = ((self.etag, other.etag), (self.modified, other.modified))
        spoken = [(mine, theirs) for mine, theirs in pairs if mine and theirs]
        return (
            bool(spoken)
            and not self.contradict(other)
            and all(mine == theirs for mine, theirs in spoken)
        )

    def contradict(self, other: Validators) -> bool:
        """They cannot be of the same bytes, whatever else is known of them."""
        if None not in (self.size, other.size) and self.size != other.size:
            return True
        digests = [each.digest for each in (self, other) if each.digest is not None]
        algorithms = {each.partition("=")[0] for each in digests}
        return len(algorithms) == 1 and len(set(digests)) == 2
