"""Servers whose file, validators or headers are not what they should be."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from galion_core.testing.bodies import Body, BytesBody, Flipped, as_body
from galion_core.testing.faults.base import BodyFault, Fault, History
from galion_core.testing.honest import Resource
from galion_core.testing.messages import Answer, Request


@dataclass(frozen=True)
class FlipByte(BodyFault):
    """Byte ``at`` of the file is wrong on the way; everything else says that nothing happened."""

    at: int

    def serve(self, resource: Resource) -> Resource:
        """Flip it."""
        return replace(resource, body=Flipped(resource.body, self.at))


@dataclass(frozen=True)
class ChangeAfter(Fault):
    """Another file in the same place, once so many requests (HEADs included) have been answered."""

    requests: int
    body: Body | bytes | str
    etag: str | None = field(default=None, kw_only=True)
    """None: one made from the new body. Give the old one for a change that is kept secret."""
    last_modified: datetime | None = field(default=None, kw_only=True)
    """None: the old date."""

    def due(self, history: History) -> bool:
        """From then on."""
        return history.seen >= self.requests and super().due(history)

    def serve(self, resource: Resource) -> Resource:
        """The new file."""
        body = as_body(self.body)
        return replace(
            resource,
            body=body,
            etag=self.etag or f'"{body.tag}"',
            last_modified=self.last_modified or resource.last_modified,
        )


@dataclass(frozen=True)
class WeakValidator(Fault):
    """A weak ETag and no date: good enough to compare, not to resume by (RFC 9110 8.8.1)."""

    def serve(self, resource: Resource) -> Resource:
        """Weaken."""
        etag = resource.etag or '"weak"'
        return replace(resource, etag="W/" + etag.removeprefix("W/"), last_modified=None)


@dataclass(frozen=True)
class NoValidators(Fault):
    """Neither ETag nor Last-Modified."""

    def serve(self, resource: Resource) -> Resource:
        """Leave them out."""
        return replace(resource, etag=None, last_modified=None)


@dataclass(frozen=True)
class Gzip(Fault):
    """The whole file with Content-Encoding: gzip, whatever Accept-Encoding and Range said."""

    def hear(self, request: Request) -> Request:
        """Without the range."""
        return replace(request, headers=request.headers.without("range", "if-range"))

    def send(self, answer: Answer, request: Request) -> Answer:
        """Compress, in memory; in form only, because that is quick."""
        data = gzip.compress(answer.body.content(), compresslevel=0, mtime=0)
        headers = answer.headers.with_("Content-Encoding", "gzip")
        return replace(answer, body=BytesBody(data), headers=headers)


@dataclass(frozen=True)
class SetHeaders(Fault):
    """Headers of the answer replaced, or taken out where the value is None."""

    headers: Mapping[str, str | None]

    def send(self, answer: Answer, request: Request) -> Answer:
        """Replace."""
        headers = answer.headers
        for name, value in self.headers.items():
            headers = headers.without(name) if value is None else headers.with_(name, value)
        return replace(answer, headers=headers)
