"""Answers that cannot be the file, as errors a person can read."""

from __future__ import annotations

from galion_core.errors import DownloadFailed, GalionError, IntegrityError
from galion_core.text import redact
from galion_core.transfer.exchange import Response
from galion_core.transfer.faults import AGAIN
from galion_core.types import Checksum
from galion_core.urls import parse_url


def encoded(response: Response, encoding: str) -> GalionError:
    """The body is compressed although identity was asked for."""
    return DownloadFailed(
        f"{_host(response)} sent the file compressed ({encoding[:40]!r}) though asked not to",
        hint="Its bytes could not be proven, nothing was saved; try another link to the file.",
        details={"url": redact(response.url), "encoding": encoding[:40]},
        retryable=False,
    )


def uninvited(response: Response) -> GalionError:
    """A 206 that nobody asked for."""
    return DownloadFailed(
        f"{_host(response)} answered with a part of the file (206) where all of it was asked for",
        hint="The server is at fault; try another link to the file.",
        details={"url": redact(response.url), "status": 206},
        retryable=False,
    )


def wrong_size(response: Response, expected: int, got: int) -> GalionError:
    """The platform promised another size."""
    return IntegrityError(
        f"{_host(response)} sends {got:,} bytes where {expected:,} were promised",
        hint="The link may have expired, or the file may have been replaced; get a fresh link.",
        details={"url": redact(response.url), "expected": expected, "got": got},
    )


def long(url: str, expected: int) -> GalionError:
    """More came than the platform promised, without a word about the size before."""
    return IntegrityError(
        f"{parse_url(url).host} sends more than the {expected:,} bytes that were promised",
        hint="The link may have expired, or the file may have been replaced; get a fresh link.",
        details={"url": redact(url), "expected": expected},
    )


def empty(response: Response) -> GalionError:
    """No body, and no word that the file is empty."""
    return DownloadFailed(
        f"{_host(response)} sent an empty answer",
        hint="Open the link in a browser to see what it gives.",
        details={"url": redact(response.url), "status": response.status},
    )


def short(response: Response, got: int, expected: int) -> GalionError:
    """The answer ended early, in good order."""
    return DownloadFailed(
        f"{_host(response)} ended the answer after {got:,} of {expected:,} bytes",
        hint=AGAIN,
        details={"url": redact(response.url), "expected": expected, "got": got},
    )


def endless(response: Response, got: int) -> GalionError:
    """A part ended, of a file of unknown size: only asking for more tells whether there is more."""
    return DownloadFailed(
        f"{_host(response)} does not say where the file ends; {got:,} bytes have come",
        hint=AGAIN,
        details={"url": redact(response.url), "got": got},
    )


def unsteady(url: str) -> GalionError:
    """Every answer is of another file."""
    return DownloadFailed(
        f"{parse_url(url).host} answers every request with another version of the file",
        hint="Try again later, when the file does not change any more.",
        details={"url": redact(url)},
        retryable=False,
    )


def mismatch(name: str, expected: Checksum, got: Checksum) -> GalionError:
    """The bytes are the wrong ones."""
    facts = {"algorithm": expected.algorithm, "expected": expected.value, "got": got.value}
    return IntegrityError(
        f"{name} is not what was promised: its {expected.algorithm} is {got.value}, "
        f"not {expected.value}" + (f" as {expected.by} says" if expected.by else ""),
        hint="Nothing was saved. The file may have been replaced or damaged at its source.",
        details={**facts, "by": expected.by},
    )


def _host(response: Response) -> str:
    return parse_url(response.url).host
