"""Look at a file without fetching it: one request, ended before the body."""

from __future__ import annotations

from dataclasses import dataclass

from galion_core.transfer.exchange import Limits, Request, Response
from galion_core.transfer.faults import from_status
from galion_core.transfer.headers import content_length
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.naming import name_of
from galion_core.transfer.redirects import follow
from galion_core.transfer.sink import Write
from galion_core.transfer.sniff import check_type
from galion_core.transfer.wanted import Wanted
from galion_core.urls import parse_url


@dataclass(frozen=True, slots=True)
class Probe:
    """What the server says of a file."""

    name: str
    size: int | None
    """Bytes; None when the server does not say."""


class _Seen(Exception):
    """The head has told everything."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _stop(response: Response) -> Write:
    raise _Seen(response)


async def probe(loop: CurlLoop, wanted: Wanted, limits: Limits) -> Probe:
    """Name and size of a file; raises the GalionError that fetching it would raise."""
    url = parse_url(wanted.remote.url)
    request = Request(url=url, limits=limits)
    try:
        sink = await follow(loop, request, wanted.headers_for, _stop, wanted.route())
    except _Seen as seen:
        headers = seen.response.headers
        name = wanted.filename or wanted.remote.name or name_of(seen.response, url)
        check_type(name, headers.get("content-type", ""))
        size = None if "transfer-encoding" in headers else content_length(headers)
        return Probe(name, size)
    assert sink.response is not None
    raise from_status(sink.response, bytes(sink.said))
