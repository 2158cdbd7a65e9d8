"""Ask, and follow redirects to where they may lead."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from galion_core.errors import DownloadFailed, PolicyError
from galion_core.network.route import Route
from galion_core.text import redact
from galion_core.transfer.exchange import Exchange, Request, Response, TransportError
from galion_core.transfer.faults import from_curl
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.sink import AnswerSink, LongRefusal, Write
from galion_core.urls import ParsedUrl

#: As browsers and curl allow.
MAX_REDIRECTS = 20


async def follow(
    loop: CurlLoop,
    request: Request,
    headers_for: Callable[[str], Mapping[str, str]],
    accept: Callable[[Response], Write],
    route: Route,
) -> AnswerSink:
    """The answer at the end of the redirects; each hop gets only the headers of its own origin.

    No hop connects to an address that the route does not permit.

    Raises what ``accept`` raises, and a GalionError where there is no answer.
    """
    first = here = request.url
    for _ in range(MAX_REDIRECTS + 1):
        sink = AnswerSink(accept)
        hop = replace(request, url=here, headers=headers_for(here.origin))
        try:
            await Exchange(loop, hop, sink, route).run()
        except LongRefusal:
            pass
        except TransportError as error:
            raise from_curl(error) from None
        if sink.location is None:
            return sink
        here = _next_hop(here, sink.location)
    raise _too_many(first)


def _next_hop(here: ParsedUrl, location: str) -> ParsedUrl:
    """The URL that a Location header leads to; raises PolicyError where it must not be followed."""
    there = here.join(_as_sent(location))
    if there.scheme not in ("http", "https"):
        raise PolicyError(
            f"{here.host} redirects to {redact(str(there))!r}, which is not http or https",
            hint="Open the link in a browser to see where it leads.",
            details={"from": redact(str(here)), "to": redact(str(there))},
        )
    if here.scheme == "https" and there.scheme == "http":
        raise PolicyError(
            f"{here.host} redirects from https to plain http, where anybody can change the bytes",
            hint=f"If you accept that, ask for {redact(str(there))} yourself.",
            details={"from": redact(str(here)), "to": redact(str(there))},
        )
    return there


def _as_sent(location: str) -> str:
    """The header's text; many servers send UTF-8 where only ASCII is allowed, as browsers know."""
    with contextlib.suppress(UnicodeError):
        return location.encode("latin-1").decode()
    return location


def _too_many(first: ParsedUrl) -> DownloadFailed:
    """The error for a chain of redirects that does not end."""
    return DownloadFailed(
        f"{first.host} redirects more than {MAX_REDIRECTS} times",
        hint="Open the link in a browser; it may want a login or cookies.",
        details={"url": redact(str(first))},
        retryable=False,
    )
