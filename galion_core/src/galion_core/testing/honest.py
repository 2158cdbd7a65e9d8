"""What a server that follows RFC 9110 answers: conditions (section 13) and ranges (section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from galion_core.testing.bodies import Body, BytesBody, Slice
from galion_core.testing.messages import Answer, Headers, Request, http_date, parse_http_date

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A file of the site."""

    body: Body
    etag: str | None
    """As on the wire, quotes included."""
    last_modified: datetime | None
    content_type: str | None = "application/octet-stream"
    headers: Headers = field(default_factory=Headers)
    """Further headers; they win over the ones above."""


def respond(resource: Resource, request: Request) -> Answer:
    """The right answer to a GET or HEAD."""
    headers = _headers(resource)
    condition = _condition(resource, request)
    if condition is not None:
        return Answer(status=condition, headers=headers, whole=resource.body)
    size = resource.body.size
    span = _span(request, size) if _range_counts(resource, request) else None
    if span is None:
        return Answer(status=200, headers=headers, body=resource.body, whole=resource.body)
    start, stop = span
    if start >= size or stop <= start:
        headers = headers.with_("Content-Range", f"bytes */{size}")
        return Answer(status=416, headers=headers, whole=resource.body)
    return Answer(
        status=206,
        headers=headers.with_("Content-Range", content_range(start, stop, size)),
        body=Slice(resource.body, start, stop),
        whole=resource.body,
        span=span,
    )


def missing(request: Request) -> Answer:
    """The answer where nothing is."""
    return text_answer(404, f"Nothing is at {request.path}\n")


def text_answer(status: int, text: str) -> Answer:
    """A short answer for people."""
    headers = Headers({"Date": now(), "Content-Type": "text/plain; charset=utf-8"})
    return Answer(status=status, headers=headers, body=BytesBody(text.encode()))


def content_range(start: int, stop: int, total: int | str) -> str:
    """The header's value; ``stop`` is the byte after the last."""
    return f"bytes {start}-{stop - 1}/{total}"


def now() -> str:
    """The Date header's value."""
    return http_date(datetime.now(UTC))


def _headers(resource: Resource) -> Headers:
    fields = {"Date": now(), "Accept-Ranges": "bytes"}
    if resource.content_type is not None:
        fields["Content-Type"] = resource.content_type
    if resource.etag is not None:
        fields["ETag"] = resource.etag
    if resource.last_modified is not None:
        fields["Last-Modified"] = http_date(resource.last_modified)
    own = resource.headers
    return Headers((*Headers(fields).without(*own).pairs, *own.pairs))


def _span(request: Request, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None where the header is to be ignored."""
    found = _RANGE.fullmatch(request.range or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = int(last)
        # No Content-Range could name the last bytes of an empty file.
        return None if length and not size else (max(0, size - length), size)
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size


def _range_counts(resource: Resource, request: Request) -> bool:
    """Range is for GET only, and If-Range must name what is served, strongly."""
    if request.method != "GET":
        return False
    wanted = request.headers.get("if-range")
    if wanted is None:
        return True
    if wanted.startswith(('"', "W/")):
        return resource.etag is not None and _same(wanted, resource.etag, strong=True)
    moment = parse_http_date(wanted)
    modified = resource.last_modified
    if moment is None or modified is None:
        return False
    # A date is strong only when the file is older than the clock can be wrong (RFC 9110 8.8.2.2).
    settled = datetime.now(UTC) - modified >= timedelta(seconds=1)
    return settled and moment == modified.replace(microsecond=0)


def _condition(resource: Resource, request: Request) -> int | None:
    """412 or 304 where a precondition asks for it, in the order of RFC 9110 13.2.2."""
    if "if-match" in request.headers:
        if not _listed(resource.etag, request.headers["if-match"], strong=True):
            return 412
    elif _modified_since(resource, request.headers.get("if-unmodified-since")) is True:
        return 412
    if "if-none-match" in request.headers:
        return 304 if _listed(resource.etag, request.headers["if-none-match"]) else None
    return (
        304
        if _modified_since(resource, request.headers.get("if-modified-since")) is False
        else None
    )


def _modified_since(resource: Resource, date: str | None) -> bool | None:
    """None where there is nothing to compare."""
    moment = parse_http_date(date) if date else None
    if moment is None or resource.last_modified is None:
        return None
    return resource.last_modified.replace(microsecond=0) > moment


def _listed(etag: str | None, listed: str, *, strong: bool = False) -> bool:
    if listed.strip() == "*":
        return True
    tags: list[str] = re.findall(r'(?:W/)?"[^"]*"', listed)
    return etag is not None and any(_same(etag, tag, strong=strong) for tag in tags)


def _same(one: str, other: str, *, strong: bool) -> bool:
    if strong:
        return one == other and not one.startswith("W/")
    return one.removeprefix("W/") == other.removeprefix("W/")
