"""One HTTP request and its answer, on the curl loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pycurl

from galion_core.network.route import Route
from galion_core.transfer.authorities import authorities
from galion_core.transfer.guard import Guard
from galion_core.transfer.headers import MAX_HEADERS, Headers
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.outlast import outlast
from galion_core.transfer.rates import Bucket, Valve
from galion_core.urls import ParsedUrl
from galion_core.version import __version__

USER_AGENT = f"Galion/{__version__} (+https://pypi.org/project/galion/)"
#: libcurl's receive buffer; larger ones gain nothing (libraries.md).
BUFFER = 512 * 1024
#: What a write callback returns to keep the piece for later.
_LATER: int = pycurl.WRITEFUNC_PAUSE
#: Of CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name: hear the file's server alone.
_SUPPRESS_CONNECT_HEADERS = 265


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Patience and speed of one connection."""

    connect_timeout: float = 20
    """Seconds."""
    stall_timeout: float = 30
    """Seconds without a byte; curl counts whole ones."""
    bucket: Bucket = field(default_factory=Bucket)
    """Bytes that it shares with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET of a URL, or of the part of it that starts at ``first``."""

    url: ParsedUrl
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    first: int = 0
    last: int | None = None
    if_range: str | None = None
    limits: Limits = Limits()

    @property
    def ranged(self) -> bool:
        """Only a part is asked for."""
        return self.first > 0 or self.last is not None

    def lines(self) -> list[bytes]:
        """The header fields to send; what came as any bytes (an ETag) goes back as the same."""
        fields = {**self.headers, "Accept-Encoding": "identity"}
        if self.ranged:
            fields["Range"] = f"bytes={self.first}-{'' if self.last is None else self.last}"
            if self.if_range:
                fields["If-Range"] = self.if_range
        lines = (f"{name}: {value}" for name, value in fields.items())
        return [line.encode("latin-1", "replace") for line in lines]


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer."""

    url: str
    status: int
    headers: Headers


class Sink(Protocol):
    """Who takes an answer; called on the loop's thread. What it raises ends the exchange."""

    def begin(self, response: Response) -> None:
        """The head has come."""

    def write(self, data: bytes) -> None:
        """More of the body has come."""


class TransportError(Exception):
    """Curl gave up on a URL: its code and words."""

    def __init__(self, code: int, message: str, url: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.url = url


class Exchange:
    """One request under way."""

    def __init__(self, loop: CurlLoop, request: Request, sink: Sink, route: Route) -> None:
        self._loop = loop
        self._request = request
        self._sink = sink
        self._guard = Guard(route, request.url)
        self._lines: list[str] = []
        self._header_bytes = 0
        self._response: Response | None = None
        self._failure: BaseException | None = None
        self._handle = pycurl.Curl()
        self._valve = Valve(loop.queue, request.limits.bucket, self._resume)

    async def run(self) -> Response:
        """Send, take the whole answer into the sink, return its head.

        Raises what the sink raised, PolicyError where the route does not permit the address, or
        TransportError. When cancelled, the sink is silent before this returns.
        """
        running = asyncio.get_running_loop()
        outcome: asyncio.Future[tuple[int, str]] = running.create_future()

        def done(code: int, message: str) -> None:
            self._valve.close()
            running.call_soon_threadsafe(_settle, outcome, (code, message))

        self._prepare(self._handle)
        self._loop.add(self._handle, done)
        try:
            code, message = await outcome
        except asyncio.CancelledError:
            silent: asyncio.Future[None] = running.create_future()

            def said() -> None:
                self._valve.close()
                running.call_soon_threadsafe(silent.set_result, None)

            self._loop.drop(self._handle, said)
            await outlast(silent)
            raise
        if self._failure is not None:
            raise self._failure
        if code != pycurl.E_OK:
            if self._guard.refusal is not None:
                raise self._guard.refusal
            raise TransportError(code, message, str(self._request.url))
        if self._response is None:  # pragma: no cover - curl reports this as an error of its own
            raise TransportError(pycurl.E_GOT_NOTHING, "no answer", str(self._request.url))
        return self._response

    def _prepare(self, handle: pycurl.Curl) -> None:
        request, limits = self._request, self._request.limits
        handle.setopt(pycurl.URL, str(request.url))
        handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        self._guard.attach(handle)
        handle.setopt(pycurl.HTTPHEADER, request.lines())
        handle.setopt(pycurl.USERAGENT, USER_AGENT)
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.BUFFERSIZE, limits.bucket.piece(BUFFER))
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, math.ceil(limits.connect_timeout * 1000))
        handle.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        handle.setopt(pycurl.LOW_SPEED_TIME, math.ceil(limits.stall_timeout))
        handle.setopt(pycurl.TCP_KEEPALIVE, 1)
        handle.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
        if request.url.scheme == "https":
            handle.setopt(pycurl.CAINFO, authorities())
        handle.setopt(pycurl.HEADERFUNCTION, self._head)
        handle.setopt(pycurl.WRITEFUNCTION, self._body)

    def _head(self, line: bytes) -> int | None:
        if self._response is not None:
            return None  # trailers
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADERS:
            return -1
        text = line.decode("latin-1").rstrip("\r\n")
        if text:
            self._lines.append(text)
            return None
        status = int(self._lines[0].split(maxsplit=2)[1])
        headers, self._lines = Headers(self._lines[1:]), []
        if status < 200:
            return None
        self._response = Response(str(self._request.url), status, headers)
        try:
            self._sink.begin(self._response)
        except BaseException as error:
            self._failure = error
            return -1
        return None

    def _body(self, data: bytes) -> int | None:
        if not self._valve.passes(len(data)):
            return _LATER
        try:
            self._sink.write(data)
        except BaseException as error:
            self._failure = error
            return -1
        return None

    def _resume(self) -> None:
        """Curl hands over the piece that it has kept, and goes on."""
        try:
            self._handle.pause(pycurl.PAUSE_CONT)
        except pycurl.error as error:
            self._loop.end(self._handle, *error.args)


def _settle(outcome: asyncio.Future[tuple[int, str]], value: tuple[int, str]) -> None:
    if not outcome.done():
        outcome.set_result(value)
