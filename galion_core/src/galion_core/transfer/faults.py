"""What curl and servers say went wrong, as errors a person can read."""

from __future__ import annotations

from collections.abc import Callable

import pycurl

from galion_core.errors import (
    CredentialsRefused,
    CredentialsRequired,
    DownloadFailed,
    GalionError,
    InvalidUrl,
    NotFound,
    RateLimited,
)
from galion_core.text import redact, visible
from galion_core.transfer.exchange import Response, TransportError
from galion_core.transfer.headers import retry_after
from galion_core.urls import parse_url

AGAIN = "Run the same command again: what has arrived is kept."

#: Curl's code -> what happened to {host}, what to do next, can a retry help.
_CURL: dict[int, tuple[str, str, bool]] = {
    pycurl.E_COULDNT_RESOLVE_HOST: (
        "The host {host} is not known",
        "Check the spelling of the link and your connection.",
        True,
    ),
    pycurl.E_COULDNT_RESOLVE_PROXY: (
        "The proxy for {host} is not known",
        "Check the variables http_proxy and https_proxy.",
        False,
    ),
    pycurl.E_COULDNT_CONNECT: (
        "No connection to {host}",
        "The server may be down, or a firewall in the way; try again later.",
        True,
    ),
    pycurl.E_OPERATION_TIMEDOUT: (
        "{host} did not answer in time",
        "Try again later; download.connect_timeout and download.stall_timeout set the patience.",
        True,
    ),
    pycurl.E_PEER_FAILED_VERIFICATION: (
        "The certificate of {host} is not to be trusted",
        "Somebody may stand in between. If you know the certificate, name its authority's file in "
        "SSL_CERT_FILE.",
        False,
    ),
    pycurl.E_SSL_CACERT_BADFILE: (
        "The certificates to check {host} against cannot be read",
        "SSL_CERT_FILE must name a file of certificates in PEM format, or not be set.",
        False,
    ),
    pycurl.E_SSL_CONNECT_ERROR: ("The TLS handshake with {host} failed", AGAIN, True),
    pycurl.E_PARTIAL_FILE: ("{host} closed the connection in mid-file", AGAIN, True),
    pycurl.E_GOT_NOTHING: ("{host} closed the connection without an answer", AGAIN, True),
    pycurl.E_RECV_ERROR: ("The connection to {host} broke", AGAIN, True),
    pycurl.E_SEND_ERROR: ("The connection to {host} broke", AGAIN, True),
    pycurl.E_HTTP2: ("The connection to {host} broke (HTTP/2)", AGAIN, True),
    pycurl.E_FTP_WEIRD_SERVER_REPLY: (
        "{host} answered something that is not HTTP",
        "Check the port and the scheme of the link.",
        False,
    ),
    pycurl.E_UNSUPPORTED_PROTOCOL: (
        "{host} does not speak HTTP over this link",
        "Check the port and the scheme of the link.",
        False,
    ),
}


def from_curl(error: TransportError) -> GalionError:
    """The error for curl's own: what its code means to a person."""
    code, message, url = error.code, error.message, error.url
    if code == pycurl.E_URL_MALFORMAT:
        return InvalidUrl(f"{redact(url)!r} is not a usable URL", details={"url": redact(url)})
    host = parse_url(url).host
    text, hint, retryable = _CURL.get(code, ("The transfer from {host} failed", AGAIN, True))
    details = {"url": redact(url), "curl": code, "reason": visible(redact(message))[:300]}
    said = f" ({details['reason']})" if message else ""
    return DownloadFailed(
        text.format(host=host) + said,
        hint=hint,
        details=details,
        retryable=retryable,
    )


def from_status(response: Response, said: bytes = b"") -> GalionError:
    """The error for an answer that is not the file; ``said`` is the start of its body."""
    host = parse_url(response.url).host
    details = {"url": redact(response.url), "status": response.status}
    excerpt = _excerpt(response, said)
    if excerpt:
        details["answer"] = excerpt
    make = _STATUS.get(response.status, _other)
    return make(response, host, details)


def _excerpt(response: Response, said: bytes) -> str:
    """The server's own words, where they are words and not a page."""
    if "html" in response.headers.get("content-type", ""):
        return ""
    return redact(visible(said[:300].decode(errors="replace"))).strip()


def _unauthorised(response: Response, host: str, details: dict[str, object]) -> GalionError:
    return CredentialsRequired(
        f"{host} wants to know who you are (401)",
        hint="Give credentials: https://USER:PASSWORD@HOST/… or -H 'Authorization: …'.",
        details=details,
    )


def _forbidden(response: Response, host: str, details: dict[str, object]) -> GalionError:
    if response.headers.get("cf-mitigated") == "challenge":
        return CredentialsRefused(
            f"{host} wants proof that you are human (403)",
            hint="Open the link in a browser; such pages cannot be fetched by programs.",
            details=details,
        )
    return CredentialsRefused(
        f"{host} refuses access (403)",
        hint="The link may have expired, or your credentials may not be enough; get a fresh one.",
        details=details,
    )


def _missing(response: Response, host: str, details: dict[str, object]) -> GalionError:
    gone = "has been removed from" if response.status == 410 else "is not on"
    return NotFound(
        f"The file {gone} {host} ({response.status})",
        hint="Check the link in a browser.",
        details=details,
    )


def _limited(response: Response, host: str, details: dict[str, object]) -> GalionError:
    wait = retry_after(response.headers)
    when = "later" if wait is None else f"in {wait:.0f} seconds"
    return RateLimited(
        f"{host} asks for fewer requests (429)",
        hint=f"Try again {when}.",
        details={**details, "retry_after": wait},
        retry_after=wait,
    )


def _other(response: Response, host: str, details: dict[str, object]) -> GalionError:
    retryable = response.status >= 500 or response.status in (408, 425)
    hint = "Try again later." if retryable else "Check the link in a browser."
    return DownloadFailed(
        f"{host} answered {response.status} instead of the file",
        hint=hint,
        details=details,
        retryable=retryable,
        retry_after=retry_after(response.headers) if retryable else None,
    )


_STATUS: dict[int, Callable[[Response, str, dict[str, object]], GalionError]] = {
    401: _unauthorised,
    403: _forbidden,
    404: _missing,
    410: _missing,
    429: _limited,
}
