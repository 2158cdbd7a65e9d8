"""Servers that answer something else: errors, redirects, pages for people, plain nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from galion_core.testing.bodies import Body, as_body
from galion_core.testing.faults.base import Fault, History
from galion_core.testing.honest import now
from galion_core.testing.messages import Answer, Headers, Request, http_date

LOGIN_PAGE = """<!DOCTYPE html>
<html><head><title>Sign in</title></head>
<body><form method="post"><input name="password" type="password"></form></body></html>
"""
XML_DENIED = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>
"""


@dataclass(frozen=True)
class Status(Fault):
    """Another status, with its own body, in place of the file."""

    code: int
    body: Body | bytes | str | None = None
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | timedelta | str | None = None
    """Seconds; or as a date so far from the moment of the answer; or any text."""

    replaces: ClassVar[bool] = True

    def content(self, answer: Answer) -> Body | bytes | str:
        """What is sent in place of ``answer``."""
        return f"The answer is {self.code}\n" if self.body is None else self.body

    def send(self, answer: Answer, request: Request) -> Answer:
        """Replace the answer."""
        headers = Headers({"Date": now(), "Content-Type": self.content_type})
        if self.retry_after is not None:
            headers = headers.with_("Retry-After", _retry_after(self.retry_after))
        for name, value in self.headers.items():
            headers = headers.with_(name, value)
        return Answer(status=self.code, headers=headers, body=as_body(self.content(answer)))


def _retry_after(value: int | timedelta | str) -> str:
    if isinstance(value, timedelta):
        return http_date(datetime.now(UTC) + value)
    return str(value)


@dataclass(frozen=True)
class Redirect(Fault):
    """Elsewhere: a path, a relative reference or a whole URL.

    ``Redirect(its own path)`` is a loop; with ``times`` it comes to an end.
    """

    to: str
    code: int = 302

    replaces: ClassVar[bool] = True

    def send(self, answer: Answer, request: Request) -> Answer:
        """Point there."""
        return Answer(status=self.code, headers=Headers({"Date": now(), "Location": self.to}))


@dataclass(frozen=True)
class HtmlInstead(Status):
    """A login page where the file should be."""

    code: int = 200
    body: Body | bytes | str | None = LOGIN_PAGE
    content_type: str = "text/html; charset=utf-8"


@dataclass(frozen=True)
class JsonError(Status):
    """An API's error under status 200."""

    code: int = 200
    body: Body | bytes | str | None = '{"error": "You must be logged in"}'
    content_type: str = "application/json"


@dataclass(frozen=True)
class XmlAccessDenied(Status):
    """An object store's refusal, as for an expired signature."""

    code: int = 403
    body: Body | bytes | str | None = XML_DENIED
    content_type: str = "application/xml"


@dataclass(frozen=True)
class LfsPointer(Status):
    """The Git LFS pointer in place of the file that it points to."""

    code: int = 200

    def content(self, answer: Answer) -> str:
        """The pointer to the resource itself."""
        whole = answer.whole or answer.body
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{whole.sha256()}\nsize {whole.size}\n"
        )


@dataclass(frozen=True)
class ExpireAfter(Fault):
    """A link that works for so many requests, or until so many body bytes were sent in all."""

    requests: int | None = None
    body_bytes: int | None = None
    code: int = 403

    replaces: ClassVar[bool] = True

    def due(self, history: History) -> bool:
        """Once either is reached."""
        spent = self.requests is not None and history.seen >= self.requests
        spent = spent or (self.body_bytes is not None and history.body_bytes >= self.body_bytes)
        return spent and super().due(history)

    def send(self, answer: Answer, request: Request) -> Answer:
        """Refuse as an object store does."""
        return XmlAccessDenied(self.code).send(answer, request)


@dataclass(frozen=True)
class RequireHeader(Fault):
    """Refused, unless the header is there and has the value (None: any)."""

    name: str
    value: str | None = None
    code: int = 401

    replaces: ClassVar[bool] = True

    def concerns(self, request: Request) -> bool:
        """Requests without it."""
        found = request.headers.get(self.name)
        return found is None or (self.value is not None and found != self.value)

    def send(self, answer: Answer, request: Request) -> Answer:
        """Refuse."""
        headers = {"WWW-Authenticate": "Bearer"} if self.code == 401 else {}
        return Status(self.code, headers=headers).send(answer, request)


@dataclass(frozen=True)
class Raw(Fault):
    """Any bytes at all in place of the answer; then the connection ends."""

    data: bytes

    replaces: ClassVar[bool] = True

    def send(self, answer: Answer, request: Request) -> Answer:
        """Nothing but the bytes."""
        return Answer(status=0, raw=self.data, closes=True)
