"""What goes over the wire, as values: headers, a request, an answer and how it is delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from galion_core.testing.bodies import Body, BytesBody


class Headers(Mapping[str, str]):
    """Header fields in order, names found in any case, repeated ones kept; never changes.

    As a mapping its names are lower case and repeated values are joined by ", " (RFC 9110 5.2).
    """

    def __init__(self, fields: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self.pairs: tuple[tuple[str, str], ...] = tuple(pairs)
        """Name and value as they are or were on the wire."""

    def get_all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def with_(self, name: str, value: str) -> Headers:
        """The same with one field set, in place of any of that name."""
        return Headers((*self.without(name).pairs, (name, value)))

    def without(self, *names: str) -> Headers:
        """The same without some fields."""
        gone = {name.lower() for name in names}
        return Headers((key, value) for key, value in self.pairs if key.lower() not in gone)

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower() for key, _ in self.pairs))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it arrived."""

    method: str
    target: str
    """What stood between method and version: path and query as a rule."""
    headers: Headers
    body: bytes = field(default=b"", repr=False)
    version: str = "HTTP/1.1"
    origin: str = ""
    """scheme://host:port that the client asked for, by its Host header."""
    connection: int = 0
    """Which connection of the server carried it, counted from 1."""
    remote_port: int = 0
    at: float = 0.0
    """Seconds of the monotonic clock, for differences."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path if "://" in self.target else self.target.split("?")[0]

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants the connection kept (RFC 9112 9.3)."""
        words = self.headers.get("connection", "").lower().split(",")
        return self.version == "HTTP/1.1" and "close" not in [word.strip() for word in words]


class Line(Protocol):
    """The connection, as a fault may use it in the middle of an answer."""

    def pause(self, seconds: float | None, until: Event | None = None) -> None:
        """Wait; ends the answer when the client leaves or the server stops."""

    def cut(self, *, reset: bool) -> None:
        """End the connection here, by RST or by FIN; does not return."""


class Event(Protocol):
    """What can be waited for: a threading.Event."""

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it happened within so many seconds."""


@dataclass(frozen=True)
class Stop:
    """Something to do after so many bytes."""

    after: int
    act: Callable[[Line], None]


@dataclass(frozen=True)
class Pace:
    """How a head or a body is sent: at full speed without interruption, if nothing is said."""

    stops: tuple[Stop, ...] = ()
    bytes_per_second: float | None = None

    def stopping(self, after: int, act: Callable[[Line], None]) -> Pace:
        """The same with one more interruption."""
        return replace(self, stops=(*self.stops, Stop(after, act)))


class Framing(Enum):
    """How the client learns where the body ends (RFC 9112 6)."""

    LENGTH = "Content-Length"
    CHUNKED = "Transfer-Encoding: chunked"
    CLOSE = "the connection closes"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, with everything that faults may change about it."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: Body = field(default_factory=lambda: BytesBody(b""))
    """What is sent, unless the request was a HEAD."""
    whole: Body | None = None
    """The resource's whole body, where the answer comes from one."""
    span: tuple[int, int] | None = None
    """Of a 206: the first byte and the one after the last."""
    framing: Framing = Framing.LENGTH
    claimed_length: int | None = None
    """Content-Length; None: the truth."""
    head_pace: Pace = field(default_factory=Pace)
    body_pace: Pace = field(default_factory=Pace)
    closes: bool = False
    raw: bytes | None = None
    """Sent in place of everything else."""

    def head(self) -> bytes:
        """Status line and headers, framing included."""
        headers = self.headers
        if self.framing is Framing.CHUNKED:
            headers = headers.with_("Transfer-Encoding", "chunked")
        elif self.framing is Framing.LENGTH and self.status not in (204, 304):
            length = self.body.size if self.claimed_length is None else self.claimed_length
            headers = headers.with_("Content-Length", str(length))
        if self.closes or self.framing is Framing.CLOSE:
            headers = headers.with_("Connection", "close")
        lines = [f"HTTP/1.1 {self.status} {_reason(self.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.pairs]
        return encode("\r\n".join(lines) + "\r\n\r\n")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def encode(text: str) -> bytes:
    """A head as bytes; every byte can be written, the odd ones as lone surrogates."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """The reverse of encode, for any bytes."""
    return data.decode("utf-8", "surrogateescape")


def http_date(moment: datetime) -> str:
    """A date as HTTP writes it (RFC 9110 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """The moment, or None when it is not a date."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
