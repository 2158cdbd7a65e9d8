"""Where a redirect may lead."""

from __future__ import annotations

from galion_core.errors import DownloadFailed, PolicyError
from galion_core.urls import ParsedUrl, redact

REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: As browsers and curl allow.
MAX_REDIRECTS = 20


def next_hop(here: ParsedUrl, location: str) -> ParsedUrl:
    """The URL that a Location header leads to; raises PolicyError where it must not be followed."""
    there = here.join(location)
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


def too_many(first: ParsedUrl) -> DownloadFailed:
    """The error for a chain of redirects that does not end."""
    return DownloadFailed(
        f"{first.host} redirects more than {MAX_REDIRECTS} times",
        hint="Open the link in a browser; it may want a login or cookies.",
        details={"url": redact(str(first))},
        retryable=False,
    )
