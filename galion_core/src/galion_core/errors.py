"""The one tree of errors, the same on every face.

Each class fixes its code (the word clients switch on), the HTTP status of the server's answer and
the exit status of the command line. The five codes of the API reference are INVALID_URL,
PLATFORM_NOT_SUPPORTED, DOWNLOAD_FAILED, RATE_LIMITED and FILE_NOT_FOUND; the others add to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class GalionError(Exception):
    """Something went wrong that the person who asked can read about.

    ``message`` says what happened and to what, ``hint`` what to do next, ``details`` holds the
    facts as JSON values. ``retryable`` tells whether asking again later can help.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, object] = dict(details or {})

    def as_dict(self) -> dict[str, object]:
        """The error as every face shows it: code, message, details, retryable, hint."""
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "retryable": self.retryable,
            "hint": self.hint,
        }


class InvalidInput(GalionError):
    """An option, an argument or a field is not usable."""

    code = "INVALID_INPUT"
    http_status = 400
    exit_code = 2


class InvalidUrl(InvalidInput):
    """The text is not a URL that anything could fetch."""

    code = "INVALID_URL"


class PlatformNotSupported(GalionError):
    """No installed plugin claims the URL, or the one that does cannot download it."""

    code = "PLATFORM_NOT_SUPPORTED"
    http_status = 422
    exit_code = 10


class NotFound(GalionError):
    """The file, the page or the job is not there."""

    code = "FILE_NOT_FOUND"
    http_status = 404
    exit_code = 4


class CredentialsRequired(GalionError):
    """The server asks who you are."""

    code = "CREDENTIALS_REQUIRED"
    http_status = 403
    exit_code = 3


class CredentialsRefused(CredentialsRequired):
    """The server knows who you are and says no."""

    code = "CREDENTIALS_REFUSED"


class DownloadFailed(GalionError):
    """The network or the server failed; trying again can help where ``retryable`` says so."""

    code = "DOWNLOAD_FAILED"
    http_status = 502
    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: Mapping[str, object] | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.retryable = retryable
        #: Seconds that the server asked to wait, where it did.
        self.retry_after = retry_after


class RateLimited(DownloadFailed):
    """The server asks for fewer requests."""

    code = "RATE_LIMITED"
    http_status = 429
    exit_code = 6


class IntegrityError(GalionError):
    """The bytes are not the ones that were asked for; nothing was published."""

    code = "INTEGRITY_FAILED"
    http_status = 502
    exit_code = 7


class DiskError(GalionError):
    """The disk or the file system stands in the way."""

    code = "DISK_ERROR"
    http_status = 507
    exit_code = 8


class FileExists(DiskError):
    """Another file already has that name."""

    code = "FILE_EXISTS"
    http_status = 409


class PolicyError(GalionError):
    """A rule of safety forbids it."""

    code = "REFUSED_BY_POLICY"
    http_status = 403
    exit_code = 11


class SomeFailed(GalionError):
    """Some of several downloads failed."""

    code = "SOME_FAILED"
    http_status = 502
    exit_code = 9


class Conflict(GalionError):
    """The job is not in a state that allows it, or somebody else owns it."""

    code = "CONFLICT"
    http_status = 409


class Cancelled(GalionError):
    """The download was cancelled."""

    code = "CANCELLED"
    http_status = 409
    exit_code = 130


class StoreError(DiskError):
    """What Galion remembers cannot be read or written."""

    code = "STORE_FAILED"


class PluginError(GalionError):
    """A plugin failed; the message names it."""

    code = "PLUGIN_FAILED"


def error_of(record: Mapping[str, object]) -> GalionError:
    """The error that a record of ``as_dict`` tells of, as its own class."""
    kind = _by_code().get(str(record.get("code")), GalionError)
    details, hint = record.get("details"), record.get("hint")
    error = kind(
        str(record.get("message", "")),
        hint=None if hint is None else str(hint),
        details=details if isinstance(details, Mapping) else None,
    )
    error.retryable = bool(record.get("retryable"))
    return error


def _by_code() -> dict[str, type[GalionError]]:
    found: dict[str, type[GalionError]] = {}
    waiting: list[type[GalionError]] = [GalionError]
    for kind in waiting:
        found.setdefault(kind.code, kind)
        waiting += kind.__subclasses__()
    return found
